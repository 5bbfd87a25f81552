import { ApplianceError, toDisposable } from '@gemel/core/sdk';
import { corosyncFile, keyFile, renderCorosync } from '../corosync/corosync-conf.js';
import { changedPairResource, drbdFile } from '../drbd/drbd-resource.js';
import { type Membership, otherMember } from '../membership/membership.js';
import { helperUnits } from './engines.js';
import { type FormationParts, pairPaths, readKey, seenFrom, writePairFiles } from './parts.js';
import * as requests from './peer-requests.js';
import type { PairFiles } from './peer-requests.js';

/** Core of the other node that was killed is back within seconds; a node that starts needs a minute. */
const againMs = 5_000;

/**
 * Changes corosync.conf or the key of the running cluster on all its nodes, without an interruption. Both nodes have the files
 * before Corosync is told, which tells its other node by itself. All or nothing: with two keys on two disks the nodes would part when
 * one of them is restarted.
 */
export async function changeConfiguration(
  parts: FormationParts,
  next: Membership,
  { key }: { readonly key?: string } = {},
): Promise<void> {
  const { context, membership, engines, peer, journal } = parts;
  const { current } = membership;
  await mustBeReady(parts);
  const drbd = changedPairResource(await context.system.files.read(drbdFile), current, next) ?? null;
  const files = { corosync: renderCorosync(next), key: key ?? (await readKey(parts)), drbd };
  await journal.begin('configure', context.system.clock.now(), { before: current, planned: next }, pairPaths);
  try {
    await putThere(parts, next, files);
    await writePairFiles(parts, files);
    await engines.reload();
    await followVolume(parts, files);
    await membership.set(next);
  } catch (failure) {
    // What went wrong first is what is told.
    await undoConfiguration(parts).catch((problem: unknown) => keepTakingBack(parts, problem));
    throw failure;
  }
  await journal.end();
  await followWitness(parts, next);
  if (otherOf(next) !== undefined) await peer.call(requests.configurationFollow, {});
}

/**
 * Asked before anything is touched: a change that only one node has can be taken back only when the other one answers.
 * @throws ApplianceError `conflict`, or `unavailable` when the other node is away.
 */
export async function mustBeReady({ membership, peer, journal }: FormationParts): Promise<void> {
  journal.mustBeClosed();
  const other = otherOf(membership.current);
  if (other === undefined) return;
  const { hostName } = other;
  const { outcome } = await peer.call(requests.joinOutcome, {}).catch((cause: unknown) => {
    const text = `${hostName} does not answer, and both nodes need the change at once: nothing was changed. Switch it on, or look at gemel-peer on both. If it is lost for good: gemel cluster replace.`;
    throw new ApplianceError('unavailable', text, { cause });
  });
  if (outcome === 'connected') return;
  throw new ApplianceError(
    'conflict',
    `${hostName} is in the middle of another change of the cluster, or was disconnected. See there: gemel cluster status`,
  );
}

/**
 * Both nodes read again what they read before. Nothing to take back is left where this node's cluster is another one by now.
 * @throws ApplianceError `unavailable` while the other node cannot be told; the journal stays then.
 */
export async function undoConfiguration(parts: FormationParts): Promise<void> {
  const { context, membership, engines, journal } = parts;
  const { open } = journal;
  if (open?.kind !== 'configure') return;
  const { before, planned, files } = open;
  const { current } = membership;
  if (current.createdAt !== before.createdAt || current.phase !== before.phase) return await journal.end();
  const present = files[drbdFile] ?? undefined;
  const isOther = changedPairResource(present, before, planned) !== undefined;
  const former = {
    corosync: files[corosyncFile] ?? renderCorosync(before),
    key: files[keyFile] ?? (await readKey(parts)),
    drbd: isOther ? (present ?? null) : null,
  };
  await journal.restoreFiles();
  if (JSON.stringify(current.options) !== JSON.stringify(before.options)) await membership.set(before);
  await putThere(parts, before, former);
  // After a loss of power Corosync may not run yet; it reads the files when it starts.
  for (const follow of [() => engines.reload(), () => followVolume(parts, former)]) {
    await follow().catch((problem: unknown) => {
      context.log.warn({ problem: String(problem) }, 'an engine was not told that its former configuration is back');
    });
  }
  if (journal.open === open) await journal.end();
}

/** Until the other node has its former files too, or was replaced, or this node was disbanded. @param problem what stood against it first. */
export function keepTakingBack(parts: FormationParts, problem: unknown): void {
  const { context, journal } = parts;
  const { open } = journal;
  if (open === undefined) return;
  context.log.warn({ problem: String(problem) }, 'a change of the cluster cannot be taken back yet');
  const ending = new AbortController();
  context.own(toDisposable(() => ending.abort()));
  const isOpen = () => journal.open === open;
  const takeBack = async () => {
    while (isOpen()) {
      await context.system.clock.sleep(againMs, ending.signal);
      if (!isOpen()) return;
      await undoConfiguration(parts).catch((failure: unknown) => {
        context.log.debug({ failure: String(failure) }, 'a change of the cluster cannot be taken back yet');
      });
    }
  };
  takeBack().catch((failure: unknown) => {
    if (ending.signal.aborted) return;
    context.log.error({ failure: String(failure) }, 'a change was not taken back; restart gemel-core.service');
  });
}

async function putThere({ peer }: FormationParts, membership: Membership, files: PairFiles): Promise<void> {
  const other = otherOf(membership);
  if (other === undefined) return;
  await peer.call(requests.configurationPut, { membership: seenFrom(membership, other.hostName), files });
}

/** Only a node that is a member now is told. */
function otherOf(membership: Membership) {
  return membership.phase === 'connected' ? otherMember(membership) : undefined;
}

/** DRBD is told what its file says now. */
export async function followVolume({ engines }: FormationParts, { drbd }: Pick<PairFiles, 'drbd'>): Promise<void> {
  if (drbd !== null) await engines.runHelper(helperUnits.volumeAdjust);
}

/** The third vote is asked for by a daemon of its own, on each node. */
export async function followWitness({ engines }: FormationParts, { phase, options }: Membership): Promise<void> {
  await engines.setWitness(phase === 'connected' && options?.witness !== null && options !== null);
}
