import type { PublishedEvent } from '../sdk/index.js';
import { jobProgressed, statusChanged } from './core-events.js';

/** The last events are kept so that an operator who looks after the fact sees what happened. */
export const keptEvents = 500;

/**
 * Followed live and not kept: what is observed now stands in the status and the job, and a screen that asks for it every second
 * would push what happened out within minutes.
 */
const passing: ReadonlySet<string> = new Set([statusChanged.id, jobProgressed.id]);

export class RecentEvents {
  readonly #events: PublishedEvent[] = [];

  add(event: PublishedEvent): void {
    if (passing.has(event.id)) return;
    this.#events.push(event);
    if (this.#events.length > keptEvents) this.#events.shift();
  }

  list(prefix: string, limit: number): readonly PublishedEvent[] {
    return this.#events.filter(({ id }) => id.startsWith(prefix)).slice(-limit);
  }
}
