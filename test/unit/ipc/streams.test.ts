import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamPiece } from '#core/sdk/actions.js';
import { CoreClient } from '#core/ipc/core-client.js';
import { openNodeIpcChannel } from '#core/ipc/node-ipc-client.js';
import { openSocketChannel } from '#core/ipc/system/socket-channel.js';
import { ApplianceError } from '#core/sdk/index.js';
import test from 'ava';
import { descriptor, echo, type FakeAction, FakeCore } from './fake-core.js';
import { openServers } from './open-servers.js';

/** A stream action, and what became of its iteration. */
function streaming(pieces: () => AsyncGenerator<StreamPiece>) {
  const state = { given: 0, ended: false };
  async function* counted() {
    try {
      for await (const piece of pieces()) {
        state.given += 1;
        yield piece;
      }
    } finally {
      state.ended = true;
    }
  }
  const action: FakeAction = {
    descriptor: descriptor('test.stream', { kind: 'stream' }),
    run: () => ({ stream: counted(), reports: [] }),
  };
  return { action, state };
}

async function* threePieces() {
  yield 'one ü\f';
  yield Uint8Array.of(0, 255, 10);
  yield 'three';
}

async function* endless() {
  for (;;) yield 'x'.repeat(65_536);
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries += 1) await sleep(10);
}

for (const [name, open] of Object.entries({ 'node-ipc': openNodeIpcChannel, 'bare socket': openSocketChannel })) {
  test(`the ${name} client gets text and bytes as they are, in order, and then the answer`, async (t) => {
    const { action, state } = streaming(threePieces);
    await using servers = await openServers(new FakeCore([action]));
    await using client = await CoreClient.connect(servers.path('root'), { open });
    const seen: unknown[] = [];
    const result = await client.invoke('test.stream', {}, { onPiece: (piece) => void seen.push(piece) });
    t.deepEqual(seen, ['one ü\f', Buffer.from([0, 255, 10]), 'three']);
    t.deepEqual(result, { reports: [] });
    t.true(state.ended);
  });
}

test('a stream that fails in the middle fails for its client, after what came before', async (t) => {
  const { action } = streaming(async function* () {
    yield 'one';
    throw new ApplianceError('engine-failed', 'The engine stopped.');
  });
  await using servers = await openServers(new FakeCore([action]));
  await using client = await CoreClient.connect(servers.path('root'));
  const seen: unknown[] = [];
  const invoked = client.invoke('test.stream', {}, { onPiece: (piece) => void seen.push(piece) });
  const failure = await t.throwsAsync(invoked, { instanceOf: ApplianceError });
  t.deepEqual([failure.code, seen], ['engine-failed', ['one']]);
});

test('a client that cancels ends the stream, and its connection goes on', async (t) => {
  const { action, state } = streaming(endless);
  await using servers = await openServers(new FakeCore([action, echo]));
  await using client = await CoreClient.connect(servers.path('root'));
  const cancel = new AbortController();
  const invoked = client.invoke('test.stream', {}, { signal: cancel.signal, onPiece: () => cancel.abort() });
  const failure = await t.throwsAsync(invoked, { instanceOf: ApplianceError });
  t.is(failure.code, 'cancelled');
  await until(() => state.ended);
  t.true(state.ended);
  t.deepEqual((await client.invoke('test.echo', { n: 1 })).output, { n: 1 });
});

test('a client that goes ends the stream', async (t) => {
  const { action, state } = streaming(endless);
  await using servers = await openServers(new FakeCore([action]));
  const client = await CoreClient.connect(servers.path('root'));
  const { promise: first, resolve } = Promise.withResolvers<void>();
  const invoked = client.invoke('test.stream', {}, { onPiece: () => resolve() });
  invoked.catch(() => undefined);
  await first;
  await client[Symbol.asyncDispose]();
  await until(() => state.ended);
  t.true(state.ended);
});

test('a client that does not read is waited for, costs little, and is not cut off for it', async (t) => {
  const { action, state } = streaming(endless);
  await using servers = await openServers(new FakeCore([action]));
  const socket = connect(servers.path('root'));
  await once(socket, 'connect');
  socket.write('{"type":"hello","data":{"version":1}}\f');
  await once(socket, 'data');
  socket.write('{"type":"request","data":{"id":1,"method":"invoke","params":{"action":"test.stream"}}}\f');
  await once(socket, 'data');
  socket.pause();
  let before = -1;
  while (before !== state.given) {
    before = state.given;
    await sleep(100);
  }
  // what the kernel's socket buffers hold, and what Node reads ahead
  t.true(before < 200, `${before} pieces of 64 KiB were given to a client that does not read`);
  socket.resume();
  await until(() => state.given > before + 50);
  t.true(state.given > before + 50);
  socket.destroy();
  await until(() => state.ended);
  t.true(state.ended);
});
