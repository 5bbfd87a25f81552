import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import test from 'ava';
import type { Authenticator, Credential } from '#core/ipc/authenticator.js';
import { CoreClient } from '#core/ipc/core-client.js';
import { pluginPrincipal, principals } from '#core/ipc/principals.js';
import { ApplianceError } from '#core/sdk/index.js';
import { FakeClock } from '#core/testing/index.js';
import { descriptor, FakeCore, type FakeAction } from './fake-core.js';
import { openServers } from './open-servers.js';

function action(id: string, role: 'viewer' | 'operator' | 'administrator' = 'viewer'): FakeAction {
  return { descriptor: descriptor(id, { role }), run: () => ({ output: id, reports: [] }) };
}

const actions = [
  action('access.login'),
  action('peer.deliver'),
  action('access.user.add', 'administrator'),
  action('network.bond.create', 'operator'),
  action('status'),
  action('status.show'),
];

/** Knows the session `jane` until it is ended. */
class OneSession implements Authenticator {
  ended = false;

  identify({ kind, secret }: Credential) {
    if (this.ended || kind !== 'session' || secret !== 'jane') return undefined;
    return { name: 'user:jane', role: 'operator' } as const;
  }

  isValid(credential: Credential): boolean {
    return this.identify(credential) !== undefined;
  }
}

const janes = { onBehalf: { credential: { kind: 'session', secret: 'jane' } } } as const;

const seen: Readonly<Record<string, readonly string[]>> = {
  root: ['access.user.add', 'network.bond.create', 'status', 'status.show'],
  operators: ['network.bond.create', 'status', 'status.show'],
  viewers: ['status', 'status.show'],
  gateway: ['access.login'],
  console: ['access.login', 'status', 'status.show'],
  peer: ['peer.deliver'],
  'plugin-example': ['status.show'],
};

test('every door shows its own actions and lets no others through', async (t) => {
  const core = new FakeCore(actions);
  const example = pluginPrincipal('example', 'gemel-plugin', { actions: ['status.show'], eventPrefixes: ['network.'] });
  await using servers = await openServers(core, { principals: [...Object.values(principals), example] });
  for (const [door, expected] of Object.entries(seen)) {
    await using client = await CoreClient.connect(servers.path(door));
    t.deepEqual(
      (await client.describe()).map(({ id }) => id),
      expected,
      door,
    );
    const { known } = await client.find(['nothing']);
    t.deepEqual(
      known.map(({ id }) => id),
      expected,
      door,
    );
  }
  await using gateway = await CoreClient.connect(servers.path('gateway'));
  await t.throwsAsync(gateway.invoke('status.show'), { code: 'forbidden' });
  await t.throwsAsync(
    gateway.subscribe('', () => undefined),
    { code: 'forbidden' },
  );
  await using root = await CoreClient.connect(servers.path('root'));
  await t.throwsAsync(root.invoke('access.login'), { code: 'forbidden' });
  await using plugin = await CoreClient.connect(servers.path('plugin-example'));
  await t.throwsAsync(plugin.invoke('network.bond.create'), { code: 'forbidden' });
  await t.throwsAsync(
    plugin.subscribe('time.', () => undefined),
    { code: 'forbidden' },
  );
  await plugin.subscribe('network.bond.', () => undefined);
  t.deepEqual(core.invocations, []);
});

test('callers are who the kernel says at the socket they came through', async (t) => {
  const core = new FakeCore(actions);
  const clock = new FakeClock(0, 5_000);
  await using servers = await openServers(core, { principals: [principals.operators, principals.console], clock });
  await using client = await CoreClient.connect(servers.path('operators'));
  await client.welcome;
  await clock.advance(1_000);
  await client.invoke('status.show', { caller: 'local:root', role: 'administrator' });
  await using console = await CoreClient.connect(servers.path('console'));
  await console.invoke('status.show');
  await console.invoke('status');
  t.deepEqual(core.callers, [
    { name: 'local:jane', role: 'operator', surface: 'cli', connectedAt: 5_000 },
    { name: 'console', role: 'viewer', surface: 'console', connectedAt: 6_000 },
    { name: 'console', role: 'viewer', surface: 'console', connectedAt: 6_000 },
  ]);
});

test('says which door a person came through when the kernel can’t tell who it is', async (t) => {
  const core = new FakeCore(actions);
  await using servers = await openServers(core, { principals: [principals.operators], peerOf: async () => undefined });
  await using client = await CoreClient.connect(servers.path('operators'));
  t.is((await client.welcome).caller, 'local:operators');
});

test('the gateway acts with the session’s role, and the operator’s own connection', async (t) => {
  const core = new FakeCore(actions);
  const clock = new FakeClock(0, 5_000);
  await using servers = await openServers(core, {
    principals: [principals.gateway],
    authenticator: new OneSession(),
    clock,
  });
  await using client = await CoreClient.connect(servers.path('gateway'));
  await client.welcome;
  await clock.advance(1_000);
  const remote = { address: '10.0.0.9', localAddress: '10.0.0.1' };
  const onBehalf = { ...janes.onBehalf, remote, connectionAgeMs: 200 };
  t.is((await client.invoke('network.bond.create', {}, { onBehalf })).output, 'network.bond.create');
  t.deepEqual(core.callers, [{ name: 'user:jane', role: 'operator', surface: 'http', connectedAt: 5_800, remote }]);
  t.deepEqual(
    (await client.describe(janes)).map(({ id }) => id),
    ['access.login', 'network.bond.create', 'status', 'status.show'],
  );
});

