import { CoreClient } from '#core/ipc/core-client.js';
import { openNodeIpcChannel } from '#core/ipc/node-ipc-client.js';
import { principals } from '#core/ipc/principals.js';
import { limits } from '#core/ipc/protocol.js';
import { openSocketChannel } from '#core/ipc/system/socket-channel.js';
import { ApplianceError } from '#core/sdk/index.js';
import test from 'ava';
import { type UploadWorld, until, uploadWorld } from '../uploads/upload-world.js';
import { openServers, type OpenServersOptions } from './open-servers.js';
import { RawClient } from './raw-client.js';

async function around(world: UploadWorld, options: OpenServersOptions = {}) {
  return await openServers(world.api, options);
}

function order(bytes: number, action = 'test.read', name = 'a.txt') {
  return { action, field: 'file', files: [{ name, bytes }] };
}

const empty = (world: UploadWorld) => until(async () => (await world.left()).length === 0);

for (const [name, open] of Object.entries({ 'node-ipc': openNodeIpcChannel, 'bare socket': openSocketChannel })) {
  test(`the ${name} client sends a file in pieces, and the action reads it`, async (t) => {
    await using world = await uploadWorld();
    await using servers = await around(world);
    await using client = await CoreClient.connect(servers.path('root'), { open });
    const text = 'ü\f'.repeat(limits.pieceBytes);
    const whole = Buffer.from(text);
    const sending = await client.upload(order(whole.length));
    for (let at = 0; at < whole.length; at += limits.pieceBytes)
      await sending.append(0, whole.subarray(at, at + limits.pieceBytes));
    await client.invoke('test.read', { file: sending.value });
    t.true(world.seen[0]?.texts[0] === text);
    t.deepEqual(await world.left(), []);
    const late = await t.throwsAsync(sending.append(0, Buffer.from('x')), { instanceOf: ApplianceError });
    t.is(late.code, 'not-found');
  });
}

test('a connection that is lost in the middle leaves nothing', async (t) => {
  await using world = await uploadWorld();
  await using servers = await around(world);
  const client = await CoreClient.connect(servers.path('root'));
  const sending = await client.upload(order(10));
  await sending.append(0, Buffer.from('abc'));
  t.deepEqual(await world.left(), ['a.txt']);
  await client[Symbol.asyncDispose]();
  await empty(world);
  t.deepEqual(await world.left(), []);
});

test('a connection that ends before the action was asked for leaves nothing', async (t) => {
  await using world = await uploadWorld();
  await using servers = await around(world);
  const client = await CoreClient.connect(servers.path('root'));
  const sending = await client.upload(order(3));
  await sending.append(0, Buffer.from('abc'));
  await client[Symbol.asyncDispose]();
  await empty(world);
  await using other = await CoreClient.connect(servers.path('root'));
  const error = await t.throwsAsync(other.invoke('test.read', { file: sending.value }), { instanceOf: ApplianceError });
  t.deepEqual([error.code, error.reports[0]?.code], ['not-found', 'core.upload.gone']);
});

test('a connection that ends while core still makes the files leaves nothing', async (t) => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  await using world = await uploadWorld({
    media: (disk) => ({
      ...disk,
      async create(path) {
        const file = await disk.create(path);
        await slow;
        return file;
      },
    }),
  });
  await using servers = await around(world);
  const raw = await RawClient.open(servers.path('root'));
  await raw.hello();
  raw.send('request', { id: 1, method: 'upload', params: order(3) });
  await until(async () => (await world.left()).length === 1);
  await raw[Symbol.asyncDispose]();
  // core has noticed that the client is gone before the file is made
  await new Promise((noticed) => setTimeout(noticed, 100));
  resolve();
  await empty(world);
  t.deepEqual(await world.left(), []);
});

test('one that is cancelled leaves nothing, and the connection goes on', async (t) => {
  await using world = await uploadWorld();
  await using servers = await around(world);
  await using client = await CoreClient.connect(servers.path('root'));
  const sending = await client.upload(order(10));
  await sending.append(0, Buffer.from('abc'));
  sending.cancel();
  await empty(world);
  await t.throwsAsync(sending.append(0, Buffer.from('def')), { message: /no such upload/ });
  const again = await client.upload(order(3));
  await again.append(0, Buffer.from('abc'));
  await t.notThrowsAsync(client.invoke('test.read', { file: again.value }));
});

