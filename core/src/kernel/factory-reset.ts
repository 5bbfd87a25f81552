import {
  asApplianceError,
  type Caller,
  DisposableStore,
  type FileStore,
  type Logger,
  type SettingsMaintenance,
} from '../sdk/index.js';
import { settingsReports } from '../settings/reports.js';
import type { HealthRegistry } from './health-registry.js';
import type { AppliancePaths } from './paths.js';

/** What is removed beside the settings. Extra plugins' packages and hardware profiles stay, as the firmware does. */
const removed = ['access', 'audit', 'jobs', 'plugin-data', 'plugin-state.json'] as const;

/** What the marker says once the state is gone. */
const settingsLeft = '{"left":"settings"}\n';

/** What the reset has still to do is done by a start alone; a second try is for a section that was too slow while all started. */
const tries = 2;

const caller: Caller = { name: 'core', role: 'administrator', surface: 'core', connectedAt: 0 };

export interface FactoryResetParts {
  readonly files: FileStore;
  readonly paths: AppliancePaths;
  readonly log: Logger;
  readonly health: Pick<HealthRegistry, 'add'>;
}

/**
 * The part of a factory reset that a start of core does. The action that asked for it left a marker, which goes last: what
 * a power loss interrupts is done again.
 *
 * INVARIANT: nothing that was acknowledged after the reset's restart is taken away by it. The marker says when the state is gone, so
 * that this is done once; while it stands, settings cannot be changed.
 */
export class FactoryReset implements AsyncDisposable {
  readonly #parts: FactoryResetParts;
  readonly #marker: string;
  readonly #owned = new DisposableStore();
  #due = false;

  constructor(parts: FactoryResetParts) {
    this.#parts = parts;
    this.#marker = `${parts.paths.state}/factory-reset`;
  }

  /** Before anything reads its state. */
  async removeState(): Promise<void> {
    const { files, paths, log } = this.#parts;
    const marker = await files.read(this.#marker);
    this.#due = marker !== undefined;
    if (marker === undefined || marker === settingsLeft) return;
    log.warn({}, 'factory reset: users, tokens, audit log, jobs and data of plugins are removed');
    for (const name of removed) await files.remove(`${paths.state}/${name}`);
    await files.write(this.#marker, settingsLeft, { mode: 0o600 });
  }

  /** Once all sections are registered and before the confirmed settings are applied. */
  async finish(settings: SettingsMaintenance): Promise<void> {
    if (!this.#due) return;
    for (let left = tries; left > 0; left -= 1) {
      try {
        await settings.factoryReset(caller, { keepScopes: ['hardware'] });
        await this.#parts.files.remove(this.#marker);
        this.#parts.log.warn({}, 'factory reset done');
        return;
      } catch (thrown) {
        if (left === 1) this.#unfinished(settings, asApplianceError(thrown).message);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }

  #unfinished(settings: SettingsMaintenance, reason: string): void {
    const { log, health } = this.#parts;
    const report = settingsReports.report('settings.factory-reset.unfinished', { reason });
    log.error({ code: report.code }, report.text);
    for (const scope of ['cluster', 'node'] as const) this.#owned.add(settings.addScopeLock(scope, () => report));
    this.#owned.add(health.add('core.factory-reset', async () => ({ healthy: false, reason: report.text })));
  }
}
