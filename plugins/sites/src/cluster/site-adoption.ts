import type { Clock, Logger } from '@gemel/core/sdk';
import { BackgroundTries } from '../background-tries.js';
import type { SiteUnits } from '../run/site-units.js';
import type { SiteGuard } from '../site/site-guard.js';
import type { SiteStore } from '../site/site-store.js';
import type { PacemakerControl } from './pacemaker-control.js';

/** Pacemaker needs up to half a minute to form a cluster; until then its tools are refused. */
const againMs = 2_000;
const patience = 60;
/** From the first engine that a new cluster stops to the moment when sites are handed over; longer, and somebody stopped the site. */
const formationMs = 30_000;

export interface SiteAdoptionParts {
  readonly control: PacemakerControl;
  readonly store: SiteStore;
  readonly units: SiteUnits;
  readonly guard: SiteGuard;
  readonly clock: Clock;
  readonly log: Logger;
  readonly clustered: () => Promise<boolean>;
  /** Whether a site that does not run did so not long ago. */
  readonly ranWithin: (name: string, ms: number) => boolean;
}

/**
 * Sites and their resources agree: a device that became part of a cluster hands its sites over, running ones without stopping them, and
 * what a crash left between the two is set right.
 */
export class SiteAdoption implements Disposable {
  readonly #parts: SiteAdoptionParts;
  readonly #tries: BackgroundTries;

  constructor(parts: SiteAdoptionParts) {
    this.#parts = parts;
    const { clock, log, clustered } = parts;
    this.#tries = new BackgroundTries({
      clock,
      againMs,
      patience,
      attempt: async () => !(await clustered()) || (await this.#adopt()),
      tell: (failure) => log.warn({ failure }, 'the sites could not be handed over to Pacemaker'),
    });
  }

  [Symbol.dispose](): void {
    this.#tries[Symbol.dispose]();
  }

  /** In the background; once at a time. */
  begin(): void {
    this.#tries.begin();
  }

  /** @returns false while this node does not hold the active role: the other one does it then. */
  async #adopt(): Promise<boolean> {
    const { control, guard } = this.#parts;
    const known = await control.sites();
    if (!(await guard.isActive())) return false;
    let done = false;
    await guard.whenIdle(async () => {
      await this.#agree(known);
      done = true;
    });
    return done;
  }

  async #agree(known: readonly string[]): Promise<void> {
    const { control, store, units, ranWithin } = this.#parts;
    const [sites, states] = await Promise.all([store.list(), units.states()]);
    const names = sites.map(({ name }) => name);
    for (const name of names.filter((each) => !known.includes(each))) {
      const runs = (states.get(name) ?? 'stopped') !== 'stopped' || ranWithin(name, formationMs);
      await control.put(name, runs ? 'Started' : 'Stopped', states.get(name) === 'running');
    }
    // A volume that is not there looks as if there were no sites: then nothing is taken away.
    if (names.length > 0) for (const name of known.filter((each) => !names.includes(each))) await control.removed(name);
  }
}
