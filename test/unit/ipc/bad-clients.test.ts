import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { CoreClient } from '#core/ipc/core-client.js';
import { limits } from '#core/ipc/protocol.js';
import { principals } from '#core/ipc/principals.js';
import type { InvocationResult } from '#core/ipc/core-api.js';
import { FakeClock } from '#core/testing/index.js';
import { descriptor, echo, FakeCore, type FakeAction } from './fake-core.js';
import { type OpenServers, openServers } from './open-servers.js';
import { RawClient } from './raw-client.js';

/** What every one of these tests ends with: core serves others as before. */
async function stillServes(t: ExecutionContext, servers: OpenServers): Promise<void> {
  await using client = await CoreClient.connect(servers.path('root'));
  t.deepEqual((await client.invoke('test.echo', { alive: true })).output, { alive: true });
}

const hello = '{"type":"hello","data":{"version":1}}\f';
const closing: Readonly<Record<string, string>> = {
  'is not JSON': '{"type":\f',
  'is null': 'null\f',
  'is a list': '[]\f',
  'is a number': '1\f',
  'has no kind': '{"data":{}}\f',
  'is of an unknown kind': '{"type":"shutdown","data":{}}\f',
  'is of a kind reserved for the library': '{"type":"connect","data":{}}\f',
  'names a property of every object': '{"type":"__proto__","data":{}}\f',
  'is of a kind that only core sends': '{"type":"reply","data":{"id":1}}\f',
  'greets again': hello,
  'is a request without id': '{"type":"request","data":{"method":"describe"}}\f',
  'is a request with a text for an id': '{"type":"request","data":{"id":"1","method":"describe"}}\f',
  'is a request that is nothing': '{"type":"request"}\f',
};

for (const [name, message] of Object.entries(closing)) {
  test(`closes the connection whose message ${name}`, async (t) => {
    await using servers = await openServers(new FakeCore([echo]));
    await using client = await RawClient.open(servers.path('root'));
    await client.hello();
    client.bytes(message);
    await client.closed;
    await stillServes(t, servers);
  });
}

test('says goodbye to a client that speaks another version, or does not greet', async (t) => {
  await using servers = await openServers(new FakeCore([echo]));
  await using other = await RawClient.open(servers.path('root'));
  other.send('hello', { version: 2 });
  t.like(await other.message('goodbye'), { error: { code: 'invalid' } });
  await other.closed;
  await using rude = await RawClient.open(servers.path('root'));
  rude.invoke(1, 'test.echo');
  t.like(await rude.message('goodbye'), { error: { code: 'invalid', message: 'The first message must be hello.' } });
  await rude.closed;
  await stillServes(t, servers);
});

const refused: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'an unknown method': { method: 'reboot' },
  'parameters that are no object': { method: 'invoke', params: [] },
  'an action that is no text': { method: 'invoke', params: { action: {} } },
  'a prefix that is no text': { method: 'subscribe', params: { prefix: 1 } },
  'candidates that are no list': { method: 'find', params: { candidates: 'test' } },
};

for (const [name, request] of Object.entries(refused)) {
  test(`answers a request with ${name} and goes on with the connection`, async (t) => {
    await using servers = await openServers(new FakeCore([echo]));
    await using client = await RawClient.open(servers.path('root'));
    await client.hello();
    client.send('request', { id: 7, ...request });
    t.like(await client.message('failure'), { id: 7, error: { code: 'invalid' } });
    client.invoke(8, 'test.echo', { a: 1 });
    t.like(await client.message('reply'), { id: 8, result: { output: { a: 1 } } });
  });
}

const odd: Readonly<Record<string, () => InvocationResult | Promise<InvocationResult>>> = {
  'throws at once': () => {
    throw new TypeError('defect');
  },
  'rejects with something that is no error': () => Promise.reject('odd'),
  'gives what can’t be JSON': () => ({ output: 1n, reports: [] }),
  'gives a circle': () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    return { output: circle, reports: [] };
  },
  'gives more than a reply carries': () => ({ output: 'x'.repeat(limits.replyBytes), reports: [] }),
};

for (const [name, run] of Object.entries(odd)) {
  test(`survives an action that ${name}, and tells the caller`, async (t) => {
    const action: FakeAction = { descriptor: descriptor('test.odd'), run };
    await using servers = await openServers(new FakeCore([echo, action]));
    await using client = await CoreClient.connect(servers.path('root'));
    await t.throwsAsync(client.invoke('test.odd'), { code: 'internal' });
    t.deepEqual((await client.invoke('test.echo', { a: 1 })).output, { a: 1 });
  });
}

test('closes the connection of a frame that is larger than a request may be, without keeping it', async (t) => {
  // time stands still: else the limit for a frame that has begun would close it, too
  await using servers = await openServers(new FakeCore([echo]), { clock: new FakeClock() });
  await using client = await RawClient.open(servers.path('root'));
  await client.hello();
  client.bytes(`{"type":"request","data":"${'a'.repeat(limits.requestBytes)}`);
  await client.closed;
  await stillServes(t, servers);
});

