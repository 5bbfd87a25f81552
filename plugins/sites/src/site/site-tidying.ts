import type { Clock } from '@gemel/core/sdk';
import { BackgroundTries } from '../background-tries.js';
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
  readonly #tries: BackgroundTries;

  constructor(parts: SiteTidyingParts) {
    this.#parts = parts;
    const { clock, tell } = parts;
    this.#tries = new BackgroundTries({ clock, againMs, patience, attempt: () => this.#tidy(), tell });
  }

  [Symbol.dispose](): void {
    this.#tries[Symbol.dispose]();
  }

  /** In the background; once at a time. */
  begin(): void {
    this.#tries.begin();
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
