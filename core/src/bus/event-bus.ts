import { EventEmitter } from 'eventemitter3';
import {
  type Clock,
  type EventDefinition,
  type EventListener,
  type Logger,
  type PublishedEvent,
  toDisposable,
} from '../sdk/index.js';

type AnyListener = (event: PublishedEvent) => void;

/** Deeper chains of events caused by events are a loop: A causes B causes A. */
const deepestChain = 32;

/** Channel of listeners that want every event; ids of definitions always contain a dot, so it can't collide. */
const everything = '*';

/**
 * The internal event bus. Delivery is synchronous and in order of subscribing.
 *
 * INVARIANTS
 * - A listener that throws harms neither the publisher nor the other listeners; it is logged with its owner.
 * - `sequence` counts up by one per event, gapless.
 * - Payloads are trusted inside the process (the compiler checked them); they are parsed at the borders.
 */
export class EventBus {
  readonly #emitter = new EventEmitter<string>();
  readonly #clock: Clock;
  readonly #log: Logger;
  #sequence = 0;
  #depth = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  get listenerCount(): number {
    return this.#emitter.eventNames().reduce((count, name) => count + this.#emitter.listenerCount(name), 0);
  }

  publish<Payload>(source: string, definition: EventDefinition<Payload>, payload: Payload): void {
    if (this.#depth >= deepestChain) {
      this.#log.error({ event: definition.id, source }, 'event dropped: a chain of events causes itself');
      return;
    }
    this.#sequence += 1;
    const event: PublishedEvent = {
      id: definition.id,
      at: this.#clock.now(),
      sequence: this.#sequence,
      source,
      payload,
    };
    this.#depth += 1;
    try {
      this.#emitter.emit(definition.id, event);
      this.#emitter.emit(everything, event);
    } finally {
      this.#depth -= 1;
    }
  }

  on<Payload>(owner: string, definition: EventDefinition<Payload>, listener: EventListener<Payload>): Disposable {
    return this.#listen(owner, definition.id, (event) => {
      // the definition that was published under this id is the one that was subscribed with: ids are unique per manifest
      const typed = event as PublishedEvent<Payload>;
      listener(typed.payload, typed);
    });
  }

  onAny(owner: string, prefix: string, listener: EventListener<unknown>): Disposable {
    return this.#listen(owner, everything, (event) => {
      if (event.id.startsWith(prefix)) listener(event.payload, event);
    });
  }

  #listen(owner: string, channel: string, listener: AnyListener): Disposable {
    const guarded: AnyListener = (event) => {
      try {
        listener(event);
      } catch (failure) {
        this.#log.error({ event: event.id, owner, err: failure }, 'listener failed');
      }
    };
    this.#emitter.on(channel, guarded);
    return toDisposable(() => this.#emitter.off(channel, guarded));
  }
}
