import type { Clock } from '@gemel/core/sdk';
import type { SiteParts } from './site-parts.js';
import type { SiteUpdating } from './site-updating.js';

/** A hook that core did not live to see the end of may take 90 s to stop, and others may hold a site for as long as it takes to start. */
const againMs = 5_000;
const patience = 120;

export interface SiteTidyingParts {
  readonly sites: Pick<SiteParts, 'guard' | 'hooks' | 'store'>;
  readonly updating: Pick<SiteUpdating, 'settle'>;
  readonly clock: Clock;
  /** Why it was given up. */
  readonly tell: (failure: unknown) => void;
}

/** Removes and ends what a crash left, at the start of core and when its node takes the role: that may come minutes later, the volume later still. */
export class SiteTidying implements Disposable {
  readonly #parts: SiteTidyingParts;
  readonly #ended = new AbortController();
  #left = 0;
  #running = false;

  constructor(parts: SiteTidyingParts) {
    this.#parts = parts;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }

  /** In the background; once at a time. */
  begin(): void {
    this.#left = patience;
    if (this.#running) return;
    this.#running = true;
    void this.#untilDone().finally(() => {
      this.#running = false;
    });
  }

  async #untilDone(): Promise<void> {
    const { clock, tell } = this.#parts;
    const { signal } = this.#ended;
    for (; this.#left > 0 && !signal.aborted; this.#left--) {
      try {
        if (await this.#tidy()) return;
      } catch (failure) {
        if (this.#left === 1) tell(failure);
      }
      await clock.sleep(againMs, signal).catch(() => undefined); // ended: the loop sees it
    }
  }

  /** @returns false while it cannot be done: on the passive node the volume is another's. */
  async #tidy(): Promise<boolean> {
    const { sites, updating } = this.#parts;
    const { guard, hooks, store } = sites;
    if (!(await guard.isActive()) || (await guard.volumeAbsent()) !== undefined) return false;
    let done = false;
    await guard.whenIdle(async () => {
      await hooks.endAll();
      await store.tidy();
      done = true;
    });
    await updating.settle();
    return done;
  }
}
