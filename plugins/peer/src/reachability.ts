import { ApplianceError, asApplianceError, type Clock, type EventsAccess } from '@gemel/core/sdk';
import { z } from 'zod';
import { definePeerRequest, type PairedPeer } from './contract.js';
import { peerEvents } from './peer-events.js';

export const reachabilityLimits = {
  /** Between two questions. Shorter finds nothing out earlier that matters: takeovers do not wait for it. */
  everyMs: 5_000,
  /** After one that failed. */
  againMs: 1_000,
  /** For an answer: a busy core takes a second at times. */
  answerMs: 3_000,
  /** Without any answer for so long it is not reachable. */
  patienceMs: 10_000,
} as const;

export const ping = definePeerRequest({
  id: 'peer.ping',
  trust: 'pinned',
  input: z.object({}),
  output: z.object({ at: z.number(), version: z.string() }),
  timeoutMs: reachabilityLimits.answerMs,
});

/** An answer to a ping. */
export interface Pong {
  readonly address: string;
  readonly at: number;
  readonly version: string;
}

export interface LastAnswer extends Pong {
  /** Wall clock of this node. */
  readonly seenAt: number;
  readonly roundTripMs: number;
  readonly clockSkewMs: number;
}

/** Asks the paired node every few seconds whether it is there. Does nothing while there is none. */
export class Reachability implements Disposable {
  readonly #clock: Clock;
  readonly #events: EventsAccess;
  readonly #ask: () => Promise<Pong>;
  /** Called when the other node began or ceased to answer. */
  readonly #changed: () => void;
  #timer: Disposable | undefined;
  #peer: PairedPeer | undefined;
  /** Undefined until the first answer or failure. */
  #reachable: boolean | undefined;
  #lastSuccess = 0;
  #answer: LastAnswer | undefined;
  #reason: string | undefined;

  constructor(clock: Clock, events: EventsAccess, ask: () => Promise<Pong>, changed: () => void) {
    this.#clock = clock;
    this.#events = events;
    this.#ask = ask;
    this.#changed = changed;
  }

  get reachable(): boolean {
    return this.#reachable === true && this.#isRecent;
  }

  get answer(): LastAnswer | undefined {
    return this.#answer;
  }

  /** Why the last exchange failed; undefined when it did not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  get #isRecent(): boolean {
    return this.#clock.monotonic() - this.#lastSuccess <= reachabilityLimits.patienceMs;
  }

  /** Begins with a node, or stops with undefined. */
  watch(peer: PairedPeer | undefined): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#peer = peer;
    this.#reachable = undefined;
    this.#answer = undefined;
    this.#reason = undefined;
    if (peer !== undefined) this.#lookAfter(peer, 0);
  }

  [Symbol.dispose](): void {
    this.watch(undefined);
  }

  #lookAfter(peer: PairedPeer, ms: number): void {
    this.#timer = this.#clock.after(ms, () => void this.#look(peer));
  }

  /** Never throws: a failure is what it is there to find out. */
  async #look(peer: PairedPeer): Promise<void> {
    const askedAt = this.#clock.monotonic();
    const outcome = await this.#ask().catch(asApplianceError);
    // another node, or none, was chosen meanwhile
    if (this.#peer !== peer) return;
    const { everyMs, againMs } = reachabilityLimits;
    if (outcome instanceof ApplianceError) this.#failed(peer, outcome.message);
    else this.#succeeded(peer, outcome, askedAt);
    this.#lookAfter(peer, this.#reason === undefined ? everyMs : againMs);
  }

  #succeeded({ hostName }: PairedPeer, pong: Pong, askedAt: number): void {
    this.#lastSuccess = this.#clock.monotonic();
    this.#reason = undefined;
    const roundTripMs = Math.round(this.#lastSuccess - askedAt);
    const seenAt = this.#clock.now();
    const clockSkewMs = Math.round(pong.at - (seenAt - roundTripMs / 2));
    this.#answer = { ...pong, seenAt, roundTripMs, clockSkewMs };
    if (this.#reachable === true) return;
    this.#reachable = true;
    this.#changed();
    this.#events.publish(peerEvents.reachable, { hostName, address: pong.address });
  }

  #failed({ hostName }: PairedPeer, reason: string): void {
    this.#reason = reason;
    if (this.#reachable === false || (this.#reachable === true && this.#isRecent)) return;
    this.#reachable = false;
    this.#changed();
    this.#events.publish(peerEvents.unreachable, { hostName, reason });
  }
}