test.serial('takes a frame that drips in byte by byte without being kept busy', async (t) => {
  await using servers = await openServers(new FakeCore([echo]));
  await using client = await RawClient.open(servers.path('root'));
  await client.hello();
  const text = 'a'.repeat(3_000_000);
  client.bytes(
    `{"type":"request","data":{"id":1,"method":"invoke","params":{"action":"test.echo","input":{"text":"${text}`,
  );
  const before = process.threadCpuUsage();
  for (let drop = 0; drop < 300; drop += 1) {
    client.bytes('b');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const busyMs = process.threadCpuUsage(before).user / 1_000;
  client.bytes('"}}}}\f');
  t.like(await client.message('reply'), { id: 1 });
  t.true(busyMs < 500, `300 drops took ${busyMs} ms`);
});

test('closes silent clients, and those that begin a frame and stop, after a time', async (t) => {
  const clock = new FakeClock();
  await using servers = await openServers(new FakeCore([echo]), { clock });
  await using silent = await RawClient.open(servers.path('root'));
  await using halfWay = await RawClient.open(servers.path('root'));
  await halfWay.hello();
  halfWay.bytes('{"type":"request",');
  await settle();
  await clock.advance(limits.helloMs);
  t.like(await silent.message('goodbye'), { error: { code: 'timeout' } });
  await silent.closed;
  t.false(halfWay.socket.destroyed);
  await clock.advance(limits.frameMs - limits.helloMs);
  await halfWay.closed;
  await stillServes(t, servers);
});

test('keeps a busy connection whose chunks always end inside a frame', async (t) => {
  const clock = new FakeClock();
  await using servers = await openServers(new FakeCore([echo]), { clock });
  await using client = await RawClient.open(servers.path('root'));
  client.bytes(`${hello}{"type":"cancel",`);
  await client.message('welcome');
  for (let turn = 0; turn < 5; turn += 1) {
    await clock.advance(limits.frameMs - 1);
    client.bytes('"data":{"id":1}}\f{"type":"cancel",');
    await settle();
  }
  t.false(client.socket.destroyed);
});

test('ends the connection of a client that closed its sending side', async (t) => {
  await using servers = await openServers(new FakeCore([echo]));
  await using client = await RawClient.open(servers.path('root'));
  client.bytes(`${hello}{"type":"request","data":{"id":1,"method":"describe"}}\f`);
  client.socket.end();
  await client.closed;
  await stillServes(t, servers);
});

test('refuses more requests at once than a connection may have, and serves the others meanwhile', async (t) => {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const waiting: FakeAction = {
    descriptor: descriptor('test.wait'),
    run: async () => {
      await release;
      return { output: 'waited', reports: [] };
    },
  };
  await using servers = await openServers(new FakeCore([echo, waiting]));
  await using client = await CoreClient.connect(servers.path('root'));
  const all = Array.from({ length: limits.requestsAtOnce }, () => client.invoke('test.wait'));
  await t.throwsAsync(client.invoke('test.echo'), { code: 'unavailable' });
  await stillServes(t, servers);
  resolve();
  t.is((await Promise.all(all)).length, limits.requestsAtOnce);
});

test('serves others while one client floods it', async (t) => {
  await using servers = await openServers(new FakeCore([echo]));
  await using flood = await RawClient.open(servers.path('root'));
  await flood.hello();
  await using client = await CoreClient.connect(servers.path('root'));
  const flooding = new AbortController();
  const pour = async () => {
    for (let id = 1; !flooding.signal.aborted && !flood.socket.destroyed; id += 1) {
      flood.invoke(id, 'test.echo', { id });
      if (id % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const poured = pour();
  let served = 0;
  for (let round = 0; round < 50; round += 1) {
    await client.invoke('test.echo');
    served += flood.socket.destroyed ? 0 : 1;
  }
  flooding.abort();
  await poured;
  t.is(served, 50, 'all while the other one poured');
});

test('stops reading from a client that does not take its replies, and closes it after a time', async (t) => {
  const clock = new FakeClock();
  let answered = 0;
  const large: FakeAction = {
    descriptor: descriptor('test.large'),
    run: () => {
      answered += 1;
      return { output: 'x'.repeat(1_000_000), reports: [] };
    },
  };
  await using servers = await openServers(new FakeCore([echo, large]), { clock });
  await using client = await RawClient.open(servers.path('root'));
  await client.hello();
  client.socket.pause();
  for (let id = 1; id <= 20; id += 1) {
    client.invoke(id, 'test.large');
    await settle();
  }
  t.true(answered < 20, `${answered} replies of a megabyte wait for nobody`);
  await stillServes(t, servers);
  await clock.advance(limits.readMs);
  client.socket.resume();
  await client.closed;
  t.pass();
});

test('drops the oldest events of a subscriber that does not keep up, says how many, and delays nobody', async (t) => {
  const core = new FakeCore([echo]);
  await using servers = await openServers(core);
  await using slow = await RawClient.open(servers.path('root'));
  await slow.hello();
  slow.send('request', { id: 1, method: 'subscribe', params: { prefix: '' } });
  await slow.message('reply');
  await using quick = await CoreClient.connect(servers.path('root'));
  let seen = 0;
  await quick.subscribe('', () => void (seen += 1));

  slow.socket.pause();
  const published = 20_000;
  for (let count = 0; count < published; count += 1) {
    core.publish('test.event', { text: 'x'.repeat(200) });
    if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await quick.invoke('test.echo');
  t.is(seen, published);

  slow.socket.resume();
  const events = () => slow.messages.filter(({ type }) => type === 'event').map(({ data }) => data['event'] as Event);
  while (events().at(-1)?.sequence !== published) await settle();
  const lost = events().filter(({ id }) => id === 'events.lost');
  const count = lost.reduce((sum, { payload }) => sum + (payload.count ?? 0), 0);
  t.true(lost.length > 0);
  t.is(events().length - lost.length + count, published);
  const sequences = events().map(({ sequence }) => sequence);
  t.deepEqual(
    sequences,
    sequences.toSorted((a, b) => a - b),
  );
});

interface Event {
  readonly id: string;
  readonly sequence: number;
  readonly payload: { readonly count?: number };
}

test('refuses more subscriptions than a connection may have', async (t) => {
  const core = new FakeCore([echo]);
  await using servers = await openServers(core);
  await using client = await CoreClient.connect(servers.path('root'));
  for (let count = 0; count < limits.subscriptions; count += 1) await client.subscribe('', () => undefined);
  await t.throwsAsync(
    client.subscribe('', () => undefined),
    { code: 'unavailable' },
  );
  t.is(core.subscribers, limits.subscriptions);
});

test('survives any bytes', async (t) => {
  await using servers = await openServers(new FakeCore([echo]));
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(`{"type":"request","data":${text}}\f`)),
    fc.json().map((text) => Buffer.from(`${text}\f`)),
  );
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(pieces, { maxLength: 5 }), async (greets, chunks) => {
      await using client = await RawClient.open(servers.path('root'));
      if (greets) client.bytes(hello);
      for (const chunk of chunks) client.bytes(chunk);
      client.socket.end();
      await client.closed;
    }),
    { numRuns: 100 },
  );
  await stillServes(t, servers);
});

/** Lets real sockets carry what is under way. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
}

const waiting: FakeAction = {
  descriptor: descriptor('test.wait'),
  run: (_input, { signal }) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve({ reports: [] }), { once: true })),
};

/** All connections of a socket that there may be. */
async function openAll(servers: OpenServers, door = 'root'): Promise<readonly RawClient[]> {
  const kept: RawClient[] = [];
  for (let count = 0; count < limits.connections; count++) {
    const client = await RawClient.open(servers.path(door));
    kept.push(client);
    await client.hello();
  }
  return kept;
}

const closeAll = (clients: readonly RawClient[]) => Promise.all(clients.map((each) => each[Symbol.asyncDispose]()));

test('a client that keeps all connections open does not lock out others: who was silent longest makes room', async (t) => {
  await using servers = await openServers(new FakeCore([echo, waiting]), { peerOf: async () => ({ pid: 1, uid: 0 }) });
  const kept = await openAll(servers);
  try {
    const [busy, silent] = kept;
    busy?.invoke(1, 'test.wait');
    await stillServes(t, servers);
    t.like(await silent?.message('goodbye'), { error: { code: 'unavailable' } });
    await silent?.closed;
    t.false(busy?.socket.destroyed);
  } finally {
    await closeAll(kept);
  }
});

test('a user with a subscription on every connection makes room for others, and not they for him', async (t) => {
  let uid = 1_000;
  const core = new FakeCore([echo]);
  await using servers = await openServers(core, {
    principals: [principals.viewers],
    peerOf: async () => ({ pid: 1, uid }),
  });
  const kept = await openAll(servers, 'viewers');
  try {
    for (const client of kept) {
      client.send('request', { id: 1, method: 'subscribe', params: { prefix: '' } });
      await client.message('reply');
    }
    uid = 1_001;
    await using other = await CoreClient.connect(servers.path('viewers'));
    t.deepEqual((await other.invoke('test.echo', { a: 1 })).output, { a: 1 });
    await kept[0]?.closed;
    uid = 1_000;
    await using more = await RawClient.open(servers.path('viewers'));
    await more.hello();
    await kept[1]?.closed;
    t.deepEqual((await other.invoke('test.echo', { a: 2 })).output, { a: 2 });
    t.is(core.subscribers, limits.connections - 2);
  } finally {
    await closeAll(kept);
  }
});

test('core gets in to itself where others have taken all connections, and takes the place of none', async (t) => {
  let pid = 1;
  await using servers = await openServers(new FakeCore([echo, waiting]), { peerOf: async () => ({ pid, uid: 0 }) });
  const kept = await openAll(servers);
  try {
    pid = process.pid;
    await stillServes(t, servers);
    t.true(kept.every(({ socket }) => !socket.destroyed));
  } finally {
    await closeAll(kept);
  }
});
