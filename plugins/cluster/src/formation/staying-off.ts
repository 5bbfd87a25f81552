import { ApplianceError } from '@gemel/core/sdk';
import { corosyncFile } from '../corosync/corosync-conf.js';
import type { Membership } from '../membership/membership.js';
import { followWitness } from './configuration-change.js';
import { askOutcome } from './outcome.js';
import { type FormationParts, stayOffFile } from './parts.js';

const askEveryMs = 10_000;

/**
 * The node that was told to stay off.
 *
 * INVARIANT: it stays off only while the other node goes on alone. Until it has heard so it asks: its own power, the other node's, or the
 * cable may have failed in the middle, and a pair of which each node waits for the other is none.
 */
export class StayingOff implements Disposable {
  readonly #ending = new AbortController();
  #isAsking = false;
  #stopping: Promise<void> | undefined;

  constructor(readonly parts: FormationParts) {}

  /** Handler of `leave` on the passive node; may be asked twice. */
  async leave(): Promise<void> {
    const { membership, engines } = this.parts;
    if (!isOff(membership.current)) {
      const { thisNode } = membership.must('connected', 'Only a connected cluster can be disconnected.');
      if ((await engines.activeNode()) === thisNode) {
        throw new ApplianceError('conflict', `${thisNode} is the active node and keeps the services.`);
      }
    }
    await this.goOff();
  }

  /** Handler of `rejoinLeave`. What was written here meanwhile is not lost by it: DRBD replaces nothing that the other node has not seen. */
  async leaveToRejoin(): Promise<void> {
    const { phase, thisNode, keepsServices } = this.parts.membership.current;
    if (phase === 'connected') return await this.goOff();
    // They may run still, and are started next.
    if (phase === 'disconnected' && !keepsServices) return await this.#stop();
    if (phase !== 'disconnected') return;
    throw new ApplianceError(
      'conflict',
      `${thisNode} was disconnected too and keeps services of its own. Disband the node that is to give them up (gemel cluster disband), and replace it on the other one.`,
    );
  }

  /** Whatever runs here ends: the other node keeps the services. */
  async goOff(): Promise<void> {
    const { context, membership } = this.parts;
    await context.system.files.write(stayOffFile, '');
    await membership.set({ ...membership.current, phase: 'disconnected', keepsServices: false });
    this.settle();
    await this.#stop();
  }

  /** The same where nobody is told that it failed: for as long as it takes. */
  async goOffForSure(): Promise<void> {
    await this.goOff().catch((failure: unknown) => this.#stopAtLast(failure));
  }

  /** At a start of core, which may have ended in the middle of leaving. */
  async recover(): Promise<void> {
    const { context, membership, engines } = this.parts;
    const { files } = context.system;
    const { current } = membership;
    // Without it there is nothing to come back to: whoever disbands this node is to do so again.
    if ((await files.read(corosyncFile)) === undefined) return;
    const isHeld = (await files.read(stayOffFile)) !== undefined;
    if (isHeld) {
      if (current.phase === 'connected')
        await membership.set({ ...current, phase: 'disconnected', keepsServices: false });
      else if (!isOff(current)) {
        await files.remove(stayOffFile);
        await engines.start(this.#ending.signal);
      }
    }
    this.settle();
    // They may run still: it is on disk that they shall not before they are stopped.
    if (isHeld && isOff(membership.current)) await this.#stop().catch((failure: unknown) => this.#stopAtLast(failure));
  }

  /** Asks until the other node has said what became of it. */
  settle(): void {
    const { context, membership } = this.parts;
    if (this.#isAsking || !isOff(membership.current)) return;
    this.#isAsking = true;
    this.#settle()
      .catch((failure: unknown) => {
        if (this.#ending.signal.aborted) return;
        context.log.error({ failure: String(failure) }, 'this node did not come back; restart gemel-core.service');
      })
      .finally(() => {
        this.#isAsking = false;
      });
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  /** Once at a time: whoever starts the engines next waits for it. */
  #stop(): Promise<void> {
    const { engines } = this.parts;
    this.#stopping ??= engines
      .setWitness(false)
      .then(() => engines.stop())
      .finally(() => {
        this.#stopping = undefined;
      });
    return this.#stopping;
  }

  /** systemd gives up after a while what Pacemaker still stops. @param failure of the first attempt. */
  async #stopAtLast(failure: unknown): Promise<void> {
    const { context, membership, journal } = this.parts;
    const { files, clock } = context.system;
    // It is not on disk: a start of core would not go on.
    if (!isOff(membership.current)) throw failure;
    for (let problem = failure; ; ) {
      context.log.warn({ failure: String(problem) }, 'the engines of this node, which stays off, did not end yet');
      await clock.sleep(askEveryMs, this.#ending.signal);
      const isHeld = (await files.read(stayOffFile)) !== undefined;
      // It comes back, or is being reconnected: they are to run.
      if (!isHeld || !isOff(membership.current) || journal.open !== undefined) return;
      try {
        return await this.#stop();
      } catch (again) {
        problem = again;
      }
    }
  }

  async #settle(): Promise<void> {
    const { context, membership, journal } = this.parts;
    while (isOff(membership.current)) {
      const outcome = journal.open === undefined ? await askOutcome(this.parts) : 'open';
      if (outcome === 'given-up') return;
      if (outcome === 'connected') return await this.#comeBack();
      await context.system.clock.sleep(askEveryMs, this.#ending.signal);
    }
  }

  /** The other node counts on this one. */
  async #comeBack(): Promise<void> {
    const { context, membership, engines } = this.parts;
    context.log.warn({}, 'the cluster was not disconnected after all; this node comes back');
    await context.system.files.remove(stayOffFile);
    // A stop that goes on would hit what is started.
    await this.#stopping?.catch(() => undefined);
    await engines.start(this.#ending.signal);
    // Last, since an interruption before it has this node ask again.
    await membership.set({ ...membership.current, phase: 'connected', keepsServices: true });
    await followWitness(this.parts, membership.current);
  }
}

function isOff({ phase, keepsServices }: Membership): boolean {
  return phase === 'disconnected' && !keepsServices;
}