test('a person’s shell says where it comes from, and nothing else', async (t) => {
  const core = new FakeCore(actions);
  const example = pluginPrincipal('example', 'gemel-plugin', { actions: ['status.show'], eventPrefixes: [] });
  await using servers = await openServers(core, { principals: [principals.operators, example] });
  const remote = { address: '10.0.0.9', localAddress: '10.0.0.1' };
  await using operators = await CoreClient.connect(servers.path('operators'));
  await operators.invoke('status.show', {}, { onBehalf: { remote } });
  t.deepEqual(
    core.callers.map((caller) => caller.remote),
    [remote],
  );
  const aged = { onBehalf: { remote, connectionAgeMs: 0 } };
  await t.throwsAsync(operators.invoke('status.show', {}, aged), { code: 'forbidden' });
  await using plugin = await CoreClient.connect(servers.path('plugin-example'));
  await t.throwsAsync(plugin.invoke('status.show', {}, { onBehalf: { remote } }), { code: 'forbidden' });
});

test('a session or token that is not valid gets nothing, and local doors take none', async (t) => {
  const core = new FakeCore(actions);
  await using servers = await openServers(core, {
    principals: [principals.gateway, principals.operators],
    authenticator: new OneSession(),
  });
  await using gateway = await CoreClient.connect(servers.path('gateway'));
  const wrong = { onBehalf: { credential: { kind: 'token', secret: 'jane' } } } as const;
  await t.throwsAsync(gateway.invoke('status.show', {}, wrong), { code: 'forbidden' });
  await t.throwsAsync(gateway.describe(wrong), { code: 'forbidden' });
  await using operators = await CoreClient.connect(servers.path('operators'));
  await t.throwsAsync(operators.invoke('status.show', {}, janes), { code: 'forbidden' });
  t.deepEqual(core.invocations, []);
});

test('a subscription ends with the session that it rests on', async (t) => {
  const core = new FakeCore(actions);
  const authenticator = new OneSession();
  await using servers = await openServers(core, { principals: [principals.gateway], authenticator });
  await using client = await CoreClient.connect(servers.path('gateway'));
  const events: string[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<ApplianceError | undefined>();
  await client.subscribe('', ({ id }) => void events.push(id), resolve, janes);
  core.publish('network.first');
  authenticator.ended = true;
  core.publish('network.second');
  t.is((await ended)?.code, 'forbidden');
  t.deepEqual([events, core.subscribers], [['network.first'], 0]);
});

test('a stream ends with the session that it rests on, and gives nothing more', async (t) => {
  const authenticator = new OneSession();
  async function* secrets() {
    yield 'first';
    authenticator.ended = true;
    yield 'second';
  }
  const log: FakeAction = {
    descriptor: descriptor('logs.follow', { kind: 'stream' }),
    run: () => ({ stream: secrets(), reports: [] }),
  };
  await using servers = await openServers(new FakeCore([log]), { principals: [principals.gateway], authenticator });
  await using client = await CoreClient.connect(servers.path('gateway'));
  const pieces: unknown[] = [];
  const following = client.invoke('logs.follow', {}, { ...janes, onPiece: (piece) => void pieces.push(piece) });
  await t.throwsAsync(following, { code: 'forbidden' });
  t.deepEqual(pieces, ['first']);
});

test('sockets have the rights that their door needs, whatever the umask', async (t) => {
  await using shared = await openServers(new FakeCore(), {
    principals: [principals.root, principals.viewers],
    private: false,
  });
  t.is((await stat(shared.path('root'))).mode & 0o777, 0o600);
  t.is((await stat(shared.path('viewers'))).mode & 0o777, 0o666);
  t.is((await stat(`${shared.folder}/viewers`)).mode & 0o777, 0o750);
  await using own = await openServers(new FakeCore(), { principals: [principals.viewers], private: true });
  t.is((await stat(own.path('viewers'))).mode & 0o777, 0o600);
  t.is((await stat(`${own.folder}/viewers`)).mode & 0o777, 0o700);
});

test('replaces the socket of a core that is gone, never one that answers or another file', async (t) => {
  await using servers = await openServers(new FakeCore([action('status.show')]), { principals: [] });
  const path = servers.path('root');
  await using second = await openServers(new FakeCore(), { principals: [principals.viewers] });
  await servers.servers.open(principals.root);
  await t.throwsAsync(servers.servers.open(principals.root), { code: 'conflict' });
  await servers.servers.close('root');

  const living = createServer().listen(path);
  await new Promise((resolve) => living.once('listening', resolve));
  await t.throwsAsync(servers.servers.open(principals.root), { code: 'conflict', message: /Another core is running/ });
  await new Promise((resolve) => living.close(resolve));

  await writeFile(path, 'not a socket');
  await t.throwsAsync(servers.servers.open(principals.root), { code: 'unavailable' });
  t.truthy(second);
});

test('says so when the folder makes the socket’s path too long', async (t) => {
  await using servers = await openServers(new FakeCore(), { principals: [] });
  const long = { ...principals.root, name: 'r'.repeat(110) };
  const failure = await t.throwsAsync(servers.servers.open(long), { instanceOf: ApplianceError });
  t.regex(failure?.message ?? '', /longer than the 107 bytes/);
});
