import type { Clock } from '@gemel/core/sdk';
import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { PeerFacts } from './takeover-readiness.js';

const factsRequest = definePeerRequest({
  id: 'cluster.facts',
  trust: 'pinned',
  input: z.strictObject({}),
  output: z.object({
    version: z.string().describe('Of Gemel.'),
    now: z.number().describe('Wall clock, milliseconds since 1970.'),
  }),
  timeoutMs: 5_000,
});

const nothing: PeerFacts = { version: undefined, clockOffsetMs: undefined };

/** What the other node's core says of itself, asked now and then; and the answer to the same question. */
export class PeerFactsWatch {
  #facts = nothing;

  constructor(
    readonly peer: PeerService,
    readonly clock: Clock,
  ) {}

  get current(): PeerFacts {
    return this.#facts;
  }

  answer(version: () => Promise<string>): Disposable {
    return this.peer.handle(factsRequest, async () => ({ version: await version(), now: this.clock.now() }));
  }

  /** A node that does not answer is a state, not a failure. */
  async refresh(): Promise<void> {
    if (this.peer.paired === undefined) {
      this.#facts = nothing;
      return;
    }
    const [asked, began] = [this.clock.now(), this.clock.monotonic()];
    try {
      const { version, now } = await this.peer.call(factsRequest, {});
      // the other clock was read in the middle of the exchange
      this.#facts = { version, clockOffsetMs: now - (asked + (this.clock.monotonic() - began) / 2) };
    } catch {
      // Whatever the reason: nothing is known of the other node now, and the readiness says so.
      this.#facts = nothing;
    }
  }
}
