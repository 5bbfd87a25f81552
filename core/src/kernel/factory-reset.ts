import { asApplianceError, type Caller, type FileStore, type Logger, type SettingsMaintenance } from '../sdk/index.js';
import type { AppliancePaths } from './paths.js';

/** What is removed beside the settings. Extra plugins' packages and hardware profiles stay, as the firmware does. */
const removed = ['access', 'audit', 'jobs', 'plugin-data', 'plugin-state.json'] as const;

const caller: Caller = { name: 'core', role: 'administrator', surface: 'core', connectedAt: 0 };

export interface FactoryResetParts {
  readonly files: FileStore;
  readonly paths: AppliancePaths;
  readonly log: Logger;
}

/**
 * The part of a factory reset that a start of core does. The action that asked for it left a marker, which goes last: what
 * a power loss interrupts is done again.
 */
export class FactoryReset {
  readonly #parts: FactoryResetParts;
  readonly #marker: string;
  #due = false;

  constructor(parts: FactoryResetParts) {
    this.#parts = parts;
    this.#marker = `${parts.paths.state}/factory-reset`;
  }

  /** Before anything reads its state. */
  async removeState(): Promise<void> {
    const { files, paths, log } = this.#parts;
    this.#due = (await files.read(this.#marker)) !== undefined;
    if (!this.#due) return;
    log.warn({}, 'factory reset: users, tokens, audit log, jobs and data of plugins are removed');
    for (const name of removed) await files.remove(`${paths.state}/${name}`);
  }

  /** Once all sections are registered and before the confirmed settings are applied. */
  async finish(settings: SettingsMaintenance): Promise<void> {
    if (!this.#due) return;
    const { files, log } = this.#parts;
    try {
      await settings.factoryReset(caller, { keepScopes: ['hardware'] });
      await files.remove(this.#marker);
      log.warn({}, 'factory reset done');
    } catch (thrown) {
      log.error({ err: asApplianceError(thrown) }, 'factory reset not finished: it is tried again at the next start');
    }
  }
}
