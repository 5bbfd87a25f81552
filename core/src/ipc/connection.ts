import type { StreamPiece } from '../sdk/actions.js';
import { ApplianceError, asApplianceError } from '../sdk/errors.js';
import type { Logger } from '../sdk/log.js';
import type { Clock } from '../sdk/system.js';
import type { AcceptedChannel, ServedHandlers } from './channel.js';
import type { OpenUpload } from './core-api.js';
import { EventQueue } from './event-queue.js';
import type { Principal } from './principals.js';
import {
  isRecord,
  limits,
  parsePiece,
  parseRequest,
  protocolVersion,
  requestId,
  toWire,
  type Welcome,
  type WirePiece,
} from './protocol.js';
import type { Origin, Router, Standing } from './router.js';

export interface ConnectionParts {
  readonly principal: Principal;
  readonly router: Router;
  readonly clock: Clock;
  readonly log: Logger;
  /** The caller's name as the kernel knows it; never from a message. */
  identify(): Promise<string>;
}

interface Running {
  readonly abort: AbortController;
  events: { readonly queue: EventQueue; readonly subscription: Disposable } | undefined;
  /** Lets a stream go on that waits for its reader. */
  goOn: (() => void) | undefined;
  /** Whose upload it is, from its beginning; the upload itself once it can take pieces. */
  upload: { readonly caller: string; open: OpenUpload | undefined } | undefined;
}

/**
 * One client, from its first message to its last.
 *
 * INVARIANTS
 * - Whatever comes in or is thrown, core and other connections go on.
 * - Every request is answered once; what runs when the connection closes is aborted, its subscriptions end, and uploads that no action
 *   has taken are removed.
 * - What a client can make core keep is bounded: requests at once, subscriptions, uploads, queued events, unread replies.
 */
export class Connection implements ServedHandlers {
  readonly #channel: AcceptedChannel;
  readonly #parts: ConnectionParts;
  readonly #connectedAt: number;
  readonly #running = new Map<number, Running>();
  readonly #identity: Promise<Origin>;
  #origin: Origin | undefined;
  #ownStanding: Standing | undefined;
  #greeted = false;
  #closed = false;
  #limit: Disposable | undefined;
  #heardAt: number;

  constructor(channel: AcceptedChannel, parts: ConnectionParts) {
    this.#channel = channel;
    this.#parts = parts;
    this.#connectedAt = parts.clock.monotonic();
    this.#heardAt = this.#connectedAt;
    this.#limit = parts.clock.after(limits.helloMs, () => this.#refuse('timeout', 'No hello came in time.'));
    this.#identity = this.#identify();
  }

  get idleSince(): number | undefined {
    return this.#running.size > 0 ? undefined : this.#heardAt;
  }

