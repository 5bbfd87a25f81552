import { isDeepStrictEqual } from 'node:util';
import type { DependencyContainer } from 'tsyringe';
import { withTimeLimit } from '../actions/action-registry.js';
import { pluginActivated, pluginDeactivated, pluginFailed } from '../kernel/core-events.js';
import { dependantsOf, resolveLevels } from '../kernel/dependency-graph.js';
import {
  ApplianceError,
  asApplianceError,
  type Clock,
  createToken,
  DisposableStore,
  type HealthPartReport,
  type Plugin,
} from '../sdk/index.js';
import { checkedContext } from './checked-context.js';
import { isInRange } from './core-range.js';
import type { Manifest, PluginPackage } from './manifest.js';
import type { PluginHost } from './module-loader.js';
import { createPluginContext, type PluginSurroundings } from './plugin-context.js';
import type { PluginStateFile } from './plugin-state-file.js';

const activationLimitMs = 10_000;

export type PluginCondition = 'active' | 'disabled' | 'failed' | 'blocked';

interface Loaded {
  readonly plugin: Plugin;
  readonly own: DisposableStore;
  readonly container: DependencyContainer;
}

interface PluginRecord {
  readonly package: PluginPackage;
  condition: PluginCondition;
  reason: string;
  loaded: Loaded | undefined;
  /** Its last activation took too long. */
  late: boolean;
}

export interface PluginInfo {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  readonly origin: 'built-in' | 'extra';
  readonly condition: PluginCondition;
  /** Why it is not active; empty when it is. */
  readonly reason: string;
  readonly requires: readonly string[];
}

/**
 * Loads, starts and ends plugins in the order of their requirements.
 *
 * INVARIANTS
 * - One change at a time: enable, disable and reload wait for each other.
 * - A plugin that fails ends with nothing left of it; those that require it are blocked; core stays up.
 */
