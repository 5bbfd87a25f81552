import type { InvocationResult } from '../ipc/core-api.js';
import type { Appliance } from '../kernel/appliance.js';
import type { Composed } from '../kernel/compose.js';
import { statusChanged } from '../kernel/core-events.js';
import { appliancePaths } from '../kernel/paths.js';
import { ApplianceError, type Caller, type Logger, type PublishedEvent } from '../sdk/index.js';
import type { SettingsEngine } from '../settings/index.js';
import { CheckedEventBus } from './checked-event-bus.js';
import { EngineModels } from './engine-models.js';
import { FakeClock } from './fake-clock.js';
import { memoryUploads } from './memory-uploads.js';
import { misfit } from './misfit.js';
import type { Declared } from './recording-context.js';
import type { ScriptedCommands } from './scripted-commands.js';
import { ScriptedSystem } from './scripted-system.js';
import { type PluginUnderTest, TestPluginHost } from './test-plugin-host.js';

export interface TestApplianceOptions {
  readonly plugins?: readonly PluginUnderTest[];
  /** What is on the medium before the first start, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * `absent` (default): no unit, no D-Bus service and no program but those that `prepare` and `script` add.
   * `model`: what is not scripted is answered by the sandbox host's models of networkd, resolved, hostnamed and timedated.
   */
  readonly engines?: 'absent' | 'model';
  /** Puts the world in place, before the first start and after a power loss. */
  readonly prepare?: (system: ScriptedSystem) => void;
  /** Programs, before each start: after a crash none is scripted. */
  readonly script?: (commands: ScriptedCommands) => void;
}

/** Who asks; an administrator at the command line where nothing else is said. */
export interface AskedBy extends Partial<Caller> {
  readonly signal?: AbortSignal;
}

export interface TestLogLine {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Longest that `letTimePass` waits for something, in the appliance's own time. */
const patienceMs = 600_000;
/** Short beside every interval of core and the plugins, so that what is waited for does not come much too late. */
const stepMs = 50;

/**
 * A whole appliance on a scripted host, without sockets: settings engine, plugins, jobs, audit as on a device. Time passes only
 * when the test says so.
 *
 * It checks what the compiler was trusted for: payloads of events, status values and outputs of actions against their schemas,
 * and `present` with every output. Ending it throws for what did not fit and for anything that was left behind.
 */
export class TestAppliance implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly log: TestLogLine[] = [];
  /** Everything that was published since the first start. */
  readonly events: PublishedEvent[] = [];
  /** What did not fit its schema. */
  readonly problems: string[] = [];
  readonly #options: TestApplianceOptions;
  readonly #host = new TestPluginHost();
  readonly #models: EngineModels | undefined;
  #system: ScriptedSystem;
  #composed: Composed | undefined;
  #boots = 0;

  /** Boots. */
  static async start(options: TestApplianceOptions = {}): Promise<TestAppliance> {
    const appliance = new TestAppliance(options);
    for (const plugin of options.plugins ?? []) await appliance.#host.install(plugin, appliance.system.files);
    appliance.#prepare();
    await appliance.#boot();
    return appliance;
  }

  private constructor(options: TestApplianceOptions) {
    this.#options = options;
    this.#models = options.engines === 'model' ? new EngineModels(this.clock) : undefined;
    this.#system = new ScriptedSystem({ clock: this.clock, files: options.files ?? {} });
  }

  /** The world; another one after each restart. */
  get system(): ScriptedSystem {
    return this.#system;
  }

  get core(): Appliance {
    return this.#running().appliance;
  }

  /** What each plugin declared when it was activated last, by id. */
  get declared(): ReadonlyMap<string, Declared> {
    return this.#host.declared;
  }

  get settings(): SettingsEngine {
    return this.#running().engine;
  }

  /** Through core's front door; the view for people is always made. @throws ApplianceError as core does. */
  async invoke(action: string, input: unknown = {}, by: AskedBy = {}): Promise<InvocationResult> {
    const { signal = new AbortController().signal, ...who } = by;
    const caller: Caller = {
      name: 'local:test',
      role: 'administrator',
      surface: 'cli',
      connectedAt: this.clock.monotonic(),
      ...who,
    };
    const { api, actions } = this.core;
    const result = await api.invoke({ action, input, view: true }, { caller, signal });
    const definition = await actions.find(action);
    if ('output' in result && definition !== undefined) {
      this.#complain(`output of ${action}`, misfit(definition.output, result.output));
    }
    return result;
  }

