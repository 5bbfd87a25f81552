import { ApplianceError, asApplianceError, type Clock } from '@gemel/core/sdk';
import { encodeFrame, FrameReader } from './frame.js';
import { isRecord, toWireError } from './wire-error.js';

/** The part of a socket that a link needs. */
export interface LinkStream {
  write(bytes: Buffer): void;
  /** Written and not yet taken by the other side. */
  readonly pendingBytes: number;
  /** At once, without waiting for what is pending. */
  destroy(): void;
}

export interface AnswerCall {
  readonly signal: AbortSignal;
  /** How long the other side waits, milliseconds. */
  readonly limitMs: number;
}

export interface LinkOptions {
  readonly clock: Clock;
  /** Of a received frame. */
  readonly maxReceivedBytes: number;
  /** Of a sent frame: what the other side takes. */
  readonly maxSentBytes: number;
  /** Requests of the other side that may run at the same time; none when absent. */
  requestsAtOnce?(): number;
  answer?(method: string, body: unknown, call: AnswerCall): Promise<unknown>;
  /** Called once, whoever closed it. */
  closed(reason: string): void;
}

export const linkLimits = {
  /** Time for the rest of a frame that has begun. */
  frameMs: 5_000,
  /** Silence after a request before the other side is asked whether it is alive, and again before it is given up. A busy core may load code meanwhile. */
  silenceMs: 3_000,
  /** Unread answers above this close the link. */
  pendingBytes: 16 * 1024 * 1024,
  /** Longest that a request may ask for. */
  longestMs: 600_000,
} as const;

/** What came of a request that was answered: a body, or what was thrown there. */
export type LinkAnswer =
  | { readonly kind: 'answer'; readonly body: unknown }
  | { readonly kind: 'thrown'; readonly error: unknown };

interface Waiting {
  resolve(answer: LinkAnswer): void;
  reject(failure: ApplianceError): void;
}

/**
 * Requests and answers over one connection, in both directions and several at a time. A request may take long; whether the other
 * side is alive is asked apart from it, so that a dead path is known after two seconds.
 */
export class Link {
  readonly #stream: LinkStream;
  readonly #options: LinkOptions;
  readonly #reader: FrameReader;
  readonly #waiting = new Map<number, Waiting>();
  readonly #running = new Map<number, AbortController>();
  #nextId = 1;
  #lastReceived: number;
  #frameLimit: Disposable | undefined;
  #silence: Disposable | undefined;
  #closed: string | undefined;

