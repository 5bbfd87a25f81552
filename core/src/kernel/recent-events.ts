import type { PublishedEvent } from '../sdk/index.js';

/** The last events are kept so that an operator who looks after the fact sees what happened. */
export const keptEvents = 500;

export class RecentEvents {
  readonly #events: PublishedEvent[] = [];

  add(event: PublishedEvent): void {
    this.#events.push(event);
    if (this.#events.length > keptEvents) this.#events.shift();
  }

  list(prefix: string, limit: number): readonly PublishedEvent[] {
    return this.#events.filter(({ id }) => id.startsWith(prefix)).slice(-limit);
  }
}
