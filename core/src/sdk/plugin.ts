import type { ActionsAccess } from './actions.js';
import type { AnyDisposable } from './disposable.js';
import type { EventsAccess } from './events.js';
import type { Logger } from './log.js';
import type { SettingsAccess } from './settings.js';
import type { StatusAccess } from './status.js';
import type { SystemAccess } from './system.js';
import type { Token } from './token.js';

export type Constructor<Service> = new (...dependencies: never[]) => Service;

export interface HealthReport {
  readonly healthy: boolean;
  readonly reason: string;
}

/** What a check of several things found in one of them. */
export interface HealthPartReport extends HealthReport {
  /** Name within the check: it becomes the item `<plugin>.<check>.<part>`. */
  readonly part: string;
}

/**
 * A check of several things gives a report of each. Only by its name is what was broken before an update told from what broke with it, so
 * whatever can break by itself has a name of its own.
 */
export type HealthCheck = (signal: AbortSignal) => Promise<HealthReport | readonly HealthPartReport[]>;

/** Everything a plugin can reach. Whatever it adds through here ends with it, in reverse order. */
export interface PluginContext {
  readonly id: string;
  readonly log: Logger;
  readonly system: SystemAccess;
  readonly events: EventsAccess;
  readonly settings: SettingsAccess;
  readonly status: StatusAccess;
  readonly actions: ActionsAccess;
  /** A folder of the plugin's own that survives restarts, below the data volume. */
  readonly dataFolder: string;
  /** Registers a service in the plugin's own container; plugins that require this one can inject it. */
  provide<Service>(token: Token<Service>, implementation: Constructor<Service>): void;
  provideValue<Service>(token: Token<Service>, value: Service): void;
  /** Resolves a service: the plugin's own, one it requires, or core's. @throws ApplianceError `not-found`. */
  get<Service>(token: Token<Service>): Service;
  /** As `get`, or undefined: for services of optional plugins. */
  find<Service>(token: Token<Service>): Service | undefined;
  own<Thing extends AnyDisposable>(thing: Thing): Thing;
  /** Contributes to the health that feeds the watchdog and gates firmware: unhealthy is told, not hidden. */
  addHealthCheck(name: string, check: HealthCheck): void;
}

export interface Plugin {
  readonly id: string;
  /** Registers; must not wait for the outside world. Limited to 10 s. */
  activate(context: PluginContext): void | Promise<void>;
  /** Called before what the plugin registered is ended. */
  deactivate?(): void | Promise<void>;
}

export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
