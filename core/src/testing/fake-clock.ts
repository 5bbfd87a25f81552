import { ApplianceError } from '../sdk/errors.js';
import type { Clock } from '../sdk/system.js';
import { toDisposable } from '../sdk/disposable.js';

interface Timer {
  due: number;
  readonly sequence: number;
  readonly everyMs: number | undefined;
  readonly fire: () => void;
}

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now: number;
  #monotonic: number;
  #sequence = 0;

  /** @param now Wall clock at the start, milliseconds since 1970; default 2026-01-01T00:00:00Z. */
  constructor(now = Date.UTC(2026, 0, 1), monotonic = 10_000) {
    this.#now = now;
    this.#monotonic = monotonic;
  }

  /** Timers that are still going to fire: 0 when everything under test has ended. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, fire: () => void): Disposable {
    return this.#add(ms, undefined, fire);
  }

  every(ms: number, fire: () => void): Disposable {
    if (!(ms > 0)) throw new RangeError('a repeated timer needs more than 0 ms');
    return this.#add(ms, ms, fire);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled(signal));
      const onAbort = () => {
        timer[Symbol.dispose]();
        reject(cancelled(signal));
      };
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets time pass: fires what is due in order and lets the code behind each timer go on before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#moveTo(Math.max(timer.due, this.#monotonic));
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.due += timer.everyMs;
      timer.fire();
      await settle();
    }
    this.#moveTo(end);
  }

  /** Sets the wall clock forward or back without any time passing, as an operator or NTP does. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** The process that set them is gone: its timers never fire. */
  dropTimers(): void {
    this.#timers.clear();
  }

  #add(ms: number, everyMs: number | undefined, fire: () => void): Disposable {
    const timer: Timer = { due: this.#monotonic + Math.max(ms, 0), sequence: this.#sequence++, everyMs, fire };
    this.#timers.add(timer);
    return toDisposable(() => this.#timers.delete(timer));
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (next === undefined || timer.due < next.due || (timer.due === next.due && timer.sequence < next.sequence)) {
        next = timer;
      }
    }
    return next;
  }

  #moveTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }
}

function cancelled(signal: AbortSignal | undefined): ApplianceError {
  return new ApplianceError('cancelled', 'The wait was cancelled.', { cause: signal?.reason });
}

/** Two turns of the event loop: promise chains of any length run to their next real wait. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
