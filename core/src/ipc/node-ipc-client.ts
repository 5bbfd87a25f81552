import { IPCModule } from 'node-ipc';
import type { Channel, ChannelHandlers } from './channel.js';
import { guardedFrames } from './guarded-frames.js';
import { limits, serverKinds } from './protocol.js';
import { writeTogether } from './write-together.js';

/** For long-running processes. Programs that must start fast use `openSocketChannel`, which speaks the same. */
export async function openNodeIpcChannel(path: string, handlers: ChannelHandlers): Promise<Channel> {
  const ipc = new IPCModule();
  Object.assign(ipc.config, {
    silent: true,
    parser: guardedFrames({
      maxReceivedBytes: limits.replyBytes,
      maxSentBytes: limits.requestBytes,
      receivedKinds: serverKinds,
    }),
    maxMessageSize: limits.replyBytes,
    maxPendingBytes: limits.pendingBytes,
    messageTimeout: 0,
    maxRetries: 0,
    stopRetrying: true,
  } satisfies Partial<IPCModule['config']>);

  const { promise: connected, resolve, reject } = Promise.withResolvers<void>();
  let failure: Error | undefined;
  ipc.connectTo('core', path);
  const client = ipc.of['core'];
  if (client === undefined) throw new Error('node-ipc made no client');
  client.on('connect', () => resolve());
  client.on('error', (error: Error) => {
    failure = error;
    reject(error);
  });
  for (const kind of serverKinds) client.on(kind, (body: unknown) => handlers.received(kind, body));
  await connected;
  const { socket } = client;
  socket.on('drain', () => handlers.drained());
  socket.on('close', () => handlers.closed(failure));

  return {
    get congested() {
      return socket.writableNeedDrain;
    },
    get pendingBytes() {
      return socket.writableLength;
    },
    send(kind, body) {
      if (!socket.writable) return;
      writeTogether(socket);
      client.emit(kind, body);
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    close: () => void socket.destroy(),
  };
}
