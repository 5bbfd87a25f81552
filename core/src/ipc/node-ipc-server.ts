import { chmod } from 'node:fs/promises';
import { IPCModule, type IpcServer, type IpcSocket } from 'node-ipc';
import type { Clock } from '../sdk/system.js';
import type { AcceptedChannel, ServedHandlers } from './channel.js';
import { guardedFrames } from './guarded-frames.js';
import type { Peer } from './peer-credentials.js';
import { clientKinds, limits } from './protocol.js';
import { whoMakesRoom } from './who-makes-room.js';
import { writeTogether } from './write-together.js';

export interface ListenOptions {
  readonly path: string;
  /** Of the socket file: who may connect, beside the rights of its folder. */
  readonly mode: number;
  readonly clock: Clock;
  peerOf(descriptor: number): Promise<Peer | undefined>;
  accept(channel: AcceptedChannel): ServedHandlers;
}

/** @throws Error with the system's `code` when the socket can't be made. The returned server owns socket and connections. */
export async function listenWithNodeIpc(options: ListenOptions): Promise<AsyncDisposable> {
  const ipc = new IPCModule();
  Object.assign(ipc.config, {
    silent: true,
    parser: guardedFrames({
      maxReceivedBytes: limits.requestBytes,
      maxSentBytes: limits.replyBytes,
      receivedKinds: clientKinds,
    }),
    // folder and rights are made by core before; node-ipc is not to touch them
    socketRoot: '/nonexistent/',
    secureSocketRoot: false,
    unlink: true,
    // those that make room need a moment to go
    maxConnections: 2 * limits.connections,
    maxMessageSize: limits.requestBytes,
    maxPendingBytes: limits.pendingBytes,
    // node-ipc's own timer is only ended by an empty buffer and so cuts off busy connections; see AcceptedSocket
    messageTimeout: 0,
  } satisfies Partial<IPCModule['config']>);

  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  ipc.serve(options.path, resolve);
  const server = ipc.server;
  const channels = new Map<IpcSocket, AcceptedSocket>();
  server.on('error', (failure: Error) => reject(failure)); // errors of single sockets come here too, after listening
  server.on('connect', (socket: IpcSocket) => {
    const newcomer = new AcceptedSocket(server, socket, options, () => channels.delete(socket));
    channels.set(socket, newcomer);
    void newcomer.known.then(() => makeRoom(channels, newcomer));
  });
  for (const kind of clientKinds) {
    server.on(kind, (body: unknown, socket: IpcSocket) => channels.get(socket)?.received(kind, body));
  }
  server.start();
  await listening;
  // its rights were what the umask left; until here only its folder decided who may come in
  await chmod(options.path, options.mode);

  return {
    async [Symbol.asyncDispose]() {
      const { promise: stopped, resolve: done } = Promise.withResolvers<void>();
      server.server.close(done);
      server.stop();
      await stopped;
    },
  };
}

/** Core asks itself whether it answers, and has to get in where others have taken all places: it takes none. */
function makeRoom(channels: Map<IpcSocket, AcceptedSocket>, newcomer: AcceptedSocket): void {
  const others = [...channels].filter(([, { pid }]) => pid !== process.pid);
  if (others.length <= limits.connections) return;
  const chosen = whoMakesRoom(
    others.map(([, channel]) => channel),
    newcomer,
  );
  for (const [socket, channel] of others) if (channel === chosen) channels.delete(socket);
  chosen.makeRoom();
}

class AcceptedSocket implements AcceptedChannel {
  readonly #server: IpcServer;
  readonly #socket: IpcSocket;
  readonly #handlers: ServedHandlers;
  readonly #clock: Clock;
  readonly peer: Promise<Peer | undefined>;
  /** Resolves once `uid` and `pid` are known, or can't be. */
  readonly known: Promise<void>;
  uid: number | undefined;
  pid: number | undefined;
  /** Runs while a frame has begun and its end is missing. */
  #frameLimit: Disposable | undefined;
  #framesSeen = 0;
  #framesAtLimit = 0;

  constructor(server: IpcServer, socket: IpcSocket, options: ListenOptions, forget: () => void) {
    this.#server = server;
    this.#socket = socket;
    this.#clock = options.clock;
    // the only way to a connection's descriptor; absent after closing
    const descriptor = (socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd;
    this.peer = descriptor === undefined ? Promise.resolve(undefined) : options.peerOf(descriptor);
    // whoever asks for the name of the user tells why it is not known
    this.known = this.peer.then((peer) => this.#knows(peer)).catch(() => undefined);
    this.#handlers = options.accept(this);
    socket.on('data', () => this.#watchFrame());
    socket.on('drain', () => this.#handlers.drained());
    socket.on('close', () => {
      this.#frameLimit?.[Symbol.dispose]();
      forget();
      this.#handlers.closed(undefined);
    });
  }

  get idleSince(): number | undefined {
    return this.#handlers.idleSince;
  }

  makeRoom(): void {
    this.#handlers.makeRoom();
  }

  get congested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  received(kind: string, body: unknown): void {
    this.#framesSeen += 1;
    if (!this.#socket.destroyed) this.#handlers.received(kind, body);
  }

  send(kind: string, body: unknown): void {
    if (!this.#socket.writable) return;
    writeTogether(this.#socket);
    this.#server.emit(this.#socket, kind, body);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroySoon();
  }

  close(): void {
    this.#socket.destroy();
  }

  #knows(peer: Peer | undefined): void {
    this.uid = peer?.uid;
    this.pid = peer?.pid;
  }

  /** Runs after node-ipc's own listener has read the chunk. */
  #watchFrame(): void {
    if (!this.#socket.ipcBuffer) {
      this.#frameLimit?.[Symbol.dispose]();
      this.#frameLimit = undefined;
      return;
    }
    if (this.#frameLimit !== undefined && this.#framesAtLimit === this.#framesSeen) return;
    this.#frameLimit?.[Symbol.dispose]();
    this.#framesAtLimit = this.#framesSeen;
    this.#frameLimit = this.#clock.after(limits.frameMs, () => this.#socket.destroy());
  }
}
