import { ApplianceError } from '../../sdk/errors.js';
import type { Clock, TransientTimer, UnitManager, UnitStatus } from '../../sdk/system.js';

/** Engines that the sandbox has a model of, and Gemel's own units. Everything else is not installed here. */
const known = [
  /^systemd-(networkd|resolved|timedated|hostnamed)\.service$/,
  /^gemel-[a-z-]+(@[^@]+)?\.(service|target|timer)$/,
];

/** Units in memory. Their sub state is `sandbox`, so that nobody takes one for a unit of systemd. */
export class SandboxUnits implements UnitManager, Disposable {
  readonly #active = new Set<string>();
  readonly #timers = new Map<string, Disposable>();
  readonly #clock: Clock;
  readonly #onTimer: (unit: string) => void;

  /** @param onTimer Called with the unit that a timer starts. On an appliance systemd starts it, outside core. */
  constructor(clock: Clock, onTimer: (unit: string) => void) {
    this.#clock = clock;
    this.#onTimer = onTimer;
  }

  async status(unit: string): Promise<UnitStatus> {
    if (!isKnown(unit)) {
      return { name: unit, loadState: 'not-found', activeState: 'inactive', subState: 'dead', mainPid: null };
    }
    const activeState = this.#active.has(unit) || this.#timers.has(unit) ? 'active' : 'inactive';
    return { name: unit, loadState: 'loaded', activeState, subState: 'sandbox', mainPid: null };
  }

  async start(unit: string): Promise<void> {
    if (!isKnown(unit)) throw new ApplianceError('not-found', `Unit ${unit} does not exist on the sandbox host.`);
    this.#active.add(unit);
  }

  async stop(unit: string): Promise<void> {
    if (!isKnown(unit)) throw new ApplianceError('not-found', `Unit ${unit} does not exist on the sandbox host.`);
    this.#active.delete(unit);
    await this.stopTimer(unit);
  }

  restart(unit: string): Promise<void> {
    return this.start(unit);
  }

  reloadOrRestart(unit: string): Promise<void> {
    return this.start(unit);
  }

  kill(unit: string): Promise<void> {
    return this.stop(unit);
  }

  async startTimer(timer: TransientTimer): Promise<void> {
    await this.stopTimer(timer.name);
    const running = this.#clock.after(timer.afterMs, () => {
      this.#timers.delete(timer.name);
      this.#onTimer(timer.unit);
    });
    this.#timers.set(timer.name, running);
  }

  async stopTimer(name: string): Promise<void> {
    this.#timers.get(name)?.[Symbol.dispose]();
    this.#timers.delete(name);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
  }
}

function isKnown(unit: string): boolean {
  return known.some((pattern) => pattern.test(unit));
}
