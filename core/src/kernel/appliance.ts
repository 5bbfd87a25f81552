import type { DependencyContainer } from 'tsyringe';
import { ActionRegistry, type AuditTrail } from '../actions/action-registry.js';
import { EventBus } from '../bus/event-bus.js';
import type { CoreApi } from '../ipc/core-api.js';
import { JobRegistry } from '../jobs/job-registry.js';
import { type Discovered, discoverPlugins } from '../plugins/discovery.js';
import type { PluginPackage } from '../plugins/manifest.js';
import type { PluginHost } from '../plugins/module-loader.js';
import type { PluginSurroundings, SettingsDoors } from '../plugins/plugin-context.js';
import { PluginRegistry } from '../plugins/plugin-registry.js';
import { withSections } from '../plugins/with-sections.js';
import { PluginStateFile } from '../plugins/plugin-state-file.js';
import {
  type AnyAction,
  type Clock,
  coreHealth,
  DisposableStore,
  type HealthPartReport,
  type Logger,
  type SettingsMaintenance,
  type SystemAccess,
} from '../sdk/index.js';
import { StatusRegistry } from '../status/status-registry.js';
import type { UploadFiles } from '../uploads/upload-files.js';
import { UploadStore } from '../uploads/upload-store.js';
import { coreReady } from './core-events.js';
import { RecentEvents } from './recent-events.js';
import { FactoryReset } from './factory-reset.js';
import { HealthRegistry } from './health-registry.js';
import { HealthWatch, type Watchdog } from './health-watch.js';
import { type AppliancePaths, uploadsFolder } from './paths.js';

/** The settings engine as the life of the appliance needs it. */
export interface SettingsLife extends SettingsDoors, AsyncDisposable {
  /** Ends what a crash or power loss left half-way, then applies what is confirmed. Never throws for bad files. */
  recover(): Promise<void>;
  /** Reads what is on disk, so that plugins can look at confirmed settings while they start. */
  load(): Promise<void>;
  /** Takes back a revision that was not confirmed in its window; nothing when it was settled. */
  rollBackExpired(revision: number): Promise<void>;
  /** Gives the sections of plugins that came later their settings and applies them. */
  pluginsChanged(): Promise<void>;
  /** Whether each section's engine has its running settings. */
  health(): readonly HealthPartReport[];
  actions(): Promise<readonly AnyAction[]>;
  readonly maintenance: SettingsMaintenance;
}

/** Everything the appliance stands on; made by the composition root. */
export interface ApplianceParts {
  readonly system: SystemAccess;
  readonly paths: AppliancePaths;
  readonly log: Logger;
  readonly coreVersion: string;
  readonly container: DependencyContainer;
  readonly pluginHost: PluginHost;
  readonly systemFor: PluginSurroundings['systemFor'];
  readonly audit: AuditTrail;
  readonly uploadFiles: UploadFiles;
  readonly watchdog: Watchdog;
  /** Makes the settings engine; it publishes and shows its state through the bus and status it is given. */
  createSettings(around: { readonly bus: EventBus; readonly status: StatusRegistry }): SettingsLife;
  /** `access.…` and `audit.…`. */
  readonly accessActions: () => Promise<readonly AnyAction[]>;
  /** Opens core's sockets; absent in the rollback guard. */
  readonly openDoors?: (api: CoreApi) => Promise<Doors>;
  /** Another bus than the plain one, such as one that checks what is published. */
  readonly createBus?: (clock: Clock, log: Logger) => EventBus;
}

export interface Doors extends AsyncDisposable {
  /** Asks core something through its own door. */
  answers(signal: AbortSignal): Promise<void>;
}

/**
 * One appliance from boot to shutdown.
 *
 * Boot: recovery of state files → plugins by level → settings (`confirmed` is applied) → jobs → sockets → health.
 * Shutdown ends the same in reverse. The network and every engine stay as they are.
 */
export class Appliance implements AsyncDisposable {
  readonly #owned = new DisposableStore();
  readonly #parts: ApplianceParts;
  readonly bus: EventBus;
  readonly status: StatusRegistry;
  readonly actions: ActionRegistry;
  readonly plugins: PluginRegistry;
  readonly settings: SettingsLife;
  readonly health: HealthRegistry;
  readonly jobs: JobRegistry;
  readonly uploads: UploadStore;
  readonly api: CoreApi;

