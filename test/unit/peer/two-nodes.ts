import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ActionRegistry } from '#core/actions/action-registry.js';
import type { CoreApi } from '#core/ipc/core-api.js';
import { principals } from '#core/ipc/principals.js';
import type { JobRegistry } from '#core/jobs/job-registry.js';
import type { UploadStore } from '#core/uploads/upload-store.js';
import { SystemClock } from '#core/system/system-clock.js';
import type { EventDefinition, EventsAccess } from '@gemel/core/sdk';
import { MemoryFileStore } from '@gemel/core/testing';
import { peerActions } from '#peer/actions.js';
import { Pairing } from '#peer/pairing.js';
import { PeerServiceImpl } from '#peer/peer-service.js';
import { type PeerProgram, startPeerProgram } from '#peer/process/peer-program.js';
import { PeerProcessSocket } from '#peer/system/peer-process.js';
import { type OpenServers, openServers } from '../ipc/open-servers.js';

const makeKey = join(import.meta.dirname, '../../../../systemd/libexec/gemel-peer-key');

/** One appliance as far as the connection to the other one goes: core with its socket, and `gemel-peer` on an address of its own. */
export interface Node extends AsyncDisposable {
  readonly address: string;
  readonly peer: PeerServiceImpl;
  readonly events: { readonly id: string; readonly payload: unknown }[];
  readonly fingerprint: string;
  readonly identity: string;
  stopProcess(): Promise<void>;
  startProcess(): Promise<void>;
  stopCore(): Promise<void>;
  startCore(): Promise<void>;
}

/** A port that is free on every loopback address: the kernel gave it to somebody who asked for any. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '0.0.0.0', resolve);
  await promise;
  const bound = server.address();
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  await closed.promise;
  if (typeof bound !== 'object' || bound === null) throw new Error('no port');
  return bound.port;
}

export async function startNode(address: string, port: number): Promise<Node> {
  const folder = await mkdtemp(join(tmpdir(), 'gemel-peer-'));
  await promisify(execFile)(makeKey, [folder]);
  const identity = join(folder, 'identity.pem');
  const clock = new SystemClock();
  const events: Node['events'] = [];
  const access = {
    publish: ({ id }: EventDefinition<unknown>, payload: unknown) => void events.push({ id, payload }),
  } as unknown as EventsAccess; // the service only publishes
  const pairing = new Pairing(new MemoryFileStore(), '/data');
  const process = new PeerProcessSocket({
    path: join(folder, 'peer.sock'),
    clock,
    files: new MemoryFileStore(),
    sameUser: true,
  });
  const peer = new PeerServiceImpl({
    process,
    pairing,
    clock,
    events: access,
    version: '1.0.0',
    changed: () => {},
  });
  const jobs = {} as unknown as JobRegistry; // no action here is a job
  const uploads = {} as unknown as UploadStore; // nor does one take files
  const registry = new ActionRegistry(
    jobs,
    { begin: async () => '', end: async () => {}, refused: async () => {} },
    clock,
    uploads,
  );
  for (const action of peerActions(peer)) registry.add('peer', action);
  const api: CoreApi = {
    describe: (role) => registry.describe(role),
    invoke: (invocation, call) => registry.invoke(invocation, call),
    upload: (order, sender, ended) => registry.upload(order, sender, ended),
    subscribe: () => ({ [Symbol.dispose]() {} }),
  };
  let core: OpenServers | undefined;
  let program: PeerProgram | undefined;
  const startCore = async () => {
    core = await openServers(api, { principals: [principals.peer], folder: join(folder, 'run') });
  };
  const startProcess = async () => {
    program = await startPeerProgram({
      identity,
      local: join(folder, 'peer.sock'),
      core: join(folder, 'run/peer/core.sock'),
      host: address,
      port,
      clock,
    });
  };
  await startCore();
  await startProcess();
  return {
    address,
    peer,
    events,
    identity,
    get fingerprint() {
      return program?.fingerprint ?? '';
    },
    startCore,
    startProcess,
    stopCore: async () => core?.[Symbol.asyncDispose](),
    stopProcess: async () => program?.[Symbol.asyncDispose](),
    async [Symbol.asyncDispose]() {
      peer[Symbol.dispose]();
      process[Symbol.dispose]();
      await program?.[Symbol.asyncDispose]();
      await core?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function pairNodes(a: Node, b: Node): Promise<void> {
  await a.peer.pair({ hostName: 'b', fingerprint: b.fingerprint, addresses: [b.address] });
  await b.peer.pair({ hostName: 'a', fingerprint: a.fingerprint, addresses: [a.address] });
}

/** Real time passes here: sockets cannot wait for a fake clock. */
export async function until(holds: () => boolean, ms = 15_000): Promise<void> {
  const clock = new SystemClock();
  const end = clock.monotonic() + ms;
  while (!holds()) {
    if (clock.monotonic() > end) throw new Error(`not so after ${ms} ms: ${String(holds)}`);
    await clock.sleep(20);
  }
}
