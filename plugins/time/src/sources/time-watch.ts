import { type Clock, DisposableStore, type EventsAccess, type Logger, type StatusPublisher } from '@gemel/core/sdk';
import { compareTime, timeEvents } from './time-events.js';
import type { TimeStatus } from './time-status.js';

/** chrony asks its servers every 64 s at most often, save for the first seconds; two small processes per look. */
const lookEveryMs = 15_000;
/** chrony corrects less than this gradually; a jump this big is a step. Scheduling delays stay below it. */
const stepSeconds = 0.5;

export interface TimeWatchParts {
  readonly clock: Clock;
  readonly events: EventsAccess;
  readonly log: Logger;
  readonly status: StatusPublisher<TimeStatus>;
  readonly read: (signal?: AbortSignal) => Promise<TimeStatus>;
}

/** Looks at chrony now and then, keeps the status fresh and tells what changed. */
export class TimeWatch implements AsyncDisposable {
  readonly #own = new DisposableStore();
  readonly #parts: TimeWatchParts;
  #last: TimeStatus | undefined;
  #ahead: number;
  #looking: Promise<void> | undefined;

  constructor(parts: TimeWatchParts) {
    this.#parts = parts;
    this.#ahead = this.#wallAhead();
    this.#own.add(parts.clock.every(lookEveryMs, () => void this.look()));
  }

  /** Never rejects: an engine that fails now is looked at again the next time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own[Symbol.asyncDispose]();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { events, log, status, read } = this.#parts;
    this.#findStep();
    try {
      const now = await read();
      const findings = compareTime(this.#last, now);
      this.#last = now;
      status.set(now);
      if (findings.synchronised !== undefined) events.publish(timeEvents.synchronised, findings.synchronised);
      if (findings.lost !== undefined) events.publish(timeEvents.lost, findings.lost);
      for (const found of findings.falseTickers) events.publish(timeEvents.falseTickerFound, found);
    } catch (err) {
      log.warn({ err }, 'chrony could not be asked');
    }
  }

  /** The wall clock may jump, the monotonic one does not: their distance changes by the length of the step. */
  #findStep(): void {
    const ahead = this.#wallAhead();
    const seconds = (ahead - this.#ahead) / 1_000;
    this.#ahead = ahead;
    if (Math.abs(seconds) >= stepSeconds) this.#parts.events.publish(timeEvents.stepped, { seconds });
  }

  #wallAhead(): number {
    return this.#parts.clock.now() - this.#parts.clock.monotonic();
  }
}
