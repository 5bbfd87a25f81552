import type { CommandRunner, UnitManager } from '@gemel/core/sdk';
import { siteUnit } from '../paths.js';

/** Who starts and stops sites: systemd on a single appliance, Pacemaker in a pair. */
export interface SiteControl {
  /** Resolves when the site is healthy. @throws ApplianceError `engine-failed` with the reason; it is stopped then. */
  start(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  /** A stopped site is there from now on. */
  added(name: string): Promise<void>;
  /** A stopped site is about to go. */
  removed(name: string): Promise<void>;
}

/** systemd alone. */
export class LocalControl implements SiteControl {
  readonly #units: UnitManager;
  readonly #commands: CommandRunner;

  constructor(units: UnitManager, commands: CommandRunner) {
    this.#units = units;
    this.#commands = commands;
  }

  async start(name: string): Promise<void> {
    // Its crashes of before are not held against the one who starts it. Fails for a unit that systemd does not know yet.
    await this.#commands.run(['systemctl', 'reset-failed', siteUnit(name)]);
    try {
      await this.#units.start(siteUnit(name));
    } catch (failure) {
      // Not tried again and again behind the back of the one who was told that it did not start.
      await this.#units.stop(siteUnit(name));
      throw failure;
    }
  }

  async stop(name: string): Promise<void> {
    await this.#units.stop(siteUnit(name));
  }

  added(): Promise<void> {
    return Promise.resolve();
  }

  removed(): Promise<void> {
    return Promise.resolve();
  }
}
