import type { Clock } from '../sdk/index.js';

export interface LockoutRules {
  /** Failures before the first wait: typing errors of a person. */
  readonly free: number;
  /** The wait doubles from one second to this. Too long for a user's name and anyone can lock that user out. */
  readonly longestMs: number;
}

/** A name or address that fails no more is forgotten after this. */
const forgetMs = 15 * 60_000;
/** Kept at most; the oldest go first, so that a flood of names costs a fixed amount. */
const kept = 10_000;

interface Record {
  failures: number;
  lockedUntil: number;
  lastAt: number;
}

/**
 * Waits that grow with failures.
 *
 * INVARIANT: an attempt counts before its password is checked and is forgiven after, so attempts at the same time can't
 * slip through together.
 */
export class Lockout {
  readonly #clock: Clock;
  readonly #rules: LockoutRules;
  readonly #records = new Map<string, Record>();

  constructor(clock: Clock, rules: LockoutRules) {
    this.#clock = clock;
    this.#rules = rules;
  }

  /** Milliseconds to wait before the next attempt; 0 when it may be made now. */
  waitMs(key: string): number {
    const record = this.#records.get(key);
    return record === undefined ? 0 : Math.max(0, record.lockedUntil - this.#clock.monotonic());
  }

  attempt(key: string): void {
    const now = this.#clock.monotonic();
    const old = this.#records.get(key);
    const failures = (old === undefined || now - old.lastAt > forgetMs ? 0 : old.failures) + 1;
    const beyond = failures - this.#rules.free;
    const wait = beyond < 0 ? 0 : Math.min(this.#rules.longestMs, 1_000 * 2 ** Math.min(beyond, 30));
    this.#records.delete(key); // so that the map's order is that of the last attempt
    this.#records.set(key, { failures, lockedUntil: now + wait, lastAt: now });
    const oldest = this.#records.keys().next().value;
    if (this.#records.size > kept && oldest !== undefined) this.#records.delete(oldest);
  }

  /** The attempt was good. Takes back that one only, or everything. */
  forgive(key: string, all: boolean): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    if (all || record.failures <= 1) this.#records.delete(key);
    else this.#records.set(key, { ...record, failures: record.failures - 1, lockedUntil: 0 });
  }
}

/** An IPv6 customer has a whole /64 to come from, so that counts as one. */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const start = head.split(':').filter((part) => part !== '');
  const end = tail === undefined ? [] : tail.split(':').filter((part) => part !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - start.length - end.length) }, () => '0');
  const groups = tail === undefined ? start : [...start, ...zeros, ...end];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
