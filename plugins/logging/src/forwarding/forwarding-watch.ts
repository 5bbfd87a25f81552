import { type Clock, DisposableStore, type EventsAccess, type Logger, type StatusPublisher } from '@gemel/core/sdk';
import { destinationDropped, destinationFailed, destinationRecovered } from './events.js';
import type { DestinationStatus, ForwardingStatus } from './forwarding-status.js';

/** rsyslogd counts every 5 s; two counts without movement are trouble. */
const lookEveryMs = 10_000;

/** What a queue on disk holds moves on within seconds while its receiver takes entries. */
const leftAfterMs = 30_000;

/** Each costs the other destinations a second. */
const restartEveryMs = 60_000;

export interface ForwardingWatchParts {
  readonly clock: Clock;
  readonly events: EventsAccess;
  readonly log: Logger;
  readonly status: StatusPublisher<ForwardingStatus>;
  readonly read: () => Promise<ForwardingStatus>;
  /** Starts rsyslogd anew; what waits is kept. */
  readonly restart: () => Promise<void>;
}

/** Looks now and then, while there are destinations, and tells what changed. */
export class ForwardingWatch implements AsyncDisposable {
  readonly #own = new DisposableStore();
  #timer: Disposable | undefined;
  #last: ForwardingStatus | undefined;
  #looking: Promise<void> | undefined;
  /** Monotonic. */
  #restartedAt = Number.NEGATIVE_INFINITY;
  readonly #unmoved = new Map<string, Unmoved>();

  constructor(readonly parts: ForwardingWatchParts) {}

  /** @param needed False where nothing is forwarded: nobody looks then. */
  turn(needed: boolean): void {
    if (needed === (this.#timer !== undefined)) return;
    if (this.#timer !== undefined) {
      void this.#own.release(this.#timer);
      this.#timer = undefined;
      this.#last = undefined;
      return;
    }
    this.#timer = this.#own.add(this.parts.clock.every(lookEveryMs, () => void this.look()));
  }

  /** Never rejects: what cannot be read now is looked at again the next time. */
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

  /**
   * rsyslog 8.2504 at times leaves the last entries of a queue on disk there, while newer ones go by them from memory, until it is started anew.
   * Of a receiver that is away nothing goes by them. Between newer ones that are rare it looks like that: `waiting`.
   */
  #isLeft({ name, queued, sent }: DestinationStatus): boolean {
    const at = this.parts.clock.monotonic();
    const known = this.#unmoved.get(name);
    if (queued === 0 || known?.queued !== queued) {
      this.#unmoved.set(name, { queued, sent, since: at });
      return false;
    }
    return sent > known.sent && at - known.since >= leftAfterMs;
  }

  async #restart(): Promise<void> {
    const { clock, restart } = this.parts;
    if (clock.monotonic() - this.#restartedAt < restartEveryMs) return;
    this.#restartedAt = clock.monotonic();
    this.#unmoved.clear();
    await restart();
  }

  async #look(): Promise<void> {
    const { events, log, status, read } = this.parts;
    try {
      const now = await read();
      const before = this.#last;
      this.#last = now;
      status.set(now);
      for (const each of now.destinations) {
        const { failed, recovered, dropped } = compare(
          before?.destinations.find(({ name }) => name === each.name),
          each,
        );
        const destination = each.name;
        if (failed) events.publish(destinationFailed, { destination, reason: each.lastError ?? '' });
        if (recovered) events.publish(destinationRecovered, { destination, queued: each.queued });
        if (dropped > 0) events.publish(destinationDropped, { destination, count: dropped });
      }
      const left = now.destinations.filter((each) => this.#isLeft(each));
      if (left.length > 0 || now.destinations.some(gaveUp)) await this.#restart();
    } catch (err) {
      log.warn({ err }, 'log forwarding could not be looked at');
    }
  }
}

/** librelp does not try a receiver again whose certificate was once not the right one, although that may be mended there. */
export function gaveUp({ state, lastError }: DestinationStatus): boolean {
  return state === 'waiting' && lastError?.includes('DISABLING action') === true;
}

interface Unmoved {
  readonly queued: number;
  readonly sent: number;
  /** Monotonic. */
  readonly since: number;
}

interface Findings {
  readonly failed: boolean;
  readonly recovered: boolean;
  readonly dropped: number;
}

/** What happened between two looks; counters begin anew with rsyslogd. */
export function compare(before: DestinationStatus | undefined, now: DestinationStatus): Findings {
  const bad = ({ state }: DestinationStatus) => state === 'waiting' || state === 'stopped';
  const wasBad = before !== undefined && bad(before);
  const known = before === undefined || now.dropped < before.dropped ? 0 : before.dropped;
  return {
    failed: bad(now) && !wasBad,
    recovered: wasBad && now.state === 'sending',
    dropped: now.dropped - known,
  };
}
