import { type Clock, type HealthCheck, type HealthReport, toDisposable } from '../sdk/index.js';

/** A check that takes longer counts as unhealthy. */
const checkLimitMs = 5_000;

export interface HealthItem extends HealthReport {
  readonly name: string;
}

/** Health as every part sees itself; firmware's gate and `gemel status` read it. */
export class HealthRegistry {
  readonly #checks = new Map<string, HealthCheck>();

  constructor(readonly clock: Clock) {}

  add(name: string, check: HealthCheck): Disposable {
    this.#checks.set(name, check);
    return toDisposable(() => {
      if (this.#checks.get(name) === check) this.#checks.delete(name);
    });
  }

  /** Runs all checks side by side, sorted by name. */
  async examine(): Promise<readonly HealthItem[]> {
    const found = await Promise.all([...this.#checks].map(([name, check]) => this.#examineOne(name, check)));
    return found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #examineOne(name: string, check: HealthCheck): Promise<readonly HealthItem[]> {
    const abort = new AbortController();
    const { promise: late, resolve } = Promise.withResolvers<HealthReport>();
    using _limit = this.clock.after(checkLimitMs, () => {
      abort.abort();
      resolve({ healthy: false, reason: `no answer within ${checkLimitMs / 1_000} s` });
    });
    try {
      const found = await Promise.race([check(abort.signal), late]);
      if ('healthy' in found) return [{ name, ...found }];
      return found.map(({ part, ...report }) => ({ name: `${name}.${part}`, ...report }));
    } catch (failure) {
      return [{ name, healthy: false, reason: failure instanceof Error ? failure.message : String(failure) }];
    }
  }
}
