import type { UnitManager } from '@gemel/core/sdk';
import { siteUnit } from '../paths.js';

/** Who starts and stops sites: systemd on a single appliance, Pacemaker in a pair. */
export interface SiteControl {
  /** Resolves when the site is healthy. @throws ApplianceError `engine-failed` with the reason; it is stopped then. */
  start(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  /** A stopped site is there from now on. */
  added(name: string): Promise<void>;
  /** A stopped site is about to go. */
  removed(name: string): Promise<void>;
}

/** systemd alone. */
export class LocalControl implements SiteControl {
  readonly #units: UnitManager;

  constructor(units: UnitManager) {
    this.#units = units;
  }

  async start(name: string): Promise<void> {
    await this.#orStopped(name, () => this.#units.start(siteUnit(name)));
  }

  async stop(name: string): Promise<void> {
    await this.#units.stop(siteUnit(name));
  }

  async restart(name: string): Promise<void> {
    await this.#orStopped(name, () => this.#units.restart(siteUnit(name)));
  }

  added(): Promise<void> {
    return Promise.resolve();
  }

  removed(): Promise<void> {
    return Promise.resolve();
  }

  /** A site that did not start is not tried again and again behind the back of the one who was told so. */
  async #orStopped(name: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (failure) {
      await this.#units.stop(siteUnit(name));
      throw failure;
    }
  }
}
