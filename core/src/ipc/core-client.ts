import type { StreamPiece } from '../sdk/actions.js';
import type { PublishedEvent } from '../sdk/events.js';
import { ApplianceError } from '../sdk/errors.js';
import type { Channel, ChannelHandlers, OpenChannel } from './channel.js';
import type { ActionDescriptor, InvocationResult, UploadOrder } from './core-api.js';
import {
  fromWire,
  isRecord,
  type Method,
  type OnBehalf,
  protocolVersion,
  requestId,
  type ServerKind,
  type Welcome,
  type WireError,
  type WirePiece,
} from './protocol.js';
import type { Found } from './router.js';
import { openSocketChannel } from './system/socket-channel.js';

export interface CoreClientOptions {
  /** Default: the bare socket, which starts fastest. */
  readonly open?: OpenChannel;
}

export interface RequestOptions {
  /** Cancels the request in core. */
  readonly signal?: AbortSignal;
  readonly onBehalf?: OnBehalf;
}

export interface InvokeOptions extends RequestOptions {
  /** True asks for the presentation for people as well, `only` for nothing else: long lists go over the socket once. */
  readonly view?: boolean | 'only';
  /** Of a stream action, each piece as it comes; the answer follows when there are no more. While it runs, core waits. */
  readonly onPiece?: (piece: StreamPiece) => void;
}

/** Files that are on their way to core. */
export interface Sending {
  /** What the field of the action's input gets when all has been sent. */
  readonly value: string;
  /** The next piece of a file, at most `limits.pieceBytes`; wait for it before the next one. @throws ApplianceError. */
  append(file: number, data: Uint8Array): Promise<void>;
  /** Core removes what it has; after the action has taken it this does nothing. */
  cancel(): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(failure: ApplianceError): void;
  readonly onPiece: ((piece: StreamPiece) => void) | undefined;
}

interface Subscription {
  listener(event: PublishedEvent): void;
  ended(failure: ApplianceError | undefined): void;
}

/** A program's connection to core. Bodies come from core, which is trusted: root made the socket. */
export class CoreClient implements AsyncDisposable {
  readonly #waiting = new Map<number, Waiting>();
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #welcome = Promise.withResolvers<Welcome>();
  readonly #closed = Promise.withResolvers<void>();
  #channel: Channel | undefined;
  #nextId = 1;
  #farewell: ApplianceError | undefined;

  /** @throws ApplianceError `unavailable` when core is not there, `forbidden` when the caller may not open the socket. */
  static async connect(path: string, options: CoreClientOptions = {}): Promise<CoreClient> {
    const client = new CoreClient();
    const open = options.open ?? openSocketChannel;
    try {
      client.#channel = await open(path, client.#handlers());
    } catch (cause) {
      throw connectFailure(path, cause);
    }
    client.#channel.send('hello', { version: protocolVersion });
    return client;
  }

  private constructor() {
    // nobody may ask for it, and a connection that ends before is no defect
    this.#welcome.promise.catch(() => undefined);
  }

  /** Who core takes this connection for. */
  get welcome(): Promise<Welcome> {
    return this.#welcome.promise;
  }