  makeRoom(): void {
    const unread = this.#channel.congested;
    this.#refuse(
      'unavailable',
      `There are more than ${limits.connections} connections, and most are of this user: this one makes room. Connect again.`,
    );
    // one that does not read would keep its place for a while longer
    if (unread) this.#channel.close();
  }

  received(kind: string, body: unknown): void {
    if (this.#closed) return;
    this.#heardAt = this.#parts.clock.monotonic();
    if (kind === 'hello') this.#greet(body);
    else if (!this.#greeted) this.#refuse('invalid', 'The first message must be hello.');
    else if (kind === 'cancel') this.#running.get(requestId(body) ?? -1)?.abort.abort();
    else this.#take(body);
  }

  drained(): void {
    this.#endLimit();
    this.#channel.resume();
    for (const { events, goOn } of this.#running.values()) {
      events?.queue.drain();
      goOn?.();
    }
  }

  closed(): void {
    this.#closed = true;
    this.#endLimit();
    for (const { abort } of this.#running.values()) abort.abort();
  }

  async #identify(): Promise<Origin> {
    const { principal, log } = this.#parts;
    let name = principal.name;
    try {
      name = await this.#parts.identify();
    } catch (failure) {
      log.error({ err: failure, principal: principal.name }, 'the user of a connection could not be named');
      name = `local:${principal.name}`;
    }
    this.#origin = { principal, name, connectedAt: this.#connectedAt };
    return this.#origin;
  }

  #greet(body: unknown): void {
    if (this.#greeted) {
      this.#refuse('invalid', 'hello comes once.');
      return;
    }
    const version = isRecord(body) ? body['version'] : undefined;
    if (version !== protocolVersion) {
      this.#refuse(
        'invalid',
        `This core speaks protocol version ${protocolVersion} only. Use the gemel of this device.`,
      );
      return;
    }
    this.#greeted = true;
    this.#endLimit();
    void this.#welcome();
  }

  async #welcome(): Promise<void> {
    const { name, principal } = await this.#identity;
    const { role } = principal.own;
    this.#send('welcome', { version: protocolVersion, caller: name, role, principal: principal.name });
  }

  #take(body: unknown): void {
    const id = requestId(body);
    if (id === undefined || !isRecord(body)) {
      this.#refuse('invalid', 'A request must be an object with a numeric id.');
      return;
    }
    if (this.#running.has(id)) {
      this.#refuse('invalid', `Request ${id} is already running.`);
      return;
    }
    if (this.#running.size >= limits.requestsAtOnce) {
      this.#fail(id, new ApplianceError('unavailable', `More than ${limits.requestsAtOnce} requests at once. Wait.`));
      return;
    }
    const running: Running = { abort: new AbortController(), events: undefined, goOn: undefined, upload: undefined };
    this.#running.set(id, running);
    void this.#answer(id, body, running);
  }

  async #answer(id: number, body: Readonly<Record<string, unknown>>, running: Running): Promise<void> {
    try {
      const request = parseRequest(id, body);
      const origin = this.#origin ?? (await this.#identity);
      const { router, clock } = this.#parts;
      const standing =
        request.onBehalf === undefined
          ? (this.#ownStanding ??= router.standing(origin, undefined, this.#connectedAt))
          : router.standing(origin, request.onBehalf, clock.monotonic());
      if (request.method === 'subscribe') {
        this.#subscribe(id, request.params, standing, running);
        return;
      }
      if (request.method === 'upload') {
        await this.#upload(id, request.params, standing, running);
        return;
      }
      if (request.method === 'append') {
        await this.#append(request.params, standing);
        this.#running.delete(id);
        this.#send('reply', { id, result: {} });
        return;
      }
      const result =
        request.method === 'invoke'
          ? await router.invoke(standing, request.params, running.abort.signal)
          : request.method === 'find'
            ? await router.find(standing, request.params)
            : await router.describe(standing);
      if ('stream' in result && result.stream !== undefined) {
        await this.#stream(id, result.stream, standing, running);
        this.#running.delete(id);
        this.#send('reply', { id, result: { reports: result.reports } });
        return;
      }
      this.#running.delete(id);
      this.#send('reply', { id, result });
    } catch (thrown) {
      this.#running.delete(id);
      this.#fail(id, thrown);
    }
  }

  /** Asks for the next piece when the client has taken the ones before. */
  async #stream(id: number, pieces: AsyncIterable<StreamPiece>, standing: Standing, running: Running): Promise<void> {
    const { signal } = running.abort;
    const { promise: aborted, resolve: end } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => end(), { once: true });
    for await (const piece of pieces) {
      if (signal.aborted) break;
      if (!standing.stillValid()) {
        throw new ApplianceError('forbidden', 'The session or token has ended. Sign in again.');
      }
      this.#send('piece', { id, ...wirePiece(piece) });
      if (!this.#channel.congested) continue;
      await Promise.race([new Promise<void>((resolve) => (running.goOn = resolve)), aborted]);
      running.goOn = undefined;
    }
    if (signal.aborted) throw new ApplianceError('cancelled', 'The stream was cancelled.');
  }

  #subscribe(id: number, params: Readonly<Record<string, unknown>>, standing: Standing, running: Running): void {
    const others = [...this.#running.values()].filter(({ events }) => events !== undefined);
    if (others.length >= limits.subscriptions) {
      throw new ApplianceError('unavailable', `More than ${limits.subscriptions} subscriptions on one connection.`);
    }
    if (running.abort.signal.aborted) throw new ApplianceError('cancelled', 'The subscription was cancelled.');
    const queue = new EventQueue(
      (event) => this.#send('event', { id, event }),
      () => this.#channel.congested,
    );
    const end = (failure?: ApplianceError) => {
      this.#running.delete(id);
      subscription[Symbol.dispose]();
      this.#send('ended', { id, ...(failure === undefined ? {} : { error: toWire(failure) }) });
    };
    const subscription = this.#parts.router.subscribe(standing, params, (event) => {
      if (standing.stillValid()) queue.push(event);
      else end(new ApplianceError('forbidden', 'The session or token has ended. Sign in again.'));
    });
    running.events = { queue, subscription };
    running.abort.signal.addEventListener('abort', () => end(), { once: true });
    this.#send('reply', { id, result: {} });
  }

  /** Answered at once; the request goes on until the upload is taken or given up, so that cancelling it ends the upload. */
  async #upload(
    id: number,
    params: Readonly<Record<string, unknown>>,
    standing: Standing,
    running: Running,
  ): Promise<void> {
    const others = [...this.#running.values()].filter(({ upload }) => upload !== undefined);
    if (others.length >= limits.uploads) {
      throw new ApplianceError('unavailable', `More than ${limits.uploads} uploads on one connection.`);
    }
    const { signal } = running.abort;
    const upload: Running['upload'] = { caller: standing.caller.name, open: undefined };
    running.upload = upload;
    const open = await this.#parts.router.upload(standing, params, () => this.#running.delete(id));
    const giveUp = () => void open[Symbol.asyncDispose]();
    if (signal.aborted) {
      giveUp();
      throw new ApplianceError('cancelled', 'The upload was cancelled.');
    }
    signal.addEventListener('abort', giveUp, { once: true });
    upload.open = open;
    this.#send('reply', { id, result: { value: open.value } });
  }

  async #append(params: Readonly<Record<string, unknown>>, { caller }: Standing): Promise<void> {
    const { upload, file, data } = parsePiece(params);
    const target = this.#running.get(upload)?.upload;
    // a connection can stand for several people: the id of a request is not identity
    if (target?.open === undefined || target.caller !== caller.name) {
      throw new ApplianceError('not-found', 'There is no such upload (any more). Send the file again.');
    }
    await target.open.append(file, data);
  }

  #fail(id: number, thrown: unknown): void {
    const error = asApplianceError(thrown);
    if (error.code === 'internal') {
      this.#parts.log.error({ err: thrown, principal: this.#parts.principal.name }, 'a request met a defect');
    }
    this.#send('failure', { id, error: toWire(error) });
  }

  #send(
    kind: 'welcome' | 'reply' | 'failure' | 'piece' | 'event' | 'ended',
    body: Welcome | { readonly id: number; readonly [rest: string]: unknown },
  ): void {
    if (this.#closed) return;
    try {
      this.#channel.send(kind, body);
    } catch (failure) {
      this.#unsendable(kind, 'id' in body ? body.id : undefined, failure);
    }
    if (this.#channel.pendingBytes > limits.congestedBytes) this.#waitForReader();
  }

  /** Too large, or not JSON: the one who asked is told, an event is left out. */
  #unsendable(kind: string, id: number | undefined, failure: unknown): void {
    const reason = failure instanceof Error ? failure.message : String(failure);
    this.#parts.log.error({ reason, kind }, 'a message could not be sent');
    if (kind !== 'reply' || id === undefined) return;
    const error = new ApplianceError('internal', `The answer can't be sent (${reason}). Ask for less at a time.`);
    this.#channel.send('failure', { id, error: toWire(error) });
  }

  #waitForReader(): void {
    if (this.#limit !== undefined) return;
    this.#channel.pause();
    this.#limit = this.#parts.clock.after(limits.readMs, () => this.#channel.close());
  }

  #refuse(code: 'invalid' | 'timeout' | 'unavailable', message: string): void {
    this.#parts.log.warn({ principal: this.#parts.principal.name, reason: message }, 'connection refused');
    try {
      this.#channel.send('goodbye', { error: toWire(new ApplianceError(code, message)) });
    } finally {
      this.#closed = true;
      this.#endLimit();
      for (const { abort } of this.#running.values()) abort.abort();
      this.#channel.end();
      // a client that does not read its goodbye must not keep the connection
      this.#limit = this.#parts.clock.after(limits.readMs, () => this.#channel.close());
    }
  }

  #endLimit(): void {
    this.#limit?.[Symbol.dispose]();
    this.#limit = undefined;
  }
}

function wirePiece(piece: StreamPiece): WirePiece {
  return typeof piece === 'string' ? { text: piece } : { base64: Buffer.from(piece).toString('base64') };
}
