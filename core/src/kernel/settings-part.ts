import type { EventBus } from '../bus/event-bus.js';
import {
  type AnyAction,
  type DisposableStore,
  type HealthPartReport,
  type Logger,
  type SettingsAccess,
  type SettingsMaintenance,
  type StatusPublisher,
  type SystemAccess,
} from '../sdk/index.js';
import { type ActivationStatus, activationStatus, SettingsEngine } from '../settings/index.js';
import type { SectionOwner } from '../settings/sections.js';
import type { StatusRegistry } from '../status/status-registry.js';
import type { SettingsLife } from './appliance.js';
import type { AppliancePaths } from './paths.js';

/** An engine that did not answer while everything started does so later. The judge of a new firmware waits for ten minutes. */
const again = { afterMs: 30_000, times: 6 } as const;

export interface SettingsPartParts {
  readonly system: SystemAccess;
  readonly paths: AppliancePaths;
  readonly log: Logger;
  readonly bus: EventBus;
  readonly status: StatusRegistry;
}

/** The settings engine connected to the bus and the status, and tied to the life of the appliance. */
export class SettingsPart implements SettingsLife {
  readonly engine: SettingsEngine;
  readonly #parts: SettingsPartParts;
  #publisher: StatusPublisher<ActivationStatus> | undefined;
  #watch: Disposable | undefined;
  #again: Disposable | undefined;

  constructor(parts: SettingsPartParts) {
    this.#parts = parts;
    const { system, paths, log, bus } = parts;
    this.engine = new SettingsEngine({
      files: system.files,
      units: system.units,
      clock: system.clock,
      log,
      publish: (definition, payload) => bus.publish('core', definition, payload),
      paths: { stateFolder: `${paths.state}/settings` },
    });
  }

  get maintenance(): SettingsMaintenance {
    return this.engine;
  }

  accessFor(plugin: SectionOwner, own: DisposableStore): SettingsAccess {
    return this.engine.accessFor(plugin, own);
  }

  async load(): Promise<void> {
    await this.engine.load();
  }

  async recover(): Promise<void> {
    const reports = await this.engine.recover();
    this.#tell(reports);
    // seconds left run down without anything happening: a reader asks the engine
    this.#publisher = this.#parts.status.add('core', activationStatus, async () => this.engine.status(), {
      maxAgeMs: 0,
    });
    this.#watch = this.engine.onState(() => this.#publisher?.set(this.engine.status()));
    this.#publisher.set(this.engine.status());
    this.#applyLater(again.times);
  }

  async rollBackExpired(revision: number): Promise<void> {
    await this.engine.rollBackExpired(revision);
  }

  async pluginsChanged(): Promise<void> {
    this.#tell(await this.engine.bringUp());
  }

  health(): readonly HealthPartReport[] {
    const { sections, unapplied } = this.engine.state;
    return sections.all().map(({ id: part }) => {
      const reason = unapplied.get(part);
      if (reason === undefined) return { part, healthy: true, reason: 'applied' };
      return { part, healthy: false, reason: `${reason} To try again: systemctl restart gemel-core.` };
    });
  }

  async actions(): Promise<readonly AnyAction[]> {
    const { settingsActions } = await import('../settings/actions/settings-actions.js');
    return settingsActions(this.engine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#again?.[Symbol.dispose]();
    this.#watch?.[Symbol.dispose]();
    this.#publisher?.[Symbol.dispose]();
    await this.engine.close();
  }

  #applyLater(times: number): void {
    if (times === 0 || this.engine.state.unapplied.size === 0) return;
    const { system, log } = this.#parts;
    const tryAgain = async () => {
      await this.pluginsChanged();
      this.#publisher?.set(this.engine.status());
      this.#applyLater(times - 1);
    };
    this.#again = system.clock.after(again.afterMs, () => {
      tryAgain().catch((failure: unknown) =>
        log.error({ failure: String(failure) }, 'settings could not be applied again'),
      );
    });
  }

  #tell(reports: Awaited<ReturnType<SettingsEngine['recover']>>): void {
    for (const { code, path, text, severity } of reports) {
      this.#parts.log[severity === 'error' ? 'error' : 'warn']({ code, path }, text);
    }
  }
}
