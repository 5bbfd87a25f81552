import type { Clock } from '@gemel/core/sdk';
import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import { type PartedData, partedDataSchema } from '../drbd/generations.js';
import { type FencingTest, fencingTestSchema } from '../fencing/fencing-tests.js';
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
    fencingTests: z.array(fencingTestSchema).optional().describe('Of management controllers, that it knows of.'),
    parted: partedDataSchema.optional().describe("Unless its data are connected to the asker's."),
    missingVersions: z.array(z.string()).optional().describe('What the node that asks lacks for the sites.'),
  }),
  timeoutMs: 5_000,
});

const nothing: PeerFacts = {
  version: undefined,
  clockOffsetMs: undefined,
  memory: undefined,
  parted: undefined,
  fencingTests: [],
  missingVersions: [],
};

/** What this node's core says of itself. */
export interface OwnFacts {
  version(): Promise<string>;
  memory(): Promise<MemoryFacts>;
  parted(): Promise<PartedData | undefined>;
  fencingTests(): readonly FencingTest[];
  /** What the other node lacks for the sites that this one carries. */
  missingVersions(): Promise<readonly string[]>;
}

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

  answer(own: OwnFacts): Disposable {
    return this.peer.handle(factsRequest, async () => {
      const [version, { neededMiB, availableMiB }, parted, missingVersions] = await Promise.all([
        own.version(),
        own.memory(),
        own.parted(),
        own.missingVersions(),
      ]);
      return {
        version,
        now: this.clock.now(),
        memoryNeededMiB: neededMiB,
        ...(availableMiB === undefined ? {} : { memoryAvailableMiB: availableMiB }),
        fencingTests: [...own.fencingTests()],
        missingVersions: [...missingVersions],
        ...(parted === undefined ? {} : { parted }),
      };
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
      const answer = await this.peer.call(factsRequest, {});
      const { version, now, memoryNeededMiB, memoryAvailableMiB, ...rest } = answer;
      this.#facts = {
        version,
        // the other clock was read in the middle of the exchange
        clockOffsetMs: now - (asked + (this.clock.monotonic() - began) / 2),
        memory:
          memoryNeededMiB === undefined ? undefined : { neededMiB: memoryNeededMiB, availableMiB: memoryAvailableMiB },
        parted: rest.parted,
        fencingTests: rest.fencingTests ?? [],
        missingVersions: rest.missingVersions ?? [],
      };
    } catch {
      // Whatever the reason: nothing is known of the other node now, and the readiness says so.
      this.#facts = nothing;
    }
  }
}