  constructor(parts: ApplianceParts) {
    this.#parts = parts;
    const { system, paths, log } = parts;
    const { clock, files } = system;
    this.bus = parts.createBus?.(clock, log) ?? new EventBus(clock, log);
    this.status = new StatusRegistry(this.bus, clock, log);
    this.health = new HealthRegistry(clock);
    this.jobs = new JobRegistry({
      files,
      clock,
      bus: this.bus,
      log,
      audit: parts.audit,
      folder: `${paths.state}/jobs`,
    });
    const { uploadFiles: media } = parts;
    this.uploads = new UploadStore({ files, media, clock, log, folder: uploadsFolder(paths) });
    this.actions = new ActionRegistry(this.jobs, parts.audit, clock, this.uploads);
    this.settings = parts.createSettings({ bus: this.bus, status: this.status });
    const around: PluginSurroundings = {
      bus: this.bus,
      status: this.status,
      actions: this.actions,
      settings: this.settings,
      health: this.health,
      log,
      systemFor: parts.systemFor,
      dataFolderFor: (id) => `${paths.state}/plugin-data/${id}`,
    };
    const stateFile = new PluginStateFile(files, `${paths.state}/plugin-state.json`);
    const door = { clock, coreVersion: parts.coreVersion };
    this.plugins = new PluginRegistry(parts.pluginHost, around, parts.container, stateFile, door);
    this.health.add('core.plugin', async () => this.plugins.health());
    this.health.add('core.settings', async () => this.settings.health());
    this.api = {
      describe: (role) => this.actions.describe(role),
      invoke: async (invocation, call) => this.actions.invoke(invocation, call),
      upload: async (order, caller, ended) => this.actions.upload(order, caller, ended),
      subscribe: (prefix, caller, listener) =>
        this.bus.onAny(caller.name, prefix, (_payload, event) => listener(event)),
    };
  }

  /** Up to READY. What fails is told and does not stop it, except when core's own doors cannot be opened. */
  async boot(): Promise<void> {
    const { system, openDoors, watchdog } = this.#parts;
    const began = system.clock.monotonic();
    const recent = new RecentEvents();
    this.#owned.add(this.bus.onAny('core', '', (_payload, event) => recent.add(event)));
    this.#addCoreActions(recent);
    this.#owned.add(this.uploads);
    const { paths, log } = this.#parts;
    const reset = this.#owned.add(new FactoryReset({ files: system.files, paths, log, health: this.health }));
    await reset.removeState();
    await Promise.all([
      this.jobs.load(),
      this.#loadPlugins(
        () => this.plugins.stateFile.load(),
        (packages) => packages,
      ),
    ]);
    await this.uploads.tidy(this.jobs.folders());
    await reset.finish(this.settings.maintenance);
    await this.settings.recover();
    await this.jobs.recover(async (id) => {
      const action = await this.actions.find(id);
      return action?.kind === 'job' ? action : undefined;
    });
    if (openDoors === undefined) return;
    const doors = this.#owned.add(await openDoors(this.api));
    const health = new HealthWatch({
      health: this.health,
      clock: system.clock,
      bus: this.bus,
      publisher: this.#owned.add(this.status.add('core', coreHealth)),
      watchdog,
      answers: (signal) => doors.answers(signal),
    });
    this.#owned.add(health);
    this.bus.publish('core', coreReady, { bootMs: system.clock.monotonic() - began });
    health.start();
  }

  /**
   * The plugins that have sections, with those they require, and what is confirmed: all that taking back a revision needs.
   * Others would do their work a second time beside a living core, which also keeps the record of plugins: here it is only read.
   */
  async loadSections(): Promise<void> {
    await this.#loadPlugins(() => this.plugins.stateFile.look(), withSections);
  }

  async #loadPlugins(
    readState: () => Promise<readonly string[]>,
    choose: (packages: readonly PluginPackage[]) => readonly PluginPackage[],
  ): Promise<void> {
    this.#owned.add(this.settings);
    this.#owned.add(this.plugins);
    this.#owned.add(this.jobs); // ends before what its jobs stand on, so that none is taken for one that failed
    const [problems] = await Promise.all([readState(), this.settings.load()]);
    for (const reason of problems) this.#parts.log.error({ reason }, 'the record of plugins is not as it should be');
    const { packages, refused } = await this.#discover();
    for (const { folder, reason } of refused) this.#parts.log.warn({ folder, reason }, 'not a usable plugin');
    await this.plugins.activateAll(choose(packages));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }

  /** Loaded when one is asked for: a start needs none of them. */
  #addCoreActions(recent: RecentEvents): void {
    this.#addLater(['status'], async () => {
      const { statusActions } = await import('../status/status-actions.js');
      return statusActions(this.status);
    });
    this.#addLater(['jobs'], async () => {
      const { jobActions } = await import('../jobs/job-actions.js');
      return jobActions(this.jobs, (id) => this.actions.find(id));
    });
    this.#addLater(['events'], async () => {
      const { eventActions } = await import('./event-actions.js');
      return eventActions(recent);
    });
    this.#addLater(['plugin'], async () => {
      const { pluginActions } = await import('../plugins/plugin-actions.js');
      return pluginActions(this.plugins, {
        discover: () => this.#discover(),
        changed: () => this.settings.pluginsChanged(),
      });
    });
    this.#addLater(['settings'], () => this.settings.actions());
    this.#addLater(['access', 'audit'], () => this.#parts.accessActions());
  }

  /** @param groups What the ids of the actions begin with. */
  #addLater(groups: readonly string[], load: () => Promise<readonly AnyAction[]>): void {
    const provides = (id: string) => groups.includes(id.split('.', 1)[0] ?? '');
    const later = this.actions.addLater('core', provides, async () => {
      for (const action of await load()) this.#owned.add(this.actions.add('core', action));
    });
    this.#owned.add(later);
  }

  async #discover(): Promise<Discovered> {
    const { system, paths } = this.#parts;
    return discoverPlugins(system.files, paths.builtInPlugins, paths.extraPlugins);
  }
}
