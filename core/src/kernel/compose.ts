import 'reflect-metadata';
import { container as globalContainer } from 'tsyringe';
import { AccessService } from '../access/access-service.js';
import { AuditLog } from '../access/audit-log.js';
import { CoreClient } from '../ipc/core-client.js';
import { type Principal, principals } from '../ipc/principals.js';
import { Router } from '../ipc/router.js';
import { ServerSet } from '../ipc/server-set.js';
import type { CoreApi } from '../ipc/core-api.js';
import type { EventBus } from '../bus/event-bus.js';
import { InProcessHost, type PluginHost } from '../plugins/module-loader.js';
import {
  type Clock,
  type Logger,
  PasswordCheck,
  SettingsExchange,
  SettingsMaintenance,
  type SystemAccess,
} from '../sdk/index.js';
import { EngineExchange, type SettingsEngine } from '../settings/index.js';
import { diskUploads } from '../system/disk-uploads.js';
import { limitSystem } from '../system/limit-system.js';
import { prepareFolder } from '../system/prepare-folder.js';
import { Appliance, type Doors } from './appliance.js';
import type { UploadFiles } from '../uploads/upload-files.js';
import type { Watchdog } from './health-watch.js';
import { type AppliancePaths, uploadsFolder } from './paths.js';
import { SettingsPart } from './settings-part.js';
import { coreVersion } from './version.js';

export interface Composition {
  readonly system: SystemAccess;
  readonly paths: AppliancePaths;
  readonly log: Logger;
  readonly watchdog: Watchdog;
  /** False in the rollback guard, which answers nobody; a function where a test asks without sockets. */
  readonly doors: boolean | ((api: CoreApi) => Promise<Doors>);
  /** Plugins run in this process where nothing else is said. */
  readonly pluginHost?: PluginHost;
  readonly createBus?: (clock: Clock, log: Logger) => EventBus;
  /** Files that callers send are on this machine's medium where nothing else is said. */
  readonly uploadFiles?: UploadFiles;
}

export interface Composed {
  readonly appliance: Appliance;
  readonly engine: SettingsEngine;
}

/** Console, peer and gateway have their doors from the start; who stands behind them comes with their plugins. */
const doorsOfAppliance: readonly Principal[] = Object.values(principals);
/** On the sandbox host one user is everybody. */
const doorsOfSandbox: readonly Principal[] = [principals.root];

/** The composition root: the only place that knows which implementation stands behind each interface. */
export function composeAppliance(composition: Composition): Composed {
  const { system, paths, log, watchdog, doors, createBus } = composition;
  const { files, clock } = system;
  const container = globalContainer.createChildContainer();
  const access = new AccessService({ files, clock, log, stateFolder: paths.state, runtimeFolder: paths.runtime });
  const audit = new AuditLog({ files, clock, log, folder: `${paths.state}/audit` });
  const openDoors = async (api: CoreApi): Promise<Doors> => {
    for (const report of await access.load()) log.error({ code: report.code }, report.text);
    if (typeof doors === 'function') return doors(api);
    return new OpenDoors(system, paths, log, new Router(api, access)).open();
  };
  let engine: SettingsEngine | undefined;
  const appliance = new Appliance({
    system,
    paths,
    log,
    coreVersion,
    container,
    pluginHost: composition.pluginHost ?? new InProcessHost(),
    systemFor: (id, grants, own) => {
      const files = [...grants.files, `${paths.state}/plugin-data/${id}`, `${uploadsFolder(paths)}/${id}`];
      return limitSystem(system, id, { ...grants, files }, own);
    },
    audit,
    uploadFiles: composition.uploadFiles ?? diskUploads,
    watchdog,
    createSettings: (around) => {
      const settings = new SettingsPart({ system, paths, log, ...around });
      engine = settings.engine;
      container.registerInstance(SettingsMaintenance, engine);
      container.registerInstance(SettingsExchange, new EngineExchange(engine));
      container.registerInstance(PasswordCheck, access);
      return settings;
    },
    accessActions: async () => {
      const { accessActions } = await import('../access/actions.js');
      return accessActions(access, audit, clock);
    },
    ...(doors === false ? {} : { openDoors }),
    ...(createBus === undefined ? {} : { createBus }),
  });
  if (engine === undefined) throw new Error('an appliance makes its settings engine when it is constructed');
  return { appliance, engine };
}

/** Core's sockets, and the way it asks itself through the first of them. */
class OpenDoors implements Doors {
  readonly #servers: ServerSet;
  readonly #socket: string;
  readonly #principals: readonly Principal[];

  constructor(system: SystemAccess, paths: AppliancePaths, log: Logger, router: Router) {
    const shared = system.kind === 'appliance';
    this.#servers = new ServerSet({
      runtimeFolder: paths.runtime,
      private: !shared,
      router,
      clock: system.clock,
      files: system.files,
      log,
      prepareFolder,
    });
    this.#principals = shared ? doorsOfAppliance : doorsOfSandbox;
    this.#socket = `${paths.runtime}/${principals.root.name}/core.sock`;
  }

  async open(): Promise<Doors> {
    for (const principal of this.#principals) await this.#servers.open(principal);
    return this;
  }

  async answers(signal: AbortSignal): Promise<void> {
    await using client = await CoreClient.connect(this.#socket);
    await client.invoke('status.list', {}, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#servers[Symbol.asyncDispose]();
  }
}