  constructor(stream: LinkStream, options: LinkOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#reader = new FrameReader(options.maxReceivedBytes);
    this.#lastReceived = options.clock.monotonic();
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Requests under way in either direction. */
  get busy(): boolean {
    return this.#waiting.size > 0 || this.#running.size > 0;
  }

  /** @throws ApplianceError `timeout`, `cancelled`; `invalid` when it is too large; `unavailable` when the link ends before the answer. */
  async call(method: string, body: unknown, limitMs: number, signal?: AbortSignal): Promise<LinkAnswer> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<LinkAnswer>();
    if (this.#closed !== undefined) throw gone(this.#closed);
    const giveUp = (failure: ApplianceError) => {
      if (!this.#waiting.delete(id)) return;
      this.#send({ cancel: id });
      reject(failure);
    };
    const cancel = () => giveUp(new ApplianceError('cancelled', 'The request to the other node was cancelled.'));
    if (signal?.aborted === true) throw new ApplianceError('cancelled', 'The request to the other node was cancelled.');
    this.#waiting.set(id, { resolve, reject });
    using _limit = this.#options.clock.after(limitMs, () =>
      giveUp(new ApplianceError('timeout', `No answer within ${Math.round(limitMs / 100) / 10} s.`)),
    );
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      this.#send({ call: id, method, body, limitMs });
      this.#watchSilence();
      return await promise;
    } finally {
      this.#waiting.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
  }

  received(chunk: Buffer): void {
    if (this.#closed !== undefined) return;
    this.#lastReceived = this.#options.clock.monotonic();
    try {
      this.#reader.push(chunk, (message) => {
        this.#frameLimit?.[Symbol.dispose]();
        this.#frameLimit = undefined;
        this.#take(message);
      });
    } catch (thrown) {
      this.close(thrown instanceof Error ? thrown.message : String(thrown));
      return;
    }
    if (this.#reader.partial && this.#frameLimit === undefined) {
      this.#frameLimit = this.#options.clock.after(linkLimits.frameMs, () =>
        this.close(`a frame did not end within ${linkLimits.frameMs / 1_000} s`),
      );
    }
  }

  close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#frameLimit?.[Symbol.dispose]();
    this.#silence?.[Symbol.dispose]();
    this.#stream.destroy();
    for (const running of this.#running.values()) running.abort();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(gone(reason));
    this.#options.closed(reason);
  }

  /** @throws ApplianceError `invalid` for more than the other side takes. */
  #send(message: unknown): void {
    if (this.#closed !== undefined) return;
    const frame = encodeFrame(message);
    const { maxSentBytes } = this.#options;
    if (frame.length > maxSentBytes) {
      throw new ApplianceError('invalid', `${frame.length} bytes are more than the ${maxSentBytes} of one message.`);
    }
    this.#stream.write(frame);
    if (this.#stream.pendingBytes > linkLimits.pendingBytes) this.close('the other side does not read its answers');
  }

  #take(message: unknown): void {
    if (!isRecord(message)) throw new TypeError('a frame is no message');
    const { call, cancel, reply, failure, alive, body } = message;
    if (typeof call === 'number') void this.#answer(call, message);
    else if (typeof cancel === 'number') this.#running.get(cancel)?.abort();
    else if (typeof reply === 'number') this.#settle(reply)?.resolve({ kind: 'answer', body });
    else if (typeof failure === 'number') this.#settle(failure)?.resolve({ kind: 'thrown', error: message['error'] });
    else if (alive === 'ask') this.#send({ alive: 'yes' });
    else if (alive !== 'yes') throw new TypeError('a frame is no message');
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  async #answer(id: number, { method, body, limitMs }: Readonly<Record<string, unknown>>): Promise<void> {
    const { answer } = this.#options;
    const atOnce = this.#options.requestsAtOnce?.() ?? 0;
    const running = new AbortController();
    try {
      if (answer === undefined || typeof method !== 'string' || this.#running.has(id)) {
        throw new ApplianceError('invalid', 'This is not a request that is answered here.');
      }
      if (this.#running.size >= atOnce) {
        throw new ApplianceError('unavailable', `More than ${atOnce} requests at once. Try again in a moment.`);
      }
      const limit = typeof limitMs === 'number' && limitMs > 0 ? Math.min(limitMs, linkLimits.longestMs) : 10_000;
      this.#running.set(id, running);
      const result = await answer(method, body, { signal: running.signal, limitMs: limit });
      this.#send({ reply: id, body: result });
    } catch (thrown) {
      this.#send({ failure: id, error: toWireError(asApplianceError(thrown)) });
    } finally {
      if (this.#running.get(id) === running) this.#running.delete(id);
    }
  }

  /** While an answer is awaited, a silent other side is asked, and given up when it stays silent. */
  #watchSilence(asked = false): void {
    if (this.#silence !== undefined && !asked) return;
    const { clock } = this.#options;
    const since = clock.monotonic();
    this.#silence = clock.after(linkLimits.silenceMs, () => {
      this.#silence = undefined;
      if (this.#closed !== undefined || this.#waiting.size === 0) return;
      const silent = this.#lastReceived < since;
      if (silent && asked) return this.close('the other side is silent');
      if (silent) this.#send({ alive: 'ask' });
      this.#watchSilence(silent);
    });
  }
}

function gone(reason: string): ApplianceError {
  return new ApplianceError('unavailable', `The connection ended: ${reason}.`);
}
