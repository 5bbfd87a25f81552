import type { Clock } from '@gemel/core/sdk';
import { sourceOf, Throttle } from './throttle.js';

export const admissionLimits = {
  /** Connections at once, strangers and the other node together. */
  connections: 64,
  /** Kept for the paired node: strangers get what is left. */
  reserved: 8,
  /** Of one source at once. */
  perSource: 8,
  trustedSources: 4,
  /** New connections of one source: a handshake costs a millisecond of a processor. */
  opening: { burst: 20, everyMs: 1_000 },
  /** Requests of one source that is not the paired node. */
  asking: { burst: 10, everyMs: 2_000 },
} as const;

/** A connection that was let in; it counts until it is ended. */
export interface Admitted extends Disposable {
  /** It has proven to be the paired node: it is throttled no more, nor is its source when it connects anew. */
  trust(): void;
}

/**
 * Decides who may connect and ask. The paired node is told from strangers only after the handshake, so everybody is a stranger at
 * first, and sources from which the paired node came last are let in faster.
 */
export class Admission {
  readonly #opening: Throttle;
  readonly #asking: Throttle;
  readonly #bySource = new Map<string, number>();
  #strangers = 0;
  #open = 0;
  /** Where the paired node was last; it has an address on each of two networks. */
  readonly #trusted = new Set<string>();

  constructor(clock: Clock) {
    this.#opening = new Throttle(clock, admissionLimits.opening);
    this.#asking = new Throttle(clock, admissionLimits.asking);
  }

  /** @returns undefined when the connection must be closed at once. */
  admit(address: string): Admitted | undefined {
    const source = sourceOf(address);
    const here = this.#bySource.get(source) ?? 0;
    const known = this.#trusted.has(source);
    const room = known
      ? this.#open < admissionLimits.connections
      : this.#strangers < admissionLimits.connections - admissionLimits.reserved;
    if (!room || here >= admissionLimits.perSource) return undefined;
    if (!known && this.#opening.take(address) > 0) return undefined;
    this.#bySource.set(source, here + 1);
    this.#open += 1;
    this.#strangers += 1;
    let stranger = true;
    let ended = false;
    const leaveStrangers = () => {
      if (stranger) this.#strangers -= 1;
      stranger = false;
    };
    return {
      trust: () => {
        if (ended) return;
        leaveStrangers();
        this.trustSource(address);
      },
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        leaveStrangers();
        this.#open -= 1;
        const left = (this.#bySource.get(source) ?? 1) - 1;
        if (left > 0) this.#bySource.set(source, left);
        else this.#bySource.delete(source);
      },
    };
  }

  /** The paired node has proven to be there. */
  trustSource(address: string): void {
    const source = sourceOf(address);
    this.#trusted.delete(source);
    this.#trusted.add(source);
    const [oldest] = this.#trusted;
    if (this.#trusted.size > admissionLimits.trustedSources && oldest !== undefined) this.#trusted.delete(oldest);
  }

  /** @returns 0 when a stranger may ask, otherwise how long to wait, milliseconds. */
  ask(address: string): number {
    return this.#asking.take(address);
  }
}
