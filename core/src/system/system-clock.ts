import { toDisposable } from '../sdk/disposable.js';
import { ApplianceError } from '../sdk/errors.js';
import type { Clock } from '../sdk/system.js';

/** setTimeout takes a signed 32-bit number and fires at once beyond it: 24.8 days. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * The machine's clock. `monotonic` is CLOCK_MONOTONIC: the same for every process of one boot, never set, and standing still
 * while the machine sleeps, exactly like the systemd timers that guard an activation.
 */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return Number(process.hrtime.bigint() / 1000n) / 1000;
  }

  after(ms: number, fire: () => void): Disposable {
    const due = this.monotonic() + ms;
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = due - this.monotonic();
      timer = setTimeout(left > longestTimerMs ? arm : fire, Math.min(Math.max(left, 0), longestTimerMs));
    };
    arm();
    return toDisposable(() => clearTimeout(timer));
  }

  every(ms: number, fire: () => void): Disposable {
    if (!(ms > 0 && ms <= longestTimerMs)) throw new RangeError(`a timer cannot fire every ${ms} ms`);
    const timer = setInterval(fire, ms);
    return toDisposable(() => clearInterval(timer));
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
}

function cancelled(signal: AbortSignal | undefined): ApplianceError {
  return new ApplianceError('cancelled', 'The wait was cancelled.', { cause: signal?.reason });
}
