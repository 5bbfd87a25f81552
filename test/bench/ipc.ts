import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { CoreApi } from '#core/ipc/core-api.js';
import type { OpenChannel } from '#core/ipc/channel.js';
import { CoreClient } from '#core/ipc/core-client.js';
import { openNodeIpcChannel } from '#core/ipc/node-ipc-client.js';
import { principals } from '#core/ipc/principals.js';
import { Router } from '#core/ipc/router.js';
import { ServerSet } from '#core/ipc/server-set.js';
import { openSocketChannel } from '#core/ipc/system/socket-channel.js';
import type { Figure } from './figure.ts';

const rounds = 41;
const roundMs = 60;
const input = { name: 'bond0', members: ['eth0', 'eth1'] };

/** Client and server share the process in both cases, so that the figures differ by the code only. */
export async function run(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gemel-bench-'));
  try {
    await using bare = await startBare(join(folder, 'bare.sock'));
    await using gemel = await startGemel(folder);
    const figures: Figure[] = [];
    for (const [client, open] of [
      ['node-ipc', openNodeIpcChannel],
      ['bare socket', openSocketChannel],
    ] as const satisfies readonly (readonly [string, OpenChannel])[]) {
      for (const atOnce of [1, 16]) {
        await using connection = await CoreClient.connect(gemel.path, { open });
        const call = () => connection.invoke('bench.echo', input);
        // taken in turns, and the round in the middle: other work on the machine hits neighbours alike
        const pairs: { readonly figure: number; readonly peer: number; readonly ratio: number }[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const peer = Math.round(await perSecond(bare.call, atOnce));
          const figure = Math.round(await perSecond(call, atOnce));
          pairs.push({ figure, peer, ratio: figure / peer });
        }
        const middle = pairs.sort((a, b) => a.ratio - b.ratio)[Math.floor(rounds / 2)];
        if (middle === undefined) throw new Error('no round was measured');
        figures.push({
          name: `IPC, ${client} client, ${atOnce} at once`,
          unit: 'round trips/s',
          figure: middle.figure,
          peer: { name: 'bare node:net with newline JSON', figure: middle.peer },
          limit: { kind: 'at least', value: 0.6 },
        });
      }
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function perSecond(call: () => Promise<unknown>, atOnce: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  const caller = async () => {
    while (performance.now() - start < roundMs) {
      await call();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return (done / (performance.now() - start)) * 1_000;
}

async function startGemel(folder: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const core: CoreApi = {
    describe: async () => [],
    invoke: async ({ input: echoed }) => ({ output: echoed, reports: [] }),
    upload: async () => {
      throw new Error('nothing is sent here');
    },
    subscribe: () => ({ [Symbol.dispose]() {} }),
  };
  const servers = new ServerSet({
    runtimeFolder: folder,
    private: true,
    router: new Router(core, { identify: () => undefined, isValid: () => false }),
    clock: {
      now: Date.now,
      monotonic: () => performance.now(),
      after(ms, fire) {
        const timer = setTimeout(fire, ms);
        return { [Symbol.dispose]: () => clearTimeout(timer) };
      },
      every: () => ({ [Symbol.dispose]() {} }),
      sleep: async () => undefined,
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    peerOf: async () => undefined,
    prepareFolder: async ({ path }) => {
      const { mkdir } = await import('node:fs/promises');
      await mkdir(path, { recursive: true });
    },
    files: {
      read: async () => undefined,
      list: async () => [],
      write: async () => undefined,
      append: async () => undefined,
      overwrite: async () => undefined,
      remove: async () => undefined,
      rename: async () => undefined,
      readLink: async () => undefined,
      link: async () => undefined,
      watch: () => ({ [Symbol.dispose]() {} }),
    },
  });
  await servers.open(principals.root);
  return { path: join(folder, 'root/core.sock'), [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose]() };
}

/** What anyone would write with node:net: one JSON per line, replies matched by id. */
async function startBare(path: string): Promise<{ readonly call: () => Promise<unknown> } & AsyncDisposable> {
  const server = createServer((socket) => {
    onLines(socket, (line) => {
      const { id, params } = JSON.parse(line) as { id: number; params: unknown }; // our own client's
      socket.write(`${JSON.stringify({ id, result: params })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const socket = connect(path);
  const waiting = new Map<number, (result: unknown) => void>();
  let nextId = 1;
  onLines(socket, (line) => {
    const { id, result } = JSON.parse(line) as { id: number; result: unknown }; // our own server's
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  return {
    call: () => {
      const id = nextId++;
      const { promise, resolve } = Promise.withResolvers<unknown>();
      waiting.set(id, resolve);
      socket.write(`${JSON.stringify({ id, params: input })}\n`);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function onLines(socket: Socket, receive: (line: string) => void): void {
  let buffer = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    buffer += String(chunk);
    for (let end = buffer.indexOf('\n'); end !== -1; end = buffer.indexOf('\n')) {
      receive(buffer.slice(0, end));
      buffer = buffer.slice(end + 1);
    }
  });
}
