import type { PublishedEvent } from '../sdk/events.js';
import { limits } from './protocol.js';

/**
 * Events on their way to one remote subscriber. A subscriber that reads slowly delays nobody and costs a fixed number of
 * events; when it comes back it is told how many it missed before it gets the rest.
 */
export class EventQueue {
  readonly #deliver: (event: PublishedEvent) => void;
  readonly #isCongested: () => boolean;
  #waiting: PublishedEvent[] = [];
  #lost = 0;

  constructor(deliver: (event: PublishedEvent) => void, isCongested: () => boolean) {
    this.#deliver = deliver;
    this.#isCongested = isCongested;
  }

  push(event: PublishedEvent): void {
    if (this.#waiting.length === 0 && !this.#isCongested()) {
      this.#deliver(event);
      return;
    }
    this.#waiting.push(event);
    // dropped in blocks: shifting a thousand entries for every event of a flood would cost more than the event
    if (this.#waiting.length < limits.queuedEvents * 2) return;
    this.#lost += this.#waiting.length - limits.queuedEvents;
    this.#waiting = this.#waiting.slice(-limits.queuedEvents);
  }

  /** Goes on delivering, until it is congested again. */
  drain(): void {
    const surplus = this.#waiting.length - limits.queuedEvents;
    if (surplus > 0) {
      this.#lost += surplus;
      this.#waiting = this.#waiting.slice(surplus);
    }
    const next = this.#waiting[0];
    if (this.#lost > 0 && next !== undefined) {
      this.#deliver({
        id: 'events.lost',
        at: next.at,
        sequence: next.sequence - 1,
        source: 'core',
        payload: { count: this.#lost },
      });
      this.#lost = 0;
    }
    let delivered = 0;
    for (const event of this.#waiting) {
      if (this.#isCongested()) break;
      this.#deliver(event);
      delivered += 1;
    }
    this.#waiting = this.#waiting.slice(delivered);
  }
}
