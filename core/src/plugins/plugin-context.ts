import type { DependencyContainer } from 'tsyringe';
import type { ActionRegistry } from '../actions/action-registry.js';
import type { EventBus } from '../bus/event-bus.js';
import { PluginEvents } from '../bus/plugin-events.js';
import type { HealthRegistry } from '../kernel/health-registry.js';
import {
  type AnyAction,
  ApplianceError,
  asApplianceError,
  type Constructor,
  type DisposableStore,
  type Logger,
  type PluginContext,
  type SettingsAccess,
  type SystemAccess,
  type Token,
  toDisposable,
} from '../sdk/index.js';
import type { SectionOwner } from '../settings/sections.js';
import type { StatusRegistry } from '../status/status-registry.js';
import type { Grants, Manifest } from './manifest.js';

/** What the settings engine gives to each plugin: its door, whose registrations end with `own`. */
export interface SettingsDoors {
  accessFor(plugin: SectionOwner, own: DisposableStore): SettingsAccess;
}

/** What plugins are connected to. */
export interface PluginSurroundings {
  readonly bus: EventBus;
  readonly status: StatusRegistry;
  readonly actions: ActionRegistry;
  readonly settings: SettingsDoors;
  readonly health: HealthRegistry;
  readonly log: Logger;
  /** The host, limited to the grants. */
  systemFor(pluginId: string, grants: Grants, own: DisposableStore): SystemAccess;
  dataFolderFor(pluginId: string): string;
}

/** Builds a plugin's context. Whatever the manifest does not list is refused with the name of the missing line. */
export function createPluginContext(
  manifest: Manifest,
  around: PluginSurroundings,
  container: DependencyContainer,
  own: DisposableStore,
): PluginContext {
  const { id } = manifest;
  const require = (list: keyof Manifest, names: readonly string[], name: string) => {
    if (names.includes(name)) return;
    throw new ApplianceError(
      'forbidden',
      `Plugin ${id} may not declare ${name}: add it to "${list}" in the "gemel" block of its package.json.`,
    );
  };
  const system = around.systemFor(id, manifest.grants, own);
  const settings = around.settings.accessFor({ id, files: manifest.grants.files }, own);
  const releasing = (thing: Disposable): Disposable => {
    own.add(thing);
    return { [Symbol.dispose]: () => void own.release(thing) };
  };
  const checkToken = (token: Token<unknown>) => {
    require('provides', manifest.provides, Symbol.keyFor(token)?.replace(/^gemel:/, '') ?? String(token));
  };
  const addAction = (action: AnyAction): Disposable => {
    require('actions', manifest.actions, action.id);
    return releasing(around.actions.add(id, action));
  };
  const addLater = (load: () => Promise<readonly AnyAction[]>): Disposable => {
    let ended = false;
    const added: Disposable[] = [];
    const isListed = (action: string) => manifest.actions.includes(action);
    const later = around.actions.addLater(id, isListed, async () => {
      try {
        for (const action of await load()) if (!ended) added.push(addAction(action));
      } catch (thrown) {
        around.log.error(
          { plugin: id, reason: asApplianceError(thrown).message },
          'the actions of a plugin could not be loaded',
        );
      }
    });
    return releasing(
      toDisposable(() => {
        ended = true;
        later[Symbol.dispose]();
        added.splice(0).forEach((one) => one[Symbol.dispose]());
      }),
    );
  };
  return {
    id,
    log: taggedLogger(around.log, id),
    system,
    events: new PluginEvents(id, around.bus, new Set(manifest.publishes), own, {
      clock: system.clock,
      log: around.log,
    }),
    settings: {
      ...bound(settings),
      add: (section) => {
        require('sections', manifest.sections, section.id);
        settings.add(section);
      },
    },
    status: {
      add: (definition, read, options) => {
        require('status', manifest.status, definition.id);
        const publisher = around.status.add(id, definition, read, options);
        const removal = releasing(publisher);
        return { set: (value) => publisher.set(value), [Symbol.dispose]: () => removal[Symbol.dispose]() };
      },
      // what is retained under the id was set through the same definition
      get: async <Value>(definition: { readonly id: string }) =>
        (await around.status.get(definition.id)) as Value | undefined,
    },
    actions: { add: addAction, addLater },
    dataFolder: around.dataFolderFor(id),
    provide: <Service>(token: Token<Service>, implementation: Constructor<Service>) => {
      checkToken(token);
      // tsyringe types constructors with any[]; the parameters are checked by their @inject tokens
      container.registerSingleton(token, implementation as unknown as new () => Service);
    },
    provideValue: (token, value) => {
      checkToken(token);
      container.registerInstance(token, value);
    },
    get: (token) => {
      if (!container.isRegistered(token, true)) {
        throw new ApplianceError(
          'not-found',
          `Plugin ${id} asks for ${String(token)}, which no required plugin provides.`,
        );
      }
      return container.resolve(token);
    },
    find: (token) => (container.isRegistered(token, true) ? container.resolve(token) : undefined),
    own: (thing) => own.add(thing),
    addHealthCheck: (name, check) => {
      own.add(around.health.add(`${id}.${name}`, check));
    },
  };
}

function bound(settings: SettingsAccess): SettingsAccess {
  return {
    add: (section) => settings.add(section),
    confirmed: (section) => settings.confirmed(section),
    running: (section) => settings.running(section),
    draft: (section) => settings.draft(section),
    edit: (section, caller, change) => settings.edit(section, caller, change),
    onApplied: (section, listener) => settings.onApplied(section, listener),
  };
}

function taggedLogger(log: Logger, plugin: string): Logger {
  return {
    debug: (fields, message) => log.debug({ plugin, ...fields }, message),
    info: (fields, message) => log.info({ plugin, ...fields }, message),
    warn: (fields, message) => log.warn({ plugin, ...fields }, message),
    error: (fields, message) => log.error({ plugin, ...fields }, message),
  };
}