  /** Resolves when the connection has ended, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  async describe(options?: RequestOptions): Promise<readonly ActionDescriptor[]> {
    return (await this.#request('describe', {}, options)) as readonly ActionDescriptor[]; // core's own reply
  }

  /** The first of these actions that exists, or else a list of all. */
  async find(candidates: readonly string[], options?: RequestOptions): Promise<Found> {
    return (await this.#request('find', { candidates }, options)) as Found; // core's own reply
  }

  /** @throws ApplianceError as the action does; `unavailable` when the connection ends before the answer. */
  async invoke(action: string, input: unknown = {}, options: InvokeOptions = {}): Promise<InvocationResult> {
    const params = { action, input, view: options.view ?? false };
    return (await this.#request('invoke', params, options, options.onPiece)) as InvocationResult; // core's own reply
  }

  /** Begins to send files for an action. They are gone when the connection ends before the action was asked for. @throws ApplianceError. */
  async upload(order: UploadOrder, options?: RequestOptions): Promise<Sending> {
    const id = this.#nextId;
    const { value } = (await this.#request('upload', { ...order }, options)) as Pick<Sending, 'value'>; // core's own reply
    return {
      value,
      append: async (file, data) => {
        const piece = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
        await this.#request('append', { upload: id, file, data: piece }, options);
      },
      cancel: () => this.#channel?.send('cancel', { id }),
    };
  }

  /** Ends with the returned thing, or by core: then `ended` is called, with the reason if there is one. */
  async subscribe(
    prefix: string,
    listener: (event: PublishedEvent) => void,
    ended: (failure: ApplianceError | undefined) => void = () => undefined,
    options?: RequestOptions,
  ): Promise<Disposable> {
    const id = this.#nextId;
    this.#subscriptions.set(id, { listener, ended });
    try {
      await this.#request('subscribe', { prefix }, options);
    } catch (failure) {
      this.#subscriptions.delete(id);
      throw failure;
    }
    return {
      [Symbol.dispose]: () => {
        if (this.#subscriptions.delete(id)) this.#channel?.send('cancel', { id });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel?.close();
    await this.#closed.promise;
  }

  #request(
    method: Method,
    params: Readonly<Record<string, unknown>>,
    options: RequestOptions = {},
    onPiece?: (piece: StreamPiece) => void,
  ): Promise<unknown> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const { signal, onBehalf } = options;
    if (this.#channel === undefined) return Promise.reject(this.#gone());
    this.#waiting.set(id, { resolve, reject, onPiece });
    try {
      this.#channel.send('request', { id, method, params, ...(onBehalf === undefined ? {} : { onBehalf }) });
    } catch (failure) {
      this.#waiting.delete(id);
      const reason = failure instanceof Error ? failure.message : String(failure);
      return Promise.reject(new ApplianceError('invalid', `The request can't be sent: ${reason}.`));
    }
    if (signal === undefined) return promise;
    const cancel = () => this.#channel?.send('cancel', { id });
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', cancel));
  }

  #handlers(): ChannelHandlers {
    return {
      // the channel lets only the kinds of a server through
      received: (kind, body) => this.#received(kind as ServerKind, body),
      drained: () => undefined,
      closed: () => this.#close(),
    };
  }

  #received(kind: ServerKind, body: unknown): void {
    if (!isRecord(body)) return;
    const id = requestId(body) ?? -1;
    switch (kind) {
      case 'welcome':
        this.#welcome.resolve(body as unknown as Welcome); // core's own message
        return;
      case 'reply':
        this.#take(id)?.resolve(body['result']);
        return;
      case 'failure':
        this.#take(id)?.reject(errorOf(body));
        return;
      case 'piece':
        this.#waiting.get(id)?.onPiece?.(pieceOf(body as unknown as WirePiece)); // core's own message
        return;
      case 'event':
        this.#subscriptions.get(id)?.listener(body['event'] as PublishedEvent); // core's own message
        return;
      case 'ended': {
        const subscription = this.#subscriptions.get(id);
        this.#subscriptions.delete(id);
        subscription?.ended(body['error'] === undefined ? undefined : errorOf(body));
        return;
      }
      case 'goodbye':
        this.#farewell = errorOf(body);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #close(): void {
    this.#channel = undefined;
    const failure = this.#gone();
    this.#welcome.reject(failure);
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
    for (const { ended } of this.#subscriptions.values()) ended(failure);
    this.#subscriptions.clear();
    this.#closed.resolve();
  }

  #gone(): ApplianceError {
    return this.#farewell ?? new ApplianceError('unavailable', 'Core closed the connection. It may be restarting.');
  }
}

function pieceOf(piece: WirePiece): StreamPiece {
  return 'text' in piece ? piece.text : Buffer.from(piece.base64, 'base64');
}

function errorOf(body: Readonly<Record<string, unknown>>): ApplianceError {
  return fromWire(body['error'] as WireError); // core's own message
}

function connectFailure(path: string, cause: unknown): ApplianceError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EACCES' || code === 'EPERM') {
    return new ApplianceError('forbidden', `You may not open ${path}. Ask for the group that may.`, { cause });
  }
  return new ApplianceError('unavailable', `Core does not answer at ${path}.`, { cause });
}
