import { EventEmitter } from 'eventemitter3';
import {
  type Clock,
  type EventDefinition,
  type EventListener,
  type Logger,
  type PublishedEvent,
  toDisposable,
} from '../sdk/index.js';
import { Seldom } from './seldom.js';

/** Deeper chains of events caused by events are a loop: A causes B causes A. */
const deepestChain = 32;

/** Channel of listeners that want every event; ids of definitions always contain a dot, so it can't collide. */
const everything = '*';

/**
 * The internal event bus. Delivery is synchronous and in order of subscribing.
 *
 * INVARIANTS
 * - A listener that throws harms neither the publisher nor the other listeners; it is logged with its owner, not every time.
 * - Events of one turn of the event loop carry the same time.
 * - `sequence` counts up by one per event, gapless.
 * - Payloads are trusted inside the process: the compiler checked them, and those of extra plugins were parsed before.
 */
export class EventBus {
  readonly #emitter = new EventEmitter<string>();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #seldom: Seldom;
  #sequence = 0;
  #depth = 0;
  /** The time of this turn of the event loop: reading the clock costs as much as five deliveries. */
  #turnAt: number | undefined;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    this.#seldom = new Seldom(clock);
  }

  get listenerCount(): number {
    return this.#emitter.eventNames().reduce((count, name) => count + this.#emitter.listenerCount(name), 0);
  }

  publish<Payload>(source: string, definition: EventDefinition<Payload>, payload: Payload): void {
    if (this.#depth >= deepestChain) {
      this.#seldom.say(`chain ${source} ${definition.id}`, (leftOut) =>
        this.#log.error({ event: definition.id, source, leftOut }, 'event dropped: a chain of events causes itself'),
      );
      return;
    }
    this.#sequence += 1;
    const event: PublishedEvent = {
      id: definition.id,
      at: this.#turnAt ?? this.#beginTurn(),
      sequence: this.#sequence,
      source,
      payload,
    };
    this.#depth += 1;
    try {
      this.#emitter.emit(definition.id, payload, event);
      this.#emitter.emit(everything, payload, event);
    } finally {
      this.#depth -= 1;
    }
  }

  on<Payload>(owner: string, definition: EventDefinition<Payload>, listener: EventListener<Payload>): Disposable {
    // one closure per listener and no more: its cost is paid at every delivery
    return this.#listen(definition.id, (payload: Payload, event: PublishedEvent<Payload>) => {
      try {
        listener(payload, event);
      } catch (failure) {
        this.#failed(owner, event, failure);
      }
    });
  }

  onAny(owner: string, prefix: string, listener: EventListener<unknown>): Disposable {
    return this.#listen(everything, (payload: unknown, event: PublishedEvent) => {
      if (!event.id.startsWith(prefix)) return;
      try {
        listener(payload, event);
      } catch (failure) {
        this.#failed(owner, event, failure);
      }
    });
  }

  #beginTurn(): number {
    queueMicrotask(() => {
      this.#turnAt = undefined;
    });
    this.#turnAt = this.#clock.now();
    return this.#turnAt;
  }

  /** The payload's type is the definition's: ids are unique, so what arrives under an id was published with its definition. */
  #listen<Payload>(channel: string, guarded: EventListener<Payload>): Disposable {
    this.#emitter.on(channel, guarded);
    return toDisposable(() => this.#emitter.off(channel, guarded));
  }

  #failed(owner: string, event: PublishedEvent, failure: unknown): void {
    this.#seldom.say(`listener ${owner} ${event.id}`, (leftOut) =>
      this.#log.error({ event: event.id, owner, err: failure, leftOut }, 'listener failed'),
    );
  }
}
