import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authenticator } from '#core/ipc/authenticator.js';
import type { CoreApi } from '#core/ipc/core-api.js';
import type { Peer } from '#core/ipc/peer-credentials.js';
import { type Principal, principals } from '#core/ipc/principals.js';
import { Router } from '#core/ipc/router.js';
import { ServerSet } from '#core/ipc/server-set.js';
import type { Clock, Logger } from '#core/sdk/index.js';
import { SystemClock } from '#core/system/system-clock.js';
import { MemoryFileStore } from '#core/testing/index.js';

export interface OpenServers extends AsyncDisposable {
  readonly folder: string;
  readonly servers: ServerSet;
  /** Sentences that were logged. */
  readonly logged: readonly string[];
  path(principal: string): string;
}

export interface OpenServersOptions {
  readonly principals?: readonly Principal[];
  readonly authenticator?: Authenticator;
  readonly clock?: Clock;
  readonly private?: boolean;
  readonly peerOf?: (descriptor: number) => Promise<Peer | undefined>;
  /** Instead of a new one. */
  readonly folder?: string;
}

/** Real sockets in a folder of their own, before the given core. */
export async function openServers(core: CoreApi, options: OpenServersOptions = {}): Promise<OpenServers> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'gemel-ipc-')));
  const logged: string[] = [];
  const note = (_fields: unknown, message: string) => void logged.push(message);
  const log: Logger = { debug: note, info: note, warn: note, error: note };
  const authenticator = options.authenticator ?? { identify: () => undefined, isValid: () => false };
  const servers = new ServerSet({
    runtimeFolder: folder,
    private: options.private ?? true,
    router: new Router(core, authenticator),
    clock: options.clock ?? new SystemClock(),
    files: new MemoryFileStore({ '/etc/passwd': `jane:x:${process.getuid?.()}:0::/:/bin/sh\n` }),
    log,
    prepareFolder: async ({ path, mode }) => void (await mkdir(path, { mode, recursive: true })),
    ...(options.peerOf === undefined ? {} : { peerOf: options.peerOf }),
  });
  for (const principal of options.principals ?? [principals.root]) await servers.open(principal);
  return {
    folder,
    servers,
    logged,
    path: (principal) => join(folder, principal, 'core.sock'),
    async [Symbol.asyncDispose]() {
      await servers[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
