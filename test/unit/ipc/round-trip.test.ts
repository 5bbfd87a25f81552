import test from 'ava';
import type { OpenChannel } from '#core/ipc/channel.js';
import { CoreClient } from '#core/ipc/core-client.js';
import { openNodeIpcChannel } from '#core/ipc/node-ipc-client.js';
import { openSocketChannel } from '#core/ipc/system/socket-channel.js';
import { ApplianceError } from '#core/sdk/index.js';
import { trackLeaks } from '#core/testing/index.js';
import { descriptor, echo, FakeCore, type FakeAction } from './fake-core.js';
import { openServers } from './open-servers.js';

const report = { code: 'test.bad', severity: 'error', params: { name: 'x' }, path: 'a/b', text: 'x is bad.' } as const;
const refusing: FakeAction = {
  descriptor: descriptor('test.refuse'),
  run: () => {
    throw new ApplianceError('conflict', 'Not now.', { reports: [report] });
  },
};

const clients = { 'node-ipc': openNodeIpcChannel, 'bare socket': openSocketChannel } satisfies Record<
  string,
  OpenChannel
>;

for (const [name, open] of Object.entries(clients)) {
  test(`the ${name} client is told who it is, what there is, and gets answers and failures`, async (t) => {
    const core = new FakeCore([echo, refusing]);
    await using servers = await openServers(core);
    await using client = await CoreClient.connect(servers.path('root'), { open });

    t.deepEqual(await client.welcome, { version: 1, caller: 'local:jane', role: 'administrator', principal: 'root' });
    t.deepEqual(
      (await client.describe()).map(({ id }) => id),
      ['test.echo', 'test.refuse'],
    );
    t.deepEqual(await client.invoke('test.echo', { text: 'a\fb ü 🂡' }), { output: { text: 'a\fb ü 🂡' }, reports: [] });
    const failure = await t.throwsAsync(client.invoke('test.refuse'), { instanceOf: ApplianceError });
    t.deepEqual([failure?.code, failure?.message, failure?.reports], ['conflict', 'Not now.', [report]]);
  });

  test(`the ${name} client carries the largest request and reply, and refuses to send more`, async (t) => {
    const core = new FakeCore([
      { descriptor: descriptor('test.size'), run: ({ text }) => ({ output: String(text).length, reports: [] }) },
      { descriptor: descriptor('test.large'), run: () => ({ output: 'ü'.repeat(8_000_000), reports: [] }) },
    ]);
    await using servers = await openServers(core);
    await using client = await CoreClient.connect(servers.path('root'), { open });

    t.is((await client.invoke('test.size', { text: 'a'.repeat(4_194_000) })).output, 4_194_000);
    t.is(String((await client.invoke('test.large')).output).length, 8_000_000);
    await t.throwsAsync(client.invoke('test.size', { text: 'a'.repeat(4_194_304) }), { message: /can't be sent/ });
    t.is((await client.invoke('test.size', { text: 'abc' })).output, 3);
  });

  test(`the ${name} client gets events of its prefix until it ends the subscription`, async (t) => {
    const core = new FakeCore([echo]);
    await using servers = await openServers(core);
    await using client = await CoreClient.connect(servers.path('root'), { open });
    const seen: string[] = [];
    const subscription = await client.subscribe('network.', ({ id }) => void seen.push(id));
    core.publish('network.a');
    core.publish('time.b');
    core.publish('network.c');
    await client.invoke('test.echo');
    t.deepEqual(seen, ['network.a', 'network.c']);

    subscription[Symbol.dispose]();
    await client.invoke('test.echo');
    t.is(core.subscribers, 0);
  });

  test(`the ${name} client is told that core is not there, or that it left`, async (t) => {
    const servers = await openServers(
      new FakeCore([{ descriptor: descriptor('test.hang'), run: () => new Promise(() => {}) }]),
    );
    const path = servers.path('root');
    await using client = await CoreClient.connect(path, { open });
    const hanging = t.throwsAsync(client.invoke('test.hang'), { message: /closed the connection/ });
    await client.welcome;
    await servers[Symbol.asyncDispose]();
    await hanging;
    await client.closed;
    const failure = await t.throwsAsync(CoreClient.connect(path, { open }), { instanceOf: ApplianceError });
    t.is(failure?.code, 'unavailable');
  });
}

test('find gives the first action that exists, else a list of all', async (t) => {
  const core = new FakeCore([echo, refusing, { ...echo, descriptor: descriptor('test.echo.twice') }]);
  await using servers = await openServers(core);
  await using client = await CoreClient.connect(servers.path('root'));

  const found = await client.find(['test.echo.more', 'test.echo']);
  t.is(found.action?.id, 'test.echo');
  t.deepEqual(
    found.known.map(({ id }) => id),
    ['test.echo.twice'],
  );
  const nothing = await client.find(['test']);
  t.is(nothing.action, undefined);
  t.deepEqual(
    nothing.known.map(({ id }) => id),
    ['test.echo', 'test.refuse', 'test.echo.twice'],
  );
});

test('cancelling, and leaving, abort what runs', async (t) => {
  const signals: AbortSignal[] = [];
  const core = new FakeCore([
    {
      descriptor: descriptor('test.wait'),
      run: (_input, { signal }) =>
        new Promise((_resolve, reject) => {
          signals.push(signal);
          signal.addEventListener('abort', () => reject(new ApplianceError('cancelled', 'Stopped.')));
        }),
    },
  ]);
  await using servers = await openServers(core);
  const client = await CoreClient.connect(servers.path('root'));
  const stop = new AbortController();
  const first = t.throwsAsync(client.invoke('test.wait', {}, { signal: stop.signal }), { message: 'Stopped.' });
  const second = t.throwsAsync(client.invoke('test.wait'), { message: /closed the connection/ });
  await client.welcome;
  stop.abort();
  await first;
  t.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  );
  await client[Symbol.asyncDispose]();
  await second;
  await waitUntil(() => signals[1]?.aborted === true);
  t.pass();
});

test.serial('nothing is left behind when servers and clients have ended', async (t) => {
  const leaks = trackLeaks();
  const core = new FakeCore([echo]);
  const servers = await openServers(core);
  const client = await CoreClient.connect(servers.path('root'));
  await client.subscribe('', () => undefined);
  await client[Symbol.asyncDispose]();
  await servers[Symbol.asyncDispose]();
  await leaks.expectNone();
  t.is(core.subscribers, 0);
});

async function waitUntil(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
}
