import type { LinkAnswer } from './link.js';

/** What core asks `gemel-peer` for, on the process's local socket. */
export interface ExchangeRequest {
  /** Tried in this order. */
  readonly addresses: readonly string[];
  /** What the other end must show; nothing is sent to any other. */
  readonly fingerprint: string;
  /** It is the paired node, whose source is let in faster. */
  readonly paired: boolean;
  readonly request: string;
  readonly body: unknown;
  readonly limitMs: number;
}

/** What came of an exchange that reached the other node, and where it was reached. */
export type ExchangeResult = LinkAnswer & { readonly address: string };

export type LocalMethod = 'identity' | 'introduce' | 'exchange';

/** How much longer than the exchange itself core waits for the process to tell of it, milliseconds. */
export const localGraceMs = 1_000;

/** What the process hands to core, and what core says to it: the action `peer.deliver`. */
export interface Delivery {
  readonly request: string;
  readonly body: unknown;
  readonly address: string;
  readonly fingerprint: string;
}

export interface Delivered {
  /** The key is that of the paired node. */
  readonly pinned: boolean;
  readonly body?: unknown;
  /** What the handler threw, instead of a body. */
  readonly error?: unknown;
}
