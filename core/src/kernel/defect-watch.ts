import { Seldom } from '../bus/seldom.js';
import type { Clock, HealthReport, Logger } from '../sdk/index.js';

/** Until then a defect is part of the health: long enough to be seen, and for an update's gate to find it. */
const rememberedMs = 3_600_000;

/**
 * What is thrown where nobody listens: in a timer, or by a promise that nobody waits for. One plugin's slip must not end core
 * with everybody's sessions, again and again at every turn of its timer; so core goes on, tells it in the log and is unhealthy.
 * A core that no longer answers because of it is restarted by the watchdog.
 */
export class DefectWatch {
  readonly #seldom: Seldom;
  #count = 0;
  #last: { readonly message: string; readonly at: number } | undefined;

  constructor(
    readonly clock: Clock,
    readonly log: Logger,
  ) {
    this.#seldom = new Seldom(clock);
  }

  /** For the rest of the process's life. */
  attach(): void {
    // also for promises that nobody waits for: without a listener of their own they come here
    process.on('uncaughtException', (failure: unknown) => this.note(failure));
  }

  note(failure: unknown): void {
    this.#count += 1;
    const message = failure instanceof Error ? failure.message : String(failure);
    this.#last = { message, at: this.clock.monotonic() };
    this.#seldom.say(message, (leftOut) =>
      this.log.error({ err: failure, leftOut }, 'a defect of core or a plugin: thrown where nobody listens'),
    );
  }

  health(): HealthReport {
    if (this.#last === undefined || this.clock.monotonic() - this.#last.at > rememberedMs) {
      return { healthy: true, reason: '' };
    }
    const { message } = this.#last;
    const times = this.#count === 1 ? 'once' : `${this.#count} times`;
    return {
      healthy: false,
      reason: `a defect showed ${times} since the start, last: ${message}. See: journalctl -u gemel-core -p err`,
    };
  }
}
