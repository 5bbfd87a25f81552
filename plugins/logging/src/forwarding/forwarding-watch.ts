import { type Clock, DisposableStore, type EventsAccess, type Logger, type StatusPublisher } from '@gemel/core/sdk';
import { destinationDropped, destinationFailed, destinationRecovered } from './events.js';
import type { DestinationStatus, ForwardingStatus } from './forwarding-status.js';
import { compare, type ToldDestinations } from './told-destinations.js';

/** rsyslogd counts every 5 s; two counts without movement are trouble. */
const lookEveryMs = 10_000;

/** What a queue on disk holds moves on within seconds while its receiver takes entries. */
const leftAfterMs = 30_000;

/** Each costs the other destinations a second. */
const restartEveryMs = 60_000;
/** The longest pause between two that were in vain. */
const longestPauseMs = 15 * 60_000;

export interface ForwardingWatchParts {
  readonly clock: Clock;
  readonly events: EventsAccess;
  readonly log: Logger;
  readonly status: StatusPublisher<ForwardingStatus>;
  readonly told: ToldDestinations;
  readonly read: () => Promise<ForwardingStatus>;
  /** Starts rsyslogd anew; what waits is kept. */
  readonly restart: () => Promise<void>;
}

/** Looks now and then, while there are destinations, and tells what changed. */
export class ForwardingWatch implements AsyncDisposable {
  readonly #own = new DisposableStore();
  #timer: Disposable | undefined;
  #looking: Promise<void> | undefined;
  /** Monotonic. */
  #restartedAt = Number.NEGATIVE_INFINITY;
  /** Restarts for receivers that rsyslogd has given up since. */
  #inVain = 0;
  readonly #unmoved = new Map<string, Unmoved>();

  constructor(readonly parts: ForwardingWatchParts) {}

  /** @param needed False where nothing is forwarded: nobody looks then. */
  turn(needed: boolean): void {
    if (needed === (this.#timer !== undefined)) return;
    if (this.#timer !== undefined) {
      void this.#own.release(this.#timer);
      this.#timer = undefined;
      void this.look(); // none is there any more: nothing of them is remembered
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

  async #look(): Promise<void> {
    const { events, log, status, told, read } = this.parts;
    try {
      const now = await read();
      status.set(now);
      const before = await told.all();
      const found = now.destinations.map((each) => ({
        each,
        ...compare(
          before.find(({ name }) => name === each.name),
          each,
        ),
      }));
      for (const { each, failed, recovered, dropped } of found) {
        const destination = each.name;
        if (failed) events.publish(destinationFailed, { destination, reason: each.lastError ?? '' });
        if (recovered) events.publish(destinationRecovered, { destination, queued: each.queued });
        if (dropped > 0) events.publish(destinationDropped, { destination, count: dropped });
      }
      await told.keep(found.map((each) => each.told));
      await this.#mend(now.destinations);
    } catch (err) {
      log.warn({ err }, 'log forwarding could not be looked at');
    }
  }

  async #mend(destinations: readonly DestinationStatus[]): Promise<void> {
    const left = destinations.filter((each) => this.#isLeft(each));
    if (left.length > 0) await this.#restart(restartEveryMs);
    else if (destinations.some(gaveUp)) {
      const pauseMs = Math.min(restartEveryMs * 2 ** Math.max(0, this.#inVain - 1), longestPauseMs);
      if (await this.#restart(pauseMs)) this.#inVain += 1;
    } else if (destinations.every(({ state }) => state !== 'starting' && state !== 'stopped')) this.#inVain = 0;
  }

  async #restart(pauseMs: number): Promise<boolean> {
    const { clock, restart } = this.parts;
    if (clock.monotonic() - this.#restartedAt < pauseMs) return false;
    this.#restartedAt = clock.monotonic();
    this.#unmoved.clear();
    await restart();
    return true;
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
