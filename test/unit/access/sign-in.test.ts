import test from 'ava';
import { AccessService } from '#core/access/access-service.js';
import { accessActions } from '#core/access/actions.js';
import { AuditLog } from '#core/access/audit-log.js';
import { sessionIdleMs, sessionLongestMs } from '#core/access/session-store.js';
import { ApplianceError, type Logger } from '#core/sdk/index.js';
import { createTestAppliance, FakeClock, MemoryFileStore } from '#core/testing/index.js';

const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const password = 'correct-horse-9';

interface World {
  readonly files: MemoryFileStore;
  readonly clock: FakeClock;
  readonly access: AccessService;
}

async function world(files = new MemoryFileStore(), clock = new FakeClock()): Promise<World> {
  const access = new AccessService({ files, clock, log, stateFolder: '/state', runtimeFolder: '/run' });
  await access.load();
  return { files, clock, access };
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'done';
  } catch (failure) {
    return failure instanceof ApplianceError ? failure.code : String(failure);
  }
}

test('signs in with the right password, and keeps neither password nor session in clear', async (t) => {
  const { access, files } = await world();
  await access.users.add('jane', 'operator', password);
  const { session, role } = await access.signIn('jane', password, '10.0.0.9');
  t.is(role, 'operator');
  t.deepEqual(access.identify({ kind: 'session', secret: session }), { name: 'user:jane', role: 'operator' });
  t.is(access.identify({ kind: 'token', secret: session }), undefined);
  const stored = Object.values(files.contents()).join();
  t.false(stored.includes(password) || stored.includes(session));
  t.regex(stored, /\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  t.deepEqual(
    [...files.entries().values()].map(({ mode }) => mode),
    [0o600, 0o600],
  );
});

test('does not say whether the user or the password was wrong', async (t) => {
  const { access } = await world();
  await access.users.add('jane', 'operator', password);
  const wrongPassword = await t.throwsAsync(access.signIn('jane', 'wrong', 'a'));
  const wrongUser = await t.throwsAsync(access.signIn('joan', password, 'b'));
  t.is(wrongPassword?.message, wrongUser?.message);
});

test('makes a user wait longer with every failure, up to a minute, and forgives after success', async (t) => {
  const { access, clock } = await world();
  await access.users.add('jane', 'operator', password);
  for (let count = 0; count < 5; count += 1)
    t.is(await codeOf(access.signIn('jane', 'wrong', `from-${count}`)), 'forbidden');
  t.is(await codeOf(access.signIn('jane', password, 'elsewhere')), 'conflict');
  await clock.advance(1_000);
  t.is(await codeOf(access.signIn('jane', 'wrong', 'elsewhere')), 'forbidden');
  await clock.advance(1_999);
  t.is(await codeOf(access.signIn('jane', password, 'elsewhere')), 'conflict');
  await clock.advance(60_000);
  t.is(await codeOf(access.signIn('jane', password, 'elsewhere')), 'done');
  t.is(await codeOf(access.signIn('jane', 'wrong', 'elsewhere')), 'forbidden');
});

test('makes a source wait that tries one user after the other, a whole IPv6 network as one', async (t) => {
  const { access } = await world();
  const address = (last: number) => `2001:db8:0:1::${last}`;
  for (let count = 0; count < 5; count += 1) {
    t.is(await codeOf(access.signIn(`user-${count}`, 'wrong', address(count))), 'forbidden');
  }
  t.is(await codeOf(access.signIn('user-9', 'wrong', address(9))), 'conflict');
  t.is(await codeOf(access.signIn('user-9', 'wrong', '2001:db8:0:2::1')), 'forbidden');
});

test('attempts at the same time do not slip through together', async (t) => {
  const { access } = await world();
  await access.users.add('jane', 'operator', password);
  const codes = await Promise.all(
    Array.from({ length: 20 }, (_, n) => codeOf(access.signIn('jane', 'wrong', `s${n}`))),
  );
  t.is(codes.filter((code) => code === 'forbidden').length, 5);
});

test('a session ends when nobody uses it, after its longest time, and on sign-out', async (t) => {
  const { access, clock } = await world();
  await access.users.add('jane', 'operator', password);
  const start = async () =>
    ({ kind: 'session', secret: (await access.signIn('jane', password, 'a')).session }) as const;
  const idle = await start();
  await clock.advance(sessionIdleMs - 1);
  t.true(access.isValid(idle));
  await clock.advance(1);
  t.false(access.isValid(idle));

  const used = await start();
  for (let ms = 0; ms < sessionLongestMs; ms += 60_000) {
    t.truthy(access.identify(used));
    await clock.advance(60_000);
  }
  t.is(access.identify(used), undefined);

  const ended = await start();
  await access.sessions.end(ended.secret);
  t.is(access.identify(ended), undefined);
});

test('a clock that jumps ends no session', async (t) => {
  const { access, clock } = await world();
  await access.users.add('jane', 'operator', password);
  const { session } = await access.signIn('jane', password, 'a');
  clock.jump(-10 * 365 * 86_400_000);
  t.truthy(access.identify({ kind: 'session', secret: session }));
  clock.jump(20 * 365 * 86_400_000);
  t.truthy(access.identify({ kind: 'session', secret: session }));
});

test('users, tokens and sessions are there after a restart of core, sessions not after another boot', async (t) => {
  const { access, files, clock } = await world();
  await access.users.add('jane', 'operator', password);
  const { session } = await access.signIn('jane', password, 'a');
  const token = await access.tokens.create({
    name: 'backup',
    role: 'viewer',
    createdBy: 'local:root',
    expiresAt: null,
  });

  const { access: restarted } = await world(files, clock);
  t.deepEqual(restarted.identify({ kind: 'session', secret: session }), { name: 'user:jane', role: 'operator' });
  t.deepEqual(restarted.identify({ kind: 'token', secret: token }), { name: 'token:backup', role: 'viewer' });
  const { access: otherBoot } = await world(files, new FakeClock(clock.now(), 1));
  t.is(otherBoot.identify({ kind: 'session', secret: session }), undefined);
});

test('a changed role counts at once, a removed user’s sessions are nobody’s', async (t) => {
  const { access } = await world();
  await access.users.add('jane', 'operator', password);
  const secret = (await access.signIn('jane', password, 'a')).session;
  await access.users.setRole('jane', 'viewer');
  t.is(access.identify({ kind: 'session', secret })?.role, 'viewer');
  await access.users.remove('jane');
  t.is(access.identify({ kind: 'session', secret }), undefined);
});

test('a token ends when it expires or is revoked', async (t) => {
  const { access, clock } = await world();
  const expiresAt = clock.now() + 1_000;
  const secret = await access.tokens.create({ name: 'ci', role: 'operator', createdBy: 'local:root', expiresAt });
  t.truthy(access.identify({ kind: 'token', secret }));
  await clock.advance(1_000);
  t.is(access.identify({ kind: 'token', secret }), undefined);
  t.is(await codeOf(access.tokens.create({ name: 'ci', role: 'viewer', createdBy: 'x', expiresAt: null })), 'conflict');
  await access.tokens.revoke('ci');
  t.is(await codeOf(access.tokens.revoke('ci')), 'not-found');
});

test('tells everything that is wrong with a new password', async (t) => {
  const { access } = await world();
  const failure = await t.throwsAsync(access.users.add('jane', 'operator', 'JaneJane'), { instanceOf: ApplianceError });
  t.deepEqual(
    failure?.reports.map(({ code, path, params }) => ({ code, path, params })),
    [
      { code: 'access.password.too-short', path: 'password', params: { length: 8, minimum: 10 } },
      { code: 'access.password.contains-user', path: 'password', params: { user: 'jane' } },
      { code: 'access.password.too-uniform', path: 'password', params: { different: 4, minimum: 5 } },
    ],
  );
  t.deepEqual(access.users.list(), []);
});

test('a damaged file is kept aside and reported, and does not stop core', async (t) => {
  const files = new MemoryFileStore({ '/state/access/users.json': '{"version":1,"entr' });
  const clock = new FakeClock(77);
  const access = new AccessService({ files, clock, log, stateFolder: '/state', runtimeFolder: '/run' });
  t.deepEqual(
    (await access.load()).map(({ code, params }) => ({ code, params })),
    [
      {
        code: 'access.file.damaged',
        params: { file: '/state/access/users.json', kept: '/state/access/users.json.damaged-77', what: 'users' },
      },
    ],
  );
  t.deepEqual(files.contents(), { '/state/access/users.json.damaged-77': '{"version":1,"entr' });
});

test('attempts that are refused unseen are not recorded: nobody can push the records of others out by trying', async (t) => {
  await using appliance = await createTestAppliance();
  for (let count = 0; count < 20; count++) {
    const attempt = appliance.invoke('access.login', { user: 'jane', password: 'wrong' });
    await t.throwsAsync(attempt, { code: count < 5 ? 'forbidden' : 'conflict' });
  }
  const { output } = await appliance.invoke('audit.show', { action: 'access.login' });
  const { records } = output as { readonly records: readonly { readonly outcome: string }[] };
  t.deepEqual(
    records.map(({ outcome }) => outcome),
    Array.from({ length: 5 }, () => 'failed'),
  );
});

test('a list of users that cannot be read stops no start and is not written over', async (t) => {
  const files = new MemoryFileStore({ '/state/access/users.json/what': '' });
  const access = new AccessService({
    files,
    clock: new FakeClock(),
    log,
    stateFolder: '/state',
    runtimeFolder: '/run',
  });
  t.deepEqual(
    (await access.load()).map(({ code, text }) => [code, text]),
    [
      [
        'access.file.unreadable',
        '/state/access/users.json cannot be read: it is a folder. The users in it are not in force. Repair or remove /state/access/users.json, then: systemctl restart gemel-core',
      ],
    ],
  );
  await t.throwsAsync(access.users.add('jane', 'operator', password), {
    code: 'storage',
    message: /^The users are not known, so they stay as they are: /,
  });
  t.is(await codeOf(access.tokens.create({ name: 'backup', role: 'viewer', createdBy: 'x', expiresAt: null })), 'done');
});

test('a new password ends the sessions that rest on the old one, and a removed user has none', async (t) => {
  const { access, files, clock } = await world();
  const actions = accessActions(access, new AuditLog({ files, clock, log, folder: '/audit' }), clock);
  const run = async (id: string, input: object) => {
    const action = actions.find((each) => each.id === id);
    if (action?.kind !== 'call') throw new Error(`no call action ${id}`);
    const caller = { name: 'local:root', role: 'administrator', surface: 'cli', connectedAt: 0 } as const;
    await action.run(input, { caller, signal: new AbortController().signal });
  };
  await access.users.add('jane', 'operator', password);
  const first = await access.signIn('jane', password, 'a');
  await run('access.user.set-password', { name: 'jane', password: 'battery-staple-7' });
  t.is(access.identify({ kind: 'session', secret: first.session }), undefined);
  const second = await access.signIn('jane', 'battery-staple-7', 'a');
  await run('access.user.remove', { name: 'jane' });
  await access.users.add('jane', 'administrator', password);
  t.is(access.identify({ kind: 'session', secret: second.session }), undefined);
});

test('a sign-in that was under way when the password was changed, or the user replaced, comes to nothing', async (t) => {
  const { access } = await world();
  const { users, sessions } = access;
  await users.add('jane', 'operator', password);
  // it takes the second of two turns, so that the sign-in after it knows the old password and waits
  const other = codeOf(access.signIn('nobody', password, 'c'));
  const changed = users.setPassword('jane', 'battery-staple-7').then(() => sessions.endAllOf('jane'));
  const first = codeOf(access.signIn('jane', password, 'a'));
  t.deepEqual(await Promise.all([other, changed, first]), ['forbidden', undefined, 'forbidden']);
  t.is(await codeOf(access.signIn('jane', 'battery-staple-7', 'a')), 'done');

  await users.add('joe', 'operator', password);
  const again = users.add('joe', 'administrator', password);
  const second = codeOf(access.signIn('joe', password, 'b'));
  await users.remove('joe');
  await again;
  t.is(await second, 'forbidden');
});

test('a session that rests on an old password is nobody’s, also when nothing ended it', async (t) => {
  const { access, files, clock } = await world();
  await access.users.add('jane', 'operator', password);
  const secret = (await access.signIn('jane', password, 'a')).session;
  await access.users.setPassword('jane', password);
  t.is(access.identify({ kind: 'session', secret }), undefined);
  t.false(access.isValid({ kind: 'session', secret }));
  const { access: restarted } = await world(files, clock);
  t.is(restarted.identify({ kind: 'session', secret }), undefined);
});
