import { otherMember } from '../membership/membership.js';
import type { FormationParts } from './parts.js';
import * as requests from './peer-requests.js';
import type { StayingOff } from './staying-off.js';

const askEveryMs = 10_000;

/**
 * The node that was away when the other one went on alone by force. It counts itself as connected, hears nobody, and would start what
 * runs there.
 *
 * INVARIANT: it stays off only when the other node itself says that it keeps the services. One that trusts this node no more may have been
 * disbanded, and the services are this one's then.
 */
export class MissedLeave implements Disposable {
  readonly #ending = new AbortController();
  #isAsking = false;

  constructor(
    readonly parts: FormationParts,
    readonly stayingOff: () => Promise<StayingOff>,
  ) {}

  /** Asks until the other node is a member, or has said that it goes on alone. */
  settle(): void {
    if (this.#isAsking || this.#ending.signal.aborted) return;
    this.#isAsking = true;
    this.#settle()
      .catch((failure: unknown) => {
        if (this.#ending.signal.aborted) return;
        this.parts.context.log.error(
          { failure: String(failure) },
          'this node does not stay off although the other one keeps the services; restart gemel-core.service',
        );
      })
      .finally(() => {
        this.#isAsking = false;
      });
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  async #settle(): Promise<void> {
    const { context, membership } = this.parts;
    while (membership.current.phase === 'connected' && !(await this.#isTogether())) {
      if (await this.#isGivenUp()) {
        const { hostName } = otherMember(membership.current) ?? {};
        context.log.warn({ node: hostName }, 'the other node was disconnected meanwhile and keeps the services');
        return await (await this.stayingOff()).goOffForSure();
      }
      await context.system.clock.sleep(askEveryMs, this.#ending.signal);
    }
  }

  async #isTogether(): Promise<boolean> {
    const { membership, engines } = this.parts;
    const other = otherMember(membership.current);
    if (other === undefined) return true;
    // At a boot Pacemaker does not answer yet.
    return await engines.isOnline(other.hostName).catch(() => false);
  }

  async #isGivenUp(): Promise<boolean> {
    const { membership, peer } = this.parts;
    const { outcome } = await peer.call(requests.joinOutcome, {}).catch(() => ({ outcome: 'open' }));
    return outcome === 'given-up' && membership.current.phase === 'connected';
  }
}
