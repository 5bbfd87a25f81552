import type { Clock, Logger } from '@gemel/core/sdk';
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
  readonly #ended = new AbortController();
  #running = false;

  constructor(parts: VersionSupplyParts) {
    this.#parts = parts;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }

  /** In the background, once at a time. To be called again when the other node answers: one that does not is not waited for. */
  begin(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#untilDone().finally(() => {
      this.#running = false;
    });
  }

  /** Versions that sites need and the other node was last seen to lack, as `type version`. Known on the node that holds the active role. */
  async missing(): Promise<readonly string[]> {
    const { exchange, store, guard } = this.#parts;
    if (!(await guard.isActive())) return [];
    const needed = (await store.list()).flatMap((site) => ('record' in site ? [site.record] : []));
    return exchange.lackedThere(needed);
  }

  async #untilDone(): Promise<void> {
    const { exchange, guard, clock, log } = this.#parts;
    const { signal } = this.#ended;
    for (let left = patience; left > 0 && !signal.aborted; left--) {
      try {
        if (!exchange.reachable || !(await guard.isActive())) return;
        await exchange.copyMissing({ signal, progress: () => undefined });
        return;
      } catch (failure) {
        if (left === 1) log.warn({ failure }, 'the other node could not be given the versions that it lacks');
      }
      await clock.sleep(againMs, signal).catch(() => undefined); // ended: the loop sees it
    }
  }
}
