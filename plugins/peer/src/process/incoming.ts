import { ApplianceError, type Clock } from '@gemel/core/sdk';
import type { AnswerCall, Link, LinkOptions } from '../wire/link.js';
import { messageBytes } from '../wire/sizes.js';
import { fromWireError } from '../wire/wire-error.js';
import type { Admission, Admitted } from './admission.js';
import type { CoreDoor } from './core-door.js';

export const incomingLimits = {
  /** Requests of one connection that run at the same time. */
  strangerAtOnce: 2,
  pairedAtOnce: 32,
  /** A connection on which nothing happens is closed after this long, milliseconds. */
  strangerIdleMs: 10_000,
  pairedIdleMs: 120_000,
} as const;

/** A connection whose other end has proven its key. */
export interface Visitor {
  readonly address: string;
  readonly fingerprint: string;
  readonly admitted: Admitted;
  open(options: LinkOptions): Link;
}

export interface IncomingParts {
  readonly clock: Clock;
  readonly core: CoreDoor;
  readonly admission: Admission;
}

/** Answers one connection from outside. Who is the paired node is core's to say, with each answer. */
export class Incoming {
  readonly #parts: IncomingParts;
  readonly #visitor: Visitor;
  readonly #link: Link;
  #paired = false;
  #lastUsed: number;
  #idle: Disposable;

  constructor(parts: IncomingParts, visitor: Visitor) {
    this.#parts = parts;
    this.#visitor = visitor;
    this.#lastUsed = parts.clock.monotonic();
    this.#link = visitor.open({
      clock: parts.clock,
      maxReceivedBytes: messageBytes.request,
      maxSentBytes: messageBytes.answer,
      requestsAtOnce: () => (this.#paired ? incomingLimits.pairedAtOnce : incomingLimits.strangerAtOnce),
      answer: (method, body, call) => this.#answer(method, body, call),
      closed: () => {
        this.#idle[Symbol.dispose]();
        visitor.admitted[Symbol.dispose]();
      },
    });
    this.#idle = this.#watchIdle(this.#idleMs);
  }

  close(): void {
    this.#link.close('gemel-peer is ending');
  }

  get #idleMs(): number {
    return this.#paired ? incomingLimits.pairedIdleMs : incomingLimits.strangerIdleMs;
  }

  async #answer(request: string, body: unknown, { signal }: AnswerCall): Promise<unknown> {
    const { core, admission } = this.#parts;
    const { address, fingerprint, admitted } = this.#visitor;
    const waitMs = this.#paired ? 0 : admission.ask(address);
    if (waitMs > 0) {
      const text = `Too many requests from ${address}. Try again in ${Math.ceil(waitMs / 1_000)} s.`;
      throw new ApplianceError('unavailable', text);
    }
    try {
      const delivered = await core.deliver({ request, body, address, fingerprint }, signal);
      this.#paired = delivered.pinned;
      if (delivered.pinned) admitted.trust();
      if (delivered.error !== undefined) throw fromWireError(delivered.error);
      return delivered.body;
    } finally {
      this.#lastUsed = this.#parts.clock.monotonic();
    }
  }

  #watchIdle(ms: number): Disposable {
    const { clock } = this.#parts;
    return clock.after(ms, () => {
      const left = this.#lastUsed + this.#idleMs - clock.monotonic();
      if (!this.#link.busy && left <= 0) this.#link.close('nothing happened on it');
      else this.#idle = this.#watchIdle(Math.max(left, 1_000));
    });
  }
}
