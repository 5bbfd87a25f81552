import { ApplianceError } from '../sdk/errors.js';
import type { Clock, TransientTimer, UnitManager, UnitStatus } from '../sdk/system.js';
import { FaultPlan } from './fault-plan.js';

interface ScriptedUnit {
  activeState: string;
  subState: string;
  mainPid: number | null;
  /** Result that the next start ends with, `exit-code`; then it works again. */
  failure: string | undefined;
}

interface RunningTimer extends TransientTimer {
  readonly dueAt: number;
  readonly running: Disposable;
}

/** systemd in memory: the units a test names, timers on the test's clock. */
export class ScriptedUnits implements UnitManager {
  readonly #units = new Map<string, ScriptedUnit>();
  readonly #timers = new Map<string, RunningTimer>();
  readonly #startListeners = new Map<string, (unit: string) => void>();
  /** Units that end only when they are killed, with what waits for it. */
  readonly #hanging = new Map<string, PromiseWithResolvers<void>>();
  readonly #clock: Clock;
  readonly #faults: FaultPlan;

  constructor(clock: Clock, faults = new FaultPlan()) {
    this.#clock = clock;
    this.#faults = faults;
  }

  /** Names and due times of the timers that have not fired. */
  get timers(): readonly { readonly name: string; readonly unit: string; readonly dueAt: number }[] {
    return [...this.#timers.values()].map(({ name, unit, dueAt }) => ({ name, unit, dueAt }));
  }

  /** Makes a unit known; `gemel-rollback@.service` makes every instance known. */
  add(name: string, activeState: 'active' | 'inactive' | 'failed' = 'inactive'): this {
    this.#units.set(name, unitIn(activeState));
    return this;
  }

  /** The next start, restart or reload of the unit fails with this result of systemd. */
  failNext(name: string, result = 'exit-code'): this {
    const unit = this.#find(name);
    if (unit === undefined) throw new Error(`${name} was not added`);
    unit.failure = result;
    return this;
  }

  /** Called each time a start of the unit, or of an instance of the template, succeeds, also by a timer. */
  onStart(name: string, listener: (unit: string) => void): this {
    this.#startListeners.set(name, listener);
    return this;
  }

  /** It does not hear that it is to stop: a stop waits until it is killed. */
  hang(name: string): this {
    this.#hanging.set(name, Promise.withResolvers());
    return this;
  }

  async status(unit: string): Promise<UnitStatus> {
    this.#faults.assertAlive();
    const found = this.#find(unit);
    if (found === undefined) {
      return { name: unit, loadState: 'not-found', activeState: 'inactive', subState: 'dead', mainPid: null };
    }
    return {
      name: unit,
      loadState: 'loaded',
      activeState: found.activeState,
      subState: found.subState,
      mainPid: found.mainPid,
    };
  }

  async start(unit: string): Promise<void> {
    this.#step('start', unit);
    this.#begin(unit);
  }

  async stop(unit: string): Promise<void> {
    this.#step('stop', unit);
    if (this.#timers.has(unit)) return this.#cancel(unit);
    await this.#hanging.get(unit)?.promise;
    const known = this.#known(unit);
    Object.assign(known, { ...unitIn('inactive'), failure: known.failure });
  }

  async restart(unit: string): Promise<void> {
    this.#step('restart', unit);
    this.#begin(unit);
  }

  async reloadOrRestart(unit: string): Promise<void> {
    this.#step('reload-or-restart', unit);
    this.#begin(unit);
  }

  async kill(unit: string): Promise<void> {
    this.#step('kill', unit);
    this.#hanging.get(unit)?.resolve();
    this.#hanging.delete(unit);
    Object.assign(this.#known(unit), unitIn('failed'));
  }

  async startTimer(timer: TransientTimer): Promise<void> {
    this.#step('start-timer', `${timer.name} ${timer.unit} ${timer.afterMs}`);
    this.#cancel(timer.name);
    const running = this.#clock.after(timer.afterMs, () => {
      this.#timers.delete(timer.name);
      this.#begin(timer.unit);
    });
    this.#timers.set(timer.name, { ...timer, dueAt: this.#clock.monotonic() + timer.afterMs, running });
  }

  async stopTimer(name: string): Promise<void> {
    this.#step('stop-timer', name);
    this.#cancel(name);
  }

  /** systemd goes on when a process crashes: the same units and timers, counted by another plan. */
  survive(faults: FaultPlan): ScriptedUnits {
    const next = new ScriptedUnits(this.#clock, faults);
    for (const [name, unit] of this.#units) next.#units.set(name, { ...unit });
    for (const [name, listener] of this.#startListeners) next.#startListeners.set(name, listener);
    for (const timer of this.#timers.values()) {
      timer.running[Symbol.dispose]();
      const running = this.#clock.after(timer.dueAt - this.#clock.monotonic(), () => {
        next.#timers.delete(timer.name);
        next.#begin(timer.unit);
      });
      next.#timers.set(timer.name, { ...timer, running });
    }
    this.#timers.clear();
    return next;
  }

  /** Power is off: no timer, nothing active. */
  powerOff(faults: FaultPlan): ScriptedUnits {
    for (const name of this.#timers.keys()) this.#cancel(name);
    const next = new ScriptedUnits(this.#clock, faults);
    for (const name of this.#units.keys()) next.add(name);
    for (const [name, listener] of this.#startListeners) next.#startListeners.set(name, listener);
    return next;
  }

  #step(verb: string, what: string): void {
    const usual = () => new ApplianceError('engine-failed', `${what}: ${verb} failed (result exit-code).`);
    this.#faults.step('unit', `${verb} ${what}`, usual);
  }

  #begin(name: string): void {
    const unit = this.#known(name);
    const failure = unit.failure;
    if (failure !== undefined) {
      Object.assign(unit, unitIn('failed'));
      throw new ApplianceError('engine-failed', `${name} did not start (result ${failure}).`);
    }
    Object.assign(unit, unitIn('active'));
    (this.#startListeners.get(name) ?? this.#startListeners.get(templateOf(name)))?.(name);
  }

  #find(name: string): ScriptedUnit | undefined {
    const unit = this.#units.get(name);
    if (unit !== undefined || !this.#units.has(templateOf(name))) return unit;
    const instance = unitIn('inactive');
    this.#units.set(name, instance);
    return instance;
  }

  #known(name: string): ScriptedUnit {
    const unit = this.#find(name);
    if (unit === undefined) throw new ApplianceError('not-found', `Unit ${name} does not exist.`);
    return unit;
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.running[Symbol.dispose]();
    this.#timers.delete(name);
  }
}

function unitIn(activeState: 'active' | 'inactive' | 'failed'): ScriptedUnit {
  const subState = { active: 'running', inactive: 'dead', failed: 'failed' }[activeState];
  return { activeState, subState, mainPid: activeState === 'active' ? 1000 : null, failure: undefined };
}

function templateOf(name: string): string {
  return name.replace(/@.+(\.[a-z]+)$/, '@$1');
}
