import type { z } from 'zod';
import type { View } from './view.js';

/** Observed state: one retained value. */
export interface StatusDefinition<Value> {
  /** Dotted: `network.links`. */
  readonly id: string;
  readonly title: string;
  readonly schema: z.ZodType<Value>;
  /** How a person sees it in full. */
  present(value: Value): View;
  /** The one or two lines for `gemel status`; absent when the item does not belong on the overview. */
  overview?(
    value: Value,
  ): readonly (readonly [
    string,
    { readonly text: string; readonly tone?: 'ok' | 'warn' | 'bad' | 'pending' | 'muted' | 'plain' },
  ])[];
}

export function defineStatus<Value>(definition: StatusDefinition<Value>): StatusDefinition<Value> {
  return definition;
}

export interface StatusPublisher<Value> extends Disposable {
  set(value: Value): void;
}

export interface StatusAccess {
  /**
   * @param read Reads the live state when somebody asks and the retained value is older than `maxAgeMs` (default 1,000).
   *             It must be quick: it is given 2 s, after which the retained value is served.
   */
  add<Value>(
    definition: StatusDefinition<Value>,
    read?: (signal: AbortSignal) => Promise<Value>,
    options?: { readonly maxAgeMs?: number },
  ): StatusPublisher<Value>;
  /** The retained value of any plugin's status, or undefined when it is not there (yet). */
  get<Value>(definition: StatusDefinition<Value>): Promise<Value | undefined>;
}
