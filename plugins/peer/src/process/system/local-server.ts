import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Clock } from '@gemel/core/sdk';
import { linkOver } from '../../system/socket-link.js';
import type { AnswerCall, Link } from '../../wire/link.js';
import { localBytes } from '../../wire/sizes.js';

/** Requests of core that run at the same time. */
const atOnce = 64;

/** The process's socket for core. Its folder is the process's own, so that only root and the process get to it. */
export async function listenLocal(
  path: string,
  clock: Clock,
  answer: (method: string, body: unknown, call: AnswerCall) => Promise<unknown>,
): Promise<AsyncDisposable> {
  const links = new Set<Link>();
  const server = createServer((socket) => {
    const link = linkOver(socket, {
      clock,
      maxReceivedBytes: localBytes,
      maxSentBytes: localBytes,
      requestsAtOnce: () => atOnce,
      answer,
      closed: () => void links.delete(link),
    });
    links.add(link);
  });
  // of a process that was killed
  await rm(path, { force: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  await promise;
  await chmod(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      server.close(() => close());
      for (const link of [...links]) link.close('gemel-peer is ending');
      await closed;
    },
  };
}
