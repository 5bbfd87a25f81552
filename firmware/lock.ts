import { connect, createServer, type Server } from 'node:net';

/**
 * One holder at a time per name, on this machine. An abstract unix socket: the kernel lets go of it when the holder dies,
 * so there is no stale lock to clean, and those who wait are woken by its closing.
 */
export async function withLock<T>(name: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  const path = `\0gemel/${process.getuid?.() ?? 0}/${name}`;
  let server = await tryListen(path);
  if (server === undefined) waiting();
  while (server === undefined) {
    await heldUntilClosed(path);
    server = await tryListen(path);
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}

function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const waiters = new Set<{ destroy(): void }>();
    const server = createServer((socket) => {
      waiters.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => waiters.delete(socket));
    });
    const close = server.close.bind(server);
    server.close = (done) => {
      for (const waiter of waiters) waiter.destroy();
      return close(done);
    };
    server.on('error', (cause: NodeJS.ErrnoException) =>
      cause.code === 'EADDRINUSE' ? resolve(undefined) : reject(cause),
    );
    server.listen({ path }, () => resolve(server));
  });
}

function heldUntilClosed(path: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on('error', () => undefined);
    // 50 ms between tries, for the moment in which the holder has closed its clients but not yet its socket.
    socket.on('close', () => setTimeout(resolve, 50));
  });
}