test('a job goes on with the file after its connection has ended', async (t) => {
  await using world = await uploadWorld();
  await using servers = await around(world);
  const client = await CoreClient.connect(servers.path('root'));
  const sending = await client.upload(order(3, 'test.long'));
  await sending.append(0, Buffer.from('abc'));
  await client.invoke('test.long', { file: sending.value });
  await client[Symbol.asyncDispose]();
  await new Promise((resolve) => setTimeout(resolve, 50));
  world.finish();
  await until(() => world.jobs.list()[0]?.state !== 'running');
  t.deepEqual([world.jobs.list()[0]?.state, world.seen[0]?.texts], ['succeeded', ['abc']]);
  await empty(world);
});

test('a door and a role that may not use the action send nothing for it', async (t) => {
  await using world = await uploadWorld();
  await using servers = await around(world, { principals: [principals.viewers, principals.console, principals.peer] });
  const asked = async (door: string) => {
    await using client = await CoreClient.connect(servers.path(door));
    const error = await t.throwsAsync(client.upload(order(3)), { instanceOf: ApplianceError });
    return [error.code, error.message];
  };
  const [, viewers] = await asked('viewers');
  t.regex(viewers ?? '', /needs the role operator; local:jane has the role viewer/);
  t.deepEqual(await asked('console'), ['forbidden', 'console may not use test.read here.']);
  t.deepEqual(await asked('peer'), ['forbidden', 'peer may not use test.read here.']);
  t.deepEqual(await world.left(), []);
});

test('of people who share a connection, none can add to or use what another one sends', async (t) => {
  await using world = await uploadWorld();
  const authenticator = {
    identify: ({ secret }: { readonly secret: string }) => ({ name: `user:${secret}`, role: 'operator' as const }),
    isValid: () => true,
  };
  await using servers = await around(world, { principals: [principals.gateway], authenticator });
  await using client = await CoreClient.connect(servers.path('gateway'));
  const as = (secret: string) => ({ onBehalf: { credential: { kind: 'session' as const, secret } } });
  const sending = await client.upload(order(3), as('jane'));
  await using raw = await RawClient.open(servers.path('gateway'));
  await raw.hello();
  raw.send('request', { id: 1, method: 'upload', params: order(3), ...as('jane') });
  await raw.message('reply');
  raw.send('request', { id: 2, method: 'append', params: { upload: 1, data: 'YWJj' }, ...as('joe') });
  t.like(await raw.message('failure'), { id: 2, error: { code: 'not-found' } });
  await sending.append(0, Buffer.from('abc'));
  const joe = client.invoke('test.read', { file: sending.value }, as('joe'));
  await t.throwsAsync(joe, { message: /not there any more/ });
  await t.notThrowsAsync(client.invoke('test.read', { file: sending.value }, as('jane')));
});

test('a connection has at most four under way', async (t) => {
  await using world = await uploadWorld();
  await using servers = await around(world);
  await using client = await CoreClient.connect(servers.path('root'));
  const begun = await Promise.allSettled(Array.from({ length: limits.uploads + 1 }, () => client.upload(order(3))));
  t.deepEqual(
    begun.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
  );
});

const pieces: Readonly<Record<string, unknown>> = {
  'one that is too large': 'A'.repeat((Math.ceil(limits.pieceBytes / 3) + 1) * 4),
  'an empty one': '',
  'what is no text': 7,
};

for (const [what, data] of Object.entries(pieces)) {
  test(`refuses as a piece ${what}, and the upload goes on`, async (t) => {
    await using world = await uploadWorld();
    await using servers = await around(world);
    await using raw = await RawClient.open(servers.path('root'));
    await raw.hello();
    raw.send('request', { id: 1, method: 'upload', params: order(3) });
    t.like(await raw.message('reply'), { id: 1 });
    raw.send('request', { id: 2, method: 'append', params: { upload: 1, file: 0, data } });
    t.like(await raw.message('failure'), { id: 2, error: { code: 'invalid' } });
    t.deepEqual(await world.left(), ['a.txt']);
  });
}

const orders: Readonly<Record<string, object>> = {
  'no files': { action: 'test.read', field: 'file', files: [] },
  'a size that is none': { action: 'test.read', field: 'file', files: [{ name: 'a', bytes: -1 }] },
  'half a byte': { action: 'test.read', field: 'file', files: [{ name: 'a', bytes: 0.5 }] },
  'no action': { field: 'file', files: [{ name: 'a', bytes: 1 }] },
};

for (const [what, params] of Object.entries(orders)) {
  test(`refuses an upload with ${what}`, async (t) => {
    await using world = await uploadWorld();
    await using servers = await around(world);
    await using raw = await RawClient.open(servers.path('root'));
    await raw.hello();
    raw.send('request', { id: 1, method: 'upload', params });
    t.like(await raw.message('failure'), { id: 1, error: { code: 'invalid' } });
  });
}
