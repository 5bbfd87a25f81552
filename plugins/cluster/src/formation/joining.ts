import { randomBytes } from 'node:crypto';
import { ApplianceError, PasswordCheck } from '@gemel/core/sdk';
import type { PeerOrigin } from '@gemel/plugin-peer/contract';
import type { Membership } from '../membership/membership.js';
import { otherMember } from '../membership/membership.js';
import { judgeNode } from '../readiness/judge-node.js';
import { readNode } from '../readiness/read-node.js';
import { followWitness } from './configuration-change.js';
import { helperUnits } from './engines.js';
import { askOutcome } from './outcome.js';
import { followVolume, type FormationParts, pairPaths, stayOffFile, writePairFiles } from './parts.js';
import * as requests from './peer-requests.js';
import type { PairFiles } from './peer-requests.js';

/** Between looking and joining somebody reads what will be overwritten. */
const ticketMs = 600_000;
/** After this long without a word from the other node, this one asks what became of the change. */
const patienceMs = 150_000;
const askEveryMs = 5_000;
const askForMs = 120_000;

interface Ticket {
  readonly text: string;
  readonly fingerprint: string;
  readonly expires: number;
}

interface JoinInput {
  readonly planned: Membership;
  readonly files: PairFiles;
  readonly caller: { readonly hostName: string; readonly addresses: readonly string[] };
}

/** The node that is joined: answers the other one, and takes everything back when that gives up or is never heard of again. */
export class Joining {
  #ticket: Ticket | undefined;
  #patience: Disposable | undefined;
  #starting: Promise<void> | undefined;

  constructor(readonly parts: FormationParts) {}

