import type { Clock } from '@gemel/core/sdk';
import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { MemoryFacts } from './memory-capacity.js';
import type { PeerFacts } from './takeover-readiness.js';

const factsRequest = definePeerRequest({
  id: 'cluster.facts',
  trust: 'pinned',
  input: z.strictObject({}),
  output: z.object({
    version: z.string().describe('Of Gemel.'),
    now: z.number().describe('Wall clock, milliseconds since 1970.'),
    // A Gemel that is older than this one does not tell.
    memoryNeededMiB: z.number().optional().describe('What is active there may use.'),
    memoryAvailableMiB: z.number().optional().describe('Free there.'),
  }),
  timeoutMs: 5_000,
});

const nothing: PeerFacts = { version: undefined, clockOffsetMs: undefined, memory: undefined };

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

  answer(version: () => Promise<string>, memory: () => Promise<MemoryFacts>): Disposable {
    return this.peer.handle(factsRequest, async () => {
      const [own, { neededMiB, availableMiB }] = await Promise.all([version(), memory()]);
      const free = availableMiB === undefined ? {} : { memoryAvailableMiB: availableMiB };
      return { version: own, now: this.clock.now(), memoryNeededMiB: neededMiB, ...free };
    });
  }

  /** A node that does not answer is a state, not a failure. */
  async refresh(): Promise<void> {
    if (this.peer.paired === undefined) {
      this.#facts = nothing;
      return;
    }
    const [asked, began] = [this.clock.now(), this.clock.monotonic()];
    try {
      const { version, now, memoryNeededMiB, memoryAvailableMiB } = await this.peer.call(factsRequest, {});
      this.#facts = {
        version,
        // the other clock was read in the middle of the exchange
        clockOffsetMs: now - (asked + (this.clock.monotonic() - began) / 2),
        memory:
          memoryNeededMiB === undefined ? undefined : { neededMiB: memoryNeededMiB, availableMiB: memoryAvailableMiB },
      };
    } catch {
      // Whatever the reason: nothing is known of the other node now, and the readiness says so.
      this.#facts = nothing;
    }
  }
}