  /** Lets time pass until the work is done, and no longer. */
  async letTimePass<Result>(work: Promise<Result>): Promise<Result> {
    const done = new AbortController();
    const end = () => done.abort();
    work.then(end, end);
    const giveUpAt = this.clock.monotonic() + patienceMs;
    while (this.clock.monotonic() <= giveUpAt) {
      await this.#host.idle();
      await this.clock.advance(0);
      if (done.signal.aborted) return work;
      await this.clock.advance(stepMs);
    }
    throw new Error(`not done after ${patienceMs / 1_000} s`);
  }

  /** Installs or replaces a package; `plugin.rescan` or `plugin.reload` take it up. */
  async install(plugin: PluginUnderTest): Promise<string> {
    return this.#host.install(plugin, this.system.files);
  }

  async uninstall(id: string): Promise<void> {
    await this.#host.uninstall(id, this.system.files);
  }

  /** Core is killed at once and starts again: files, engines and systemd's timers go on, nothing else does. */
  async restart(): Promise<void> {
    this.#system.faults.crash();
    this.#system = this.#system.afterCrash();
    await this.#boot();
  }

  /** Power fails and comes back: /run is empty, engines start anew, no timer is left. */
  async powerLoss(): Promise<void> {
    this.#system.faults.crash();
    this.#system = this.#system.afterPowerLoss();
    this.#prepare();
    await this.#boot();
  }

  /** Shuts down in order. @throws Error for what did not fit its schema, and for timers, watches and subscriptions left behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    const composed = this.#composed;
    if (composed === undefined) return;
    this.#composed = undefined;
    await this.letTimePass(composed.appliance[Symbol.asyncDispose]());
    this.#system.verify();
    if (this.problems.length > 0) throw new Error(this.problems.join('\n'));
  }

  #prepare(): void {
    const { units, files } = this.#system;
    this.#boots += 1;
    files.put('/proc/sys/kernel/random/boot_id', `boot-${this.#boots}\n`);
    for (const unit of ['gemel-rollback@.service', 'gemel-maintenance.target']) units.add(unit);
    units.onStart('gemel-rollback@.service', (unit) => {
      const revision = Number(/@(\d+)\.service$/.exec(unit)?.[1]);
      void this.#composed?.appliance.settings.rollBackExpired(revision);
    });
    this.#models?.prepare(this.#system);
    this.#options.prepare?.(this.#system);
  }

  async #boot(): Promise<void> {
    this.#models?.connect(this.#system);
    this.#options.script?.(this.#system.commands);
    // loaded only here: tests of pure parts use this package, too, and do not need all of core
    const { composeAppliance } = await import('../kernel/compose.js');
    const composed = composeAppliance({
      system: this.#system,
      paths: appliancePaths('/usr/lib/gemel/plugins'),
      log: this.#logger(),
      watchdog: { intervalMs: undefined, feed: async () => {} },
      doors: async () => ({ answers: async () => {}, [Symbol.asyncDispose]: async () => {} }),
      pluginHost: this.#host,
      uploadFiles: memoryUploads(this.#system.files),
      createBus: (clock, log) => new CheckedEventBus(clock, log, (problem) => this.problems.push(problem)),
    });
    this.#composed = composed;
    const { appliance } = composed;
    appliance.bus.onAny('test', '', (payload, event) => {
      this.events.push(event);
      if (event.id === statusChanged.id) this.#checkStatus(appliance, statusChanged.schema.parse(payload));
    });
    await this.letTimePass(appliance.boot());
  }

  #checkStatus(
    { status }: Appliance,
    { status: id, value }: { readonly status: string; readonly value?: unknown },
  ): void {
    const definition = status.definitions().find((each) => each.id === id);
    if (definition !== undefined) this.#complain(`status ${id}`, misfit(definition.schema, value));
  }

  #complain(what: string, problem: string | undefined): void {
    if (problem !== undefined) this.problems.push(`${what}: ${problem}`);
  }

  #running(): Composed {
    if (this.#composed === undefined) throw new ApplianceError('unavailable', 'The test has ended this appliance.');
    return this.#composed;
  }

  #logger(): Logger {
    const at = (level: keyof Logger) => (fields: TestLogLine['fields'], message: string) => {
      this.log.push({ level, fields, message });
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}

/** A booted appliance; `await using` ends it with the test. */
export async function createTestAppliance(options?: TestApplianceOptions): Promise<TestAppliance> {
  return TestAppliance.start(options);
}
