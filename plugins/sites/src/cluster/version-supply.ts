import type { Clock, Logger } from '@gemel/core/sdk';
import { BackgroundTries } from '../background-tries.js';
import type { SiteGuard } from '../site/site-guard.js';
import type { SiteStore } from '../site/site-store.js';
import type { VersionExchange } from './version-exchange.js';

/** What the other node refuses for a moment, as while its core starts, it takes within a minute. */
const againMs = 10_000;
const patience = 6;

export interface VersionSupplyParts {
  readonly exchange: VersionExchange;
  readonly store: SiteStore;
  readonly guard: SiteGuard;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The node that holds the active role gives the other one the versions that it lacks, so that it can take the sites over. */
export class VersionSupply implements Disposable {
  readonly #parts: VersionSupplyParts;
  readonly #tries: BackgroundTries;

  constructor(parts: VersionSupplyParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    this.#tries = new BackgroundTries({
      clock,
      againMs,
      patience,
      attempt: (signal) => this.#supply(signal),
      tell: (failure) => log.warn({ failure }, 'the other node could not be given the versions that it lacks'),
    });
  }

  [Symbol.dispose](): void {
    this.#tries[Symbol.dispose]();
  }

  /** In the background, once at a time. To be called again when the other node answers: one that does not is not waited for. */
  begin(): void {
    this.#tries.begin();
  }

  /** Versions that sites need and the other node was last seen to lack, as `type version`. Known on the node that holds the active role. */
  async missing(): Promise<readonly string[]> {
    const { exchange, store, guard } = this.#parts;
    if (!(await guard.isActive())) return [];
    const needed = (await store.list()).flatMap((site) => ('record' in site ? [site.record] : []));
    return exchange.lackedThere(needed);
  }

  async #supply(signal: AbortSignal): Promise<boolean> {
    const { exchange, guard } = this.#parts;
    if (exchange.reachable && (await guard.isActive()))
      await exchange.copyMissing({ signal, progress: () => undefined });
    return true;
  }
}