  listen(): readonly Disposable[] {
    const { peer } = this.parts;
    return [
      peer.handle(requests.joinLook, (input, origin, signal) => this.look(input, origin, signal)),
      peer.handle(requests.joinPrepare, async (input, origin) => {
        this.#redeem(input.ticket, origin);
        await this.prepare(input, origin.fingerprint);
        return {};
      }),
      peer.handle(requests.rejoinPrepare, async (input, origin) => {
        await this.prepare(input, origin.fingerprint);
        return {};
      }),
      peer.handle(requests.joinStart, async () => {
        // Asked again when the answer was lost: there is one start.
        this.#starting ??= this.start(new AbortController().signal).finally(() => {
          this.#starting = undefined;
        });
        await this.#starting;
        return {};
      }),
      peer.handle(requests.joinCommit, async () => {
        await this.commit();
        return {};
      }),
      peer.handle(requests.joinUndo, async () => {
        await this.undo();
        return {};
      }),
    ];
  }

  async look(
    { user, password, node }: { readonly user: string; readonly password: string; readonly node: string },
    { address, fingerprint }: PeerOrigin,
    signal: AbortSignal,
  ) {
    const { context, membership } = this.parts;
    const role = await context.get(PasswordCheck).check(user, password, address);
    if (role !== 'administrator') {
      throw new ApplianceError('forbidden', `User ${user} is ${role} on the other node. Use an administrator.`);
    }
    const view = await readNode(context, signal);
    const obstacles = judgeNode(view)
      .filter(({ ok }) => !ok)
      .map(({ text, fix }) => `${text} ${fix}`);
    if (membership.current.phase !== 'none')
      obstacles.push('It is part of a cluster. Disband it there: gemel cluster disband.');
    const text = randomBytes(32).toString('hex');
    this.#ticket = { text, fingerprint, expires: context.system.clock.monotonic() + ticketMs };
    context.log.info({ node, address, user }, 'another node was shown what joining its cluster would overwrite');
    return { ticket: text, view, lost: await this.#lost(), obstacles };
  }

  /** From here on the journal knows, and nothing of what runs was touched. */
  async prepare({ planned, files, caller }: JoinInput, fingerprint: string): Promise<void> {
    const { context, membership, journal, peer } = this.parts;
    const before = membership.current;
    journal.mustBeClosed();
    if (before.phase !== 'none' && before.phase !== 'disconnected') {
      throw new ApplianceError(
        'conflict',
        `${before.thisNode} is part of a cluster already. If it is not the one that keeps the services, disband it there: gemel cluster disband.`,
      );
    }
    await journal.begin('join', context.system.clock.now(), { before, planned }, pairPaths, files);
    await peer.pair({ hostName: caller.hostName, fingerprint, addresses: caller.addresses });
    this.#waitForWord();
  }

  async start(signal: AbortSignal): Promise<void> {
    const { context, journal, engines } = this.parts;
    const { pending, before, step } = this.#must();
    if (step.startsWith('started')) return;
    await journal.step('starting');
    if (before.phase === 'none') await engines.stopSingle();
    await engines.runHelper(helperUnits.forget);
    await writePairFiles(this.parts, pending);
    if (pending.drbd !== null && before.phase === 'none') {
      await journal.step('volume');
      await engines.runHelper(helperUnits.volumeJoin);
    }
    await context.system.files.remove(stayOffFile);
    await engines.start(signal);
    await journal.step(pending.drbd !== null && before.phase === 'none' ? 'started-with-volume' : 'started');
    this.#waitForWord();
  }

  async commit(): Promise<void> {
    const { context, membership, journal } = this.parts;
    if (journal.open?.kind !== 'join') return;
    const { planned, pending } = journal.open;
    await membership.set(planned);
    await followWitness(this.parts, planned).catch((failure: unknown) => {
      context.log.warn({ failure: String(failure) }, 'the witness is not asked on this node');
    });
    await journal.end();
    // Its DRBD may have given up on that of the other node while only one of them had the new secret.
    if (pending !== null) {
      await followVolume(this.parts, pending).catch((failure: unknown) => {
        context.log.warn({ failure: String(failure) }, 'DRBD did not look for the other node again');
      });
    }
    // Not before: when the disk fails here, the other node is asked again later.
    this.#patience?.[Symbol.dispose]();
  }

  /** Also when nothing is under way: the other node may ask twice. */
  async undo(): Promise<void> {
    const { context, journal, engines, peer } = this.parts;
    if (journal.open?.kind !== 'join') return;
    this.#patience?.[Symbol.dispose]();
    const { before, step } = journal.open;
    const wasSingle = before.phase === 'none';
    if (step !== 'begun') {
      await engines.stop();
      if (!wasSingle) await context.system.files.write(stayOffFile, '');
      await journal.restoreFiles();
      await engines.runHelper(helperUnits.forget);
      if (step.endsWith('volume')) await engines.runHelper(helperUnits.volumeKeep);
      if (wasSingle) await engines.startSingle();
    }
    if (wasSingle) await peer.unpair();
    await journal.end();
  }

  /** After a crash of core, or when the other node has been silent for too long. */
  async settle(): Promise<void> {
    const { context, journal } = this.parts;
    const { clock } = context.system;
    const deadline = clock.monotonic() + askForMs;
    while (journal.open?.kind === 'join' && journal.open.step !== 'begun' && clock.monotonic() < deadline) {
      const outcome = await askOutcome(this.parts);
      if (outcome === 'connected') return await this.commit();
      if (outcome === 'given-up') break;
      await clock.sleep(askEveryMs);
    }
    await this.undo();
  }

  #redeem(text: string, { fingerprint }: PeerOrigin): void {
    const ticket = this.#ticket;
    this.#ticket = undefined;
    const good =
      ticket !== undefined &&
      ticket.text === text &&
      ticket.fingerprint === fingerprint &&
      ticket.expires > this.parts.context.system.clock.monotonic();
    if (!good) throw new ApplianceError('forbidden', 'The permission to join has expired. Connect again.');
  }

  #must(): { readonly pending: PairFiles; readonly before: Membership; readonly step: string } {
    const { open } = this.parts.journal;
    if (open?.kind === 'join' && open.pending !== null) return { ...open, pending: open.pending };
    throw new ApplianceError('conflict', 'No joining is under way on the other node any more. Connect again.');
  }

  #waitForWord(): void {
    const { context } = this.parts;
    this.#patience?.[Symbol.dispose]();
    this.#patience = context.system.clock.after(patienceMs, () => {
      this.settle().catch((failure: unknown) => {
        context.log.error({ failure: String(failure) }, 'joining could not be taken back; restart gemel-core.service');
      });
    });
  }

  async #lost(): Promise<string[]> {
    const { files } = this.parts.context.system;
    const sites = await files.list('/srv/gemel/sites');
    const lost = ['all data on its data volume', 'its settings that a cluster has in common'];
    return sites.length === 0 ? lost : [`its sites: ${sites.join(', ')}`, ...lost];
  }
}

/** Where the other node of a planned cluster is reached: synchronisation network first. */
export function addressesOf(planned: Membership): readonly string[] {
  const other = otherMember(planned);
  return other === undefined ? [] : [other.sync.address, other.external.address];
}
