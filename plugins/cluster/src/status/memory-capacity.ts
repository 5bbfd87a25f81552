import { type FileStore, toDisposable } from '@gemel/core/sdk';
import type { CapacityService } from '../contract.js';

export interface MemoryFacts {
  /** What runs with the active role may use so much; 0 on a node without it. */
  readonly neededMiB: number;
  /** Free, or used by nothing but caches; undefined where the kernel does not say. */
  readonly availableMiB: number | undefined;
}

/** Whether what is active would find room elsewhere. */
export class MemoryCapacity implements CapacityService {
  readonly #needs = new Set<() => Promise<number>>();

  constructor(readonly files: FileStore) {}

  needMemory(needed: () => Promise<number>): Disposable {
    this.#needs.add(needed);
    return toDisposable(() => this.#needs.delete(needed));
  }

  async read(): Promise<MemoryFacts> {
    const [needs, text] = await Promise.all([
      Promise.all([...this.#needs].map((needed) => needed())),
      this.files.read('/proc/meminfo'),
    ]);
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text ?? '')?.[1];
    return {
      neededMiB: needs.reduce((sum, each) => sum + each, 0),
      availableMiB: kibibytes === undefined ? undefined : Math.floor(Number(kibibytes) / 1_024),
    };
  }
}