export class PluginRegistry implements AsyncDisposable {
  readonly #records = new Map<string, PluginRecord>();
  /** Of each plugin's code. Outlives the records: a module that was imported once, or failed to be, is never read again under the same URL. */
  readonly #generations = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly host: PluginHost,
    readonly around: PluginSurroundings,
    readonly root: DependencyContainer,
    readonly stateFile: PluginStateFile,
    readonly door: { readonly clock: Clock; readonly coreVersion: string },
  ) {}

  list(): readonly PluginInfo[] {
    return [...this.#records.values()].map(({ package: { manifest, version, origin }, condition, reason }) => ({
      id: manifest.id,
      title: manifest.title,
      version,
      origin,
      condition,
      reason,
      requires: manifest.requires,
    }));
  }

  /** Not healthy is a plugin that is wanted and does not run. */
  health(): readonly HealthPartReport[] {
    return this.list().map(({ id, condition, reason }) => {
      const healthy = condition === 'active' || condition === 'disabled';
      return { part: id, healthy, reason: healthy ? condition : `${condition}: ${reason}` };
    });
  }

  manifests(): readonly Manifest[] {
    return [...this.#records.values()].map((record) => record.package.manifest);
  }

  isActive(id: string): boolean {
    return this.#records.get(id)?.condition === 'active';
  }

  /**
   * Activates all that is not disabled, level by level, side by side inside a level; extras one after the other. A built-in plugin that took
   * too long has a second try: the first start of a firmware compiles everything, on a slow or busy machine too slowly, and what failed then
   * would stay so until somebody looks.
   */
  async activateAll(packages: readonly PluginPackage[]): Promise<void> {
    await this.#exclusive(async () => {
      for (const pluginPackage of packages) this.#adopt(pluginPackage);
      await this.#activateWanted();
      const late = [...this.#records.values()].filter((record) => record.late && record.package.origin === 'built-in');
      if (late.length === 0) return;
      // those that run without it, though they would rather have it, begin anew with it
      for (const { package: each } of late) await this.#endWithDependants(each.manifest.id, 'begun anew');
      await this.#activateWanted(({ condition, late: again }) => again || condition !== 'failed');
    });
  }

  /** Takes up packages that were added, changed or removed on disk since the last look. */
  async rescan(packages: readonly PluginPackage[]): Promise<void> {
    await this.#exclusive(async () => {
      const present = new Set(packages.map((pluginPackage) => pluginPackage.manifest.id));
      for (const id of [...this.#records.keys()]) {
        if (present.has(id)) continue;
        await this.#endWithDependants(id, 'removed');
        this.#records.delete(id);
      }
      for (const pluginPackage of packages) {
        const known = this.#records.get(pluginPackage.manifest.id);
        if (known !== undefined && isDeepStrictEqual(known.package, pluginPackage)) continue;
        await this.#endWithDependants(pluginPackage.manifest.id, 'changed');
        this.#adopt(pluginPackage);
      }
      await this.#activateWanted();
    });
  }

  /** @throws ApplianceError `not-found`, or why it did not become active. */
  async enable(id: string): Promise<PluginInfo> {
    return this.#exclusive(async () => {
      this.#record(id);
      const { disabled, stoppedCore } = this.stateFile.state;
      await this.stateFile.change({
        disabled: disabled.filter((other) => other !== id),
        stoppedCore: stoppedCore.filter((other) => other !== id),
      });
      await this.#activateWanted();
      return this.#mustBeActive(id);
    });
  }

  /** Ends it and everything that requires it. @throws ApplianceError `not-found`, `conflict` for an essential plugin. */
  async disable(id: string): Promise<PluginInfo> {
    return this.#exclusive(async () => {
      const record = this.#record(id);
      if (record.package.manifest.essential) {
        throw new ApplianceError('conflict', `Plugin ${id} keeps the appliance reachable and cannot be disabled.`);
      }
      await this.stateFile.change({ disabled: [...new Set([...this.stateFile.state.disabled, id])] });
      await this.#endWithDependants(id, 'disabled');
      await this.#activateWanted();
      return this.#info(id);
    });
  }

  /** Ends it with its dependants and starts them again from fresh code. @throws ApplianceError `not-found`, or why it did not become active. */
  async reload(id: string, fresh?: PluginPackage): Promise<PluginInfo> {
    return this.#exclusive(async () => {
      this.#record(id);
      await this.#endWithDependants(id, 'reloaded');
      if (fresh === undefined) this.#renew(id);
      else this.#adopt(fresh);
      await this.#activateWanted();
      return this.#mustBeActive(id);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#exclusive(async () => {
      const { levels } = resolveLevels(this.#nodes(() => true));
      for (const level of levels.toReversed()) {
        for (const id of level) {
          const record = this.#records.get(id);
          if (record !== undefined) await this.#end(record, 'core is shutting down');
        }
      }
    });
  }

  #adopt(pluginPackage: PluginPackage): void {
    const { id } = pluginPackage.manifest;
    this.#renew(id);
    this.#records.set(id, {
      package: pluginPackage,
      condition: 'disabled',
      reason: '',
      loaded: undefined,
      late: false,
    });
  }

  /** Its code is read anew when it is activated next. */
  #renew(id: string): void {
    this.#generations.set(id, (this.#generations.get(id) ?? -1) + 1);
  }

  async #activateWanted(choose: (record: PluginRecord) => boolean = () => true): Promise<void> {
    const { disabled, stoppedCore } = this.stateFile.state;
    const failed = new Set<string>();
    for (const record of this.#records.values()) {
      const { id, core } = record.package.manifest;
      if (record.condition === 'active') continue;
      if (disabled.includes(id)) this.#mark(record, 'disabled', 'disabled by an operator');
      else if (stoppedCore.includes(id)) {
        this.#mark(record, 'failed', `core did not survive its activation. Try again with: gemel plugin enable ${id}`);
        failed.add(id);
      } else if (!isInRange(this.door.coreVersion, core)) {
        this.#mark(record, 'failed', `needs core ${core}; this is ${this.door.coreVersion}`);
        failed.add(id);
      }
    }
    const { levels, blocked } = resolveLevels(this.#nodes((id) => !disabled.includes(id) && !failed.has(id)));
    for (const [id, reason] of blocked) this.#block(id, reason);
    for (const level of levels) {
      const records = level
        .map((id) => this.#record(id))
        .filter((record) => record.condition !== 'active' && choose(record));
      const side = records.filter((record) => record.package.origin === 'built-in');
      await Promise.all(side.map(async (record) => this.#activateUnlessBlocked(record)));
      for (const record of records) {
        if (record.package.origin === 'extra') await this.#activateUnlessBlocked(record);
      }
    }
  }

  async #activateUnlessBlocked(record: PluginRecord): Promise<void> {
    const { manifest, origin } = record.package;
    const missing = manifest.requires.find((id) => !this.isActive(id));
    if (missing !== undefined) {
      this.#block(manifest.id, `needs ${missing}, which is ${this.#records.get(missing)?.condition ?? 'not there'}`);
      return;
    }
    if (origin === 'extra') await this.#activateExtra(record);
    else await this.#activate(record);
  }

  /** With a mark on disk, so that a start which it brings down is the last it is part of. A full medium must not stop a start either. */
  async #activateExtra(record: PluginRecord): Promise<void> {
    const { id } = record.package.manifest;
    const { log, bus } = this.around;
    try {
      await this.stateFile.change({ activating: id });
    } catch (thrown) {
      const reason = `it was not started, because that cannot be noted: ${asApplianceError(thrown).message} Free space on the data volume, then: gemel plugin enable ${id}`;
      this.#mark(record, 'failed', reason);
      log.error({ plugin: id, reason }, 'plugin could not be activated');
      bus.publish('core', pluginFailed, { plugin: id, reason });
      return;
    }
    await this.#activate(record);
    const unkept = await this.stateFile.keep({ activating: null });
    if (unkept !== undefined)
      log.error(
        { plugin: id, reason: unkept },
        'the end of an activation was not noted: a crash now is put down to it',
      );
  }

  async #activate(record: PluginRecord): Promise<void> {
    const { manifest } = record.package;
    record.late = false;
    const own = new DisposableStore();
    const container = this.root.createChildContainer();
    this.around.actions.begin(manifest.id);
    for (const id of [...manifest.requires, ...manifest.optional]) this.#lend(id, container);
    try {
      const plugin = await withTimeLimit(
        this.door.clock,
        activationLimitMs,
        `Activating plugin ${manifest.id}`,
        new AbortController().signal,
        async () => {
          const loaded = await this.host.load(record.package, this.#generations.get(manifest.id) ?? 0);
          const context = createPluginContext(manifest, this.around, container, own);
          await loaded.activate(record.package.origin === 'extra' ? checkedContext(context) : context);
          return loaded;
        },
      );
      record.loaded = { plugin, own, container };
      this.#mark(record, 'active', '');
      this.around.bus.publish('core', pluginActivated, { plugin: manifest.id, reason: '' });
    } catch (thrown) {
      const failure = asApplianceError(thrown);
      await this.around.actions.end(manifest.id);
      await this.#endOwned(manifest.id, own);
      container.clearInstances();
      record.late = failure.code === 'timeout';
      // the second try of a built-in plugin is to have what the first one has read and compiled so far
      if (!record.late || record.package.origin === 'extra') this.#renew(manifest.id);
      this.#mark(record, 'failed', failure.message);
      this.around.log.error({ plugin: manifest.id, err: failure }, 'plugin could not be activated');
      this.around.bus.publish('core', pluginFailed, { plugin: manifest.id, reason: failure.message });
    }
  }

  /** Makes another plugin's services resolvable in a dependant's container. */
  #lend(providerId: string, container: DependencyContainer): void {
    const provider = this.#records.get(providerId);
    if (provider?.loaded === undefined) return;
    const source = provider.loaded.container;
    for (const name of provider.package.manifest.provides) {
      const token = createToken<unknown>(name);
      container.register(token, { useFactory: () => source.resolve(token) });
    }
  }

  async #endWithDependants(id: string, reason: string): Promise<void> {
    for (const dependant of [
      ...dependantsOf(
        id,
        this.#nodes(() => true),
      ),
      id,
    ]) {
      const record = this.#records.get(dependant);
      if (record !== undefined) await this.#end(record, reason);
    }
  }

  async #end(record: PluginRecord, reason: string): Promise<void> {
    const { loaded } = record;
    if (loaded === undefined) return;
    const { id } = record.package.manifest;
    record.loaded = undefined;
    record.condition = 'disabled';
    record.reason = reason;
    await this.around.actions.end(id);
    try {
      await withTimeLimit(
        this.door.clock,
        activationLimitMs,
        `Ending plugin ${id}`,
        new AbortController().signal,
        async () => loaded.plugin.deactivate?.(),
      );
    } catch (failure) {
      this.around.log.error({ plugin: id, err: failure }, 'plugin failed while it was ended');
    }
    await this.#endOwned(id, loaded.own);
    loaded.container.clearInstances();
    this.around.bus.publish('core', pluginDeactivated, { plugin: id, reason });
  }

  async #endOwned(id: string, own: DisposableStore): Promise<void> {
    try {
      await own[Symbol.asyncDispose]();
    } catch (failure) {
      this.around.log.error({ plugin: id, err: failure }, 'a part of the plugin did not end cleanly');
    }
  }

  #block(id: string, reason: string): void {
    const record = this.#record(id);
    this.#mark(record, 'blocked', reason);
    this.around.log.warn({ plugin: id, reason }, 'plugin blocked');
  }

  #mark(record: PluginRecord, condition: PluginCondition, reason: string): void {
    record.condition = condition;
    record.reason = reason;
  }

  #nodes(include: (id: string) => boolean) {
    return this.manifests().filter((manifest) => include(manifest.id));
  }

  #record(id: string): PluginRecord {
    const record = this.#records.get(id);
    if (record === undefined)
      throw new ApplianceError('not-found', `There is no plugin ${id}. See: gemel plugin list.`);
    return record;
  }

  #info(id: string): PluginInfo {
    const info = this.list().find((candidate) => candidate.id === id);
    if (info === undefined) throw new ApplianceError('not-found', `There is no plugin ${id}. See: gemel plugin list.`);
    return info;
  }

  #mustBeActive(id: string): PluginInfo {
    const info = this.#info(id);
    if (info.condition === 'active') return info;
    throw new ApplianceError('conflict', `Plugin ${id} is ${info.condition}: ${info.reason}`);
  }

  async #exclusive<Result>(change: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(change, change);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
