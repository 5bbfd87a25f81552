import type { z } from 'zod';

/** A fact in the past tense. The definition gives both the type and the run-time schema. */
export interface EventDefinition<Payload> {
  /** Dotted: `network.bond.degraded`. */
  readonly id: string;
  readonly summary: string;
  readonly schema: z.ZodType<Payload>;
}

export interface PublishedEvent<Payload = unknown> {
  readonly id: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  /** Counts up by one per event since the start of core. */
  readonly sequence: number;
  /** Plugin id, or `core`. */
  readonly source: string;
  readonly payload: Payload;
}

export type EventListener<Payload> = (payload: Payload, event: PublishedEvent<Payload>) => void;

export function defineEvent<Payload>(definition: EventDefinition<Payload>): EventDefinition<Payload> {
  return definition;
}

/** A plugin's door to the bus. Subscriptions end with the plugin. */
export interface EventsAccess {
  /**
   * The payload's type is checked by the compiler; that of an extra plugin, which may have had none, is parsed here. Beyond a plugin's
   * share of the bus events are dropped. @throws ApplianceError `forbidden` for an event that the manifest does not list under
   * `publishes`, `internal` for a payload of an extra plugin that does not fit.
   */
  publish<Payload>(definition: EventDefinition<Payload>, payload: Payload): void;
  on<Payload>(definition: EventDefinition<Payload>, listener: EventListener<Payload>): Disposable;
  /** Every event whose id starts with `prefix` (`''` is all). Payloads are unknown. */
  onAny(prefix: string, listener: EventListener<unknown>): Disposable;
}
