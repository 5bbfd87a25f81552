import type { Peer } from './peer-credentials.js';

/** One connection that carries messages both ways. Which library does it is nobody else's business. */
export interface Channel {
  /** @throws Error when the body can't be JSON or is larger than the channel carries; the channel stays usable. */
  send(kind: string, body: unknown): void;
  /** True while what was sent waits for the other side to read; `drained` tells the end. */
  readonly congested: boolean;
  /** Bytes sent that the other side has not taken yet. */
  readonly pendingBytes: number;
  /** Stops reading, so that the other side has to wait. */
  pause(): void;
  resume(): void;
  /** Sends what is pending, then closes. */
  end(): void;
  /** Closes at once. */
  close(): void;
}

/** Never throw; a message that does not fit the channel's rules closes it before it gets here. */
export interface ChannelHandlers {
  received(kind: string, body: unknown): void;
  drained(): void;
  /** Once, whoever closed it. */
  closed(failure: Error | undefined): void;
}

/** Of a server: what it needs to know to choose between its clients. */
export interface ServedHandlers extends ChannelHandlers {
  /** Monotonic milliseconds of the client's last message; undefined while something runs for it. */
  readonly idleSince: number | undefined;
  /** Closes the connection because another client needs its place. */
  makeRoom(): void;
}

/** Opens a client's channel. @throws Error with the `code` of the system: ENOENT, EACCES, ECONNREFUSED. */
export type OpenChannel = (path: string, handlers: ChannelHandlers) => Promise<Channel>;

/** A client's connection as the server sees it. */
export interface AcceptedChannel extends Channel {
  /** Who is at the other end, as the kernel knows it; undefined when it can't tell. */
  readonly peer: Promise<Peer | undefined>;
}
