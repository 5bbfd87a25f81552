import { connect } from 'node:net';
import type { Channel, ChannelHandlers } from '../channel.js';
import { FrameReader } from '../frame-reader.js';
import { frameEnd, limits } from '../protocol.js';
import { writeTogether } from '../write-together.js';

/**
 * The client's side of node-ipc's framing (`{"type","data"}` as JSON, ended by a form feed) over a bare socket, because
 * loading node-ipc takes longer than all the rest of a `gemel` command. docs/decisions/ has the figures.
 */
export async function openSocketChannel(path: string, handlers: ChannelHandlers): Promise<Channel> {
  const { promise: connected, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(path);
  const reader = new FrameReader(limits.replyBytes);
  let failure: Error | undefined;
  let open = false;
  socket.setEncoding('utf8');
  socket.on('connect', () => {
    open = true;
    resolve();
  });
  socket.on('error', (error) => {
    failure = error;
    reject(error);
  });
  socket.on('close', () => {
    if (open) handlers.closed(failure);
  });
  socket.on('drain', () => handlers.drained());
  // setEncoding above makes every chunk text
  socket.on('data', (chunk) => {
    try {
      reader.push(String(chunk), (frame) => receive(frame, handlers));
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  await connected;

  return {
    get congested() {
      return socket.writableNeedDrain;
    },
    get pendingBytes() {
      return socket.writableLength;
    },
    send(kind, body) {
      const frame = JSON.stringify({ type: kind, data: body });
      if (frame.length * 3 > limits.requestBytes && Buffer.byteLength(frame) > limits.requestBytes) {
        throw new RangeError(`message exceeds ${limits.requestBytes} bytes`);
      }
      if (!socket.writable) return;
      writeTogether(socket);
      socket.write(frame + frameEnd);
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    close: () => void socket.destroy(),
  };
}

function receive(frame: string, handlers: ChannelHandlers): void {
  const message: unknown = JSON.parse(frame);
  if (typeof message !== 'object' || message === null || !('type' in message) || typeof message.type !== 'string') {
    throw new Error('core sent something that is not a message');
  }
  handlers.received(message.type, 'data' in message ? message.data : undefined);
}
