/** The part of node-ipc 14.0.0 that is used here; the package brings no types. */
declare module 'node-ipc' {
  import type { Socket } from 'node:net';

  export interface IpcSocket extends Socket {
    /** What the parser's `read` returned last: truthy while a frame has begun. */
    ipcBuffer: unknown;
  }

  export interface IpcConfig {
    silent: boolean;
    parser: string | (new (config: IpcConfig) => GuardedParser);
    socketRoot: string;
    secureSocketRoot: boolean;
    unlink: boolean;
    maxConnections: number;
    maxMessageSize: number;
    maxPendingBytes: number;
    messageTimeout: number;
    maxRetries: number;
    stopRetrying: boolean;
  }

  export interface IpcServer {
    on(kind: string, listener: (body: never, socket: IpcSocket) => void): this;
    emit(socket: IpcSocket, kind: string, body: unknown): boolean;
    start(): void;
    stop(): void;
    readonly server: { close(done: () => void): void };
  }

  export interface IpcClient {
    socket: IpcSocket;
    on(kind: string, listener: (body: never) => void): this;
    emit(kind: string, body: unknown): boolean;
  }

  export class IPCModule {
    readonly config: IpcConfig;
    readonly server: IpcServer;
    readonly of: Record<string, IpcClient | undefined>;
    serve(path: string, started: () => void): void;
    connectTo(id: string, path: string): void;
    disconnect(id: string): void;
  }

  export class IPCProtocolError extends Error {
    constructor(code: string, message: string);
    readonly code: string;
  }

  export class GuardedParser {
    constructor(config: IpcConfig);
    encode(type: string, data?: unknown): string;
    read(buffer: unknown, data: string, receive: (message: unknown) => void): unknown;
    decodeMessage(frame: string): unknown;
    validateType(type: unknown): void;
  }
}
