import { isDeepStrictEqual } from 'node:util';
import type { EventBus } from '../bus/event-bus.js';
import { type Clock, type Health, type StatusPublisher, toDisposable } from '../sdk/index.js';
import { healthChanged } from './core-events.js';
import type { HealthItem, HealthRegistry } from './health-registry.js';

/** Often enough that an operator sees a dead engine soon; each examination costs some D-Bus calls. */
const examineEveryMs = 10_000;

export interface Watchdog {
  /** How often a sign of life is due, milliseconds; undefined where nothing watches. */
  readonly intervalMs: number | undefined;
  feed(): Promise<void>;
}

export interface HealthWatchParts {
  readonly health: HealthRegistry;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly publisher: StatusPublisher<Health>;
  readonly watchdog: Watchdog;
  /** Resolves when core answers at its own door; what it cannot do in time, an operator cannot either. */
  readonly answers: (signal: AbortSignal) => Promise<void>;
}

/**
 * Looks at the health in turns and feeds the watchdog.
 *
 * INVARIANT: the watchdog is fed only after core was seen answering a request at its own socket since the last time.
 * A sick engine or plugin does not starve it: restarting core would not heal that.
 */
export class HealthWatch implements AsyncDisposable {
  readonly #ended = new AbortController();
  #feeding: Promise<void> | undefined;
  #examining: Promise<void> | undefined;
  #last: Health | undefined;

  constructor(readonly parts: HealthWatchParts) {}

  start(): void {
    const { clock, watchdog } = this.parts;
    const timers = [clock.every(examineEveryMs, () => void this.examine())];
    if (watchdog.intervalMs !== undefined) {
      this.#feedOnce();
      timers.push(clock.every(watchdog.intervalMs, () => this.#feedOnce()));
    }
    const end = toDisposable(() => timers.forEach((timer) => timer[Symbol.dispose]()));
    this.#ended.signal.addEventListener('abort', () => end[Symbol.dispose](), { once: true });
    void this.examine();
  }

  /** One turn; never more than one at a time. */
  async examine(): Promise<void> {
    this.#examining ??= this.#examineOnce().finally(() => {
      this.#examining = undefined;
    });
    return this.#examining;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await Promise.all([this.#examining, this.#feeding]);
  }

  async #examineOnce(): Promise<void> {
    const items: readonly HealthItem[] = await this.parts.health.examine();
    if (this.#ended.signal.aborted) return;
    const health = { healthy: items.every((item) => item.healthy), items: [...items] };
    if (isDeepStrictEqual(health, this.#last)) return;
    const reasons = items.filter((item) => !item.healthy).map(({ name, reason }) => `${name}: ${reason}`);
    const turned = this.#last === undefined ? !health.healthy : health.healthy !== this.#last.healthy;
    this.#last = health;
    this.parts.publisher.set(health);
    if (turned) this.parts.bus.publish('core', healthChanged, { healthy: health.healthy, reasons });
  }

  #feedOnce(): void {
    this.#feeding ??= this.parts
      .answers(this.#ended.signal)
      .then(
        () => this.parts.watchdog.feed(),
        () => undefined, // no answer: not fed; systemd restarts core when it stays so
      )
      .finally(() => {
        this.#feeding = undefined;
      });
  }
}
