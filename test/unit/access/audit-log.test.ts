import test from 'ava';
import { z } from 'zod';
import { AuditLog, type AuditLogParts } from '#core/access/audit-log.js';
import { redact } from '#core/access/redact.js';
import type { AuditEntry } from '#core/actions/action-registry.js';
import { ApplianceError, type Logger, type WriteOptions } from '#core/sdk/index.js';
import { FakeClock, MemoryFileStore } from '#core/testing/index.js';

const schema = z.object({ name: z.string(), password: z.string().meta({ secret: true }).optional() });

function entry(action: string, input: unknown = { name: 'x' }): AuditEntry {
  return { caller: 'local:jane', surface: 'cli', action, input, schema };
}

function world(
  files = new MemoryFileStore(),
  limits: Partial<Pick<AuditLogParts, 'fileBytes' | 'olderFiles' | 'reserveBytes'>> = {},
  now = 1_000,
) {
  const errors: string[] = [];
  const log: Logger = { debug() {}, info() {}, warn() {}, error: (_fields, message) => void errors.push(message) };
  const clock = new FakeClock(now);
  const audit = new AuditLog({ files, clock, log, folder: '/audit', ...limits });
  return { files, errors, audit, clock };
}

test('records who asked for what before it runs, how it ended, and no secret', async (t) => {
  const { audit, files } = world();
  const first = await audit.begin(entry('access.user.add', { name: 'jane', password: 'hunter2hunter2' }));
  await audit.end(first, 'done', '');
  await audit.begin(entry('device.reboot'));

  const { records } = await audit.read(10);
  t.deepEqual(
    records.map(({ id: _id, ...rest }) => rest),
    [
      {
        at: 1_000,
        caller: 'local:jane',
        surface: 'cli',
        action: 'device.reboot',
        input: { name: 'x' },
        outcome: 'unfinished',
        message: '',
      },
      {
        at: 1_000,
        caller: 'local:jane',
        surface: 'cli',
        action: 'access.user.add',
        input: { name: 'jane', password: '(hidden)' },
        outcome: 'done',
        message: '',
      },
    ],
  );
  t.false(JSON.stringify(files.contents()).includes('hunter2'));
  t.is(files.entries().get('/audit/audit.jsonl')?.mode, 0o600);
});

/** Nothing can be made longer on it, and new files have no room. */
class FullVolume extends MemoryFileStore {
  full = true;

  override async write(path: string, content: string, options?: WriteOptions): Promise<void> {
    this.#refuse(path);
    await super.write(path, content, options);
  }

  override async append(path: string, text: string, options?: WriteOptions): Promise<void> {
    this.#refuse(path);
    await super.append(path, text, options);
  }

  #refuse(path: string): void {
    if (this.full) throw new ApplianceError('storage', `${path} cannot be written: no space is left on its volume.`);
  }
}

test('refuses an action that can’t be recorded anywhere, and does not fail one that has happened', async (t) => {
  const files = new FullVolume();
  const { audit, errors } = world(files);
  await t.throwsAsync(audit.begin(entry('network.bond.remove')), {
    code: 'storage',
    message: /was not started .* no space is left on its volume\. Free space/,
  });
  files.full = false;
  const running = await audit.begin(entry('network.bond.create'));
  await files.remove('/audit/reserve');
  files.full = true;
  await audit.end(running, 'done', '');
  t.deepEqual(errors, ['the end of an action was not recorded']);
});

test('on a full volume actions are recorded in the reserve, and go to the log once there is room', async (t) => {
  const files = new FullVolume();
  files.full = false;
  const { audit } = world(files, { reserveBytes: 2_000 });
  const before = await audit.begin(entry('network.bond.create'));
  await audit.end(before, 'done', '');
  files.full = true;
  const undo = await audit.begin(entry('settings.undo'));
  await audit.end(undo, 'done', '');
  const large = entry('site.delete', { names: Array.from({ length: 20 }, () => 'x'.repeat(900)) });
  await audit.begin(large);
  const all = ['site.delete unfinished', 'settings.undo done', 'network.bond.create done'];
  const told = async (log: AuditLog) =>
    (await log.read(10)).records.map(({ action, outcome }) => `${action} ${outcome}`);
  t.deepEqual(await told(audit), all);

  // another run of core, with room again
  const again = world(files, { reserveBytes: 2_000 }, 2_000).audit;
  t.deepEqual(await told(again), all);
  files.full = false;
  await again.end(await again.begin(entry('device.reboot')), 'done', '');
  t.deepEqual(await told(again), ['device.reboot done', ...all]);
  t.is(files.contents()['/audit/reserve'], '\n'.repeat(2_000));
});

test('a reserve that is used up refuses what it can’t record', async (t) => {
  const files = new FullVolume();
  files.full = false;
  const { audit } = world(files, { reserveBytes: 500 });
  await audit.begin(entry('test.before'));
  files.full = true;
  let recorded = 0;
  await t.throwsAsync(
    async () => {
      for (; ; recorded += 1) await audit.begin(entry(`test.n${recorded}`));
    },
    { code: 'storage' },
  );
  t.true(recorded >= 3);
  t.is((await audit.read(100)).records.length, recorded + 1);
});

test('a crash while the reserve goes to the log shows nothing twice and loses nothing', async (t) => {
  const files = new FullVolume();
  files.full = false;
  const { audit } = world(files, { reserveBytes: 2_000 });
  await audit.begin(entry('test.a'));
  files.full = true;
  await audit.end(await audit.begin(entry('test.b')), 'done', '');
  files.full = false;
  // the log has the lines, the reserve still has them too
  files.put(
    '/audit/audit.jsonl',
    `${files.contents()['/audit/audit.jsonl']}${files.contents()['/audit/reserve']?.trim()}`,
  );
  const { audit: next } = world(files, { reserveBytes: 2_000 }, 2_000);
  await next.begin(entry('test.c'));
  t.deepEqual(
    (await next.read(10)).records.map(({ action }) => action),
    ['test.c', 'test.b', 'test.a'],
  );
});

test('records who was refused for want of a role, and leaves out what a caller repeats without an end', async (t) => {
  const { audit, clock, files } = world();
  const refuse = (caller: string) => audit.refused({ ...entry('device.reboot'), caller }, 'No.');
  await audit.begin(entry('test.before'));
  for (let count = 0; count < 5_000; count += 1) await refuse('user:mallory');
  await refuse('user:jane');
  const recorded = async () =>
    (await audit.read(100)).records.map(({ caller, outcome, message }) => [caller, outcome, message]);
  const mallory = Array.from({ length: 10 }, () => ['user:mallory', 'refused', 'No.']);
  const before = ['local:jane', 'unfinished', ''];
  t.deepEqual(await recorded(), [['user:jane', 'refused', 'No.'], ...mallory, before]);

  await clock.advance(1_000);
  await refuse('user:mallory');
  t.deepEqual((await recorded())[0], [
    'user:mallory',
    'refused',
    'No. 4990 more refusals before this one were not recorded.',
  ]);
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    await clock.advance(60_000);
    await refuse('user:mallory');
  }
  const most = (files.contents()['/audit/audit.jsonl'] ?? '').split('\n').length;
  t.true(most < 200, `${most} lines after a day`);
});

test('a refusal takes nothing from the reserve', async (t) => {
  const files = new FullVolume();
  files.full = false;
  const { audit, errors } = world(files, { reserveBytes: 500 });
  await audit.begin(entry('test.before'));
  files.full = true;
  await audit.refused(entry('device.reboot'), 'No.');
  t.is(files.contents()['/audit/reserve'], '\n'.repeat(500));
  t.deepEqual(errors, ['a refusal was not recorded']);
});

test('stays within its size, keeps the newest, and reads across files', async (t) => {
  const { audit, files } = world(new MemoryFileStore(), { fileBytes: 2_000, olderFiles: 2 });
  for (let count = 0; count < 100; count += 1) {
    await audit.end(await audit.begin(entry(`test.n${count}`)), 'done', '');
  }
  const names = Object.keys(files.contents());
  t.is(names.length, 4);
  t.true(names.every((name) => name === '/audit/reserve' || (files.contents()[name]?.length ?? 0) < 2_300));
  const { records } = await audit.read(15);
  t.deepEqual(
    records.map(({ action }) => action),
    Array.from({ length: 15 }, (_, n) => `test.n${99 - n}`),
  );
  t.true(records.every(({ outcome }) => outcome === 'done'));
});

test('reads around lines that a power loss cut off, and goes on writing', async (t) => {
  const good = { id: 'a', at: 1, caller: 'local:jane', surface: 'cli', action: 'test.a', input: {} };
  const { audit } = world(new MemoryFileStore({ '/audit/audit.jsonl': `${JSON.stringify(good)}\n{"id":"b","at` }));
  await audit.begin(entry('test.c'));
  const { records, damaged } = await audit.read(10);
  t.deepEqual([records.map(({ action }) => action), damaged], [['test.c', 'test.a'], 1]);
});

test('hides secrets wherever the schema has them, and cuts long texts', (t) => {
  const secret = { type: 'string', secret: true };
  const object = { type: 'object', properties: { key: secret } };
  const shape = {
    type: 'object',
    properties: {
      plain: { type: 'string' },
      list: { type: 'array', items: object },
      map: { type: 'object', additionalProperties: secret },
      either: { anyOf: [{ type: 'number' }, { type: 'object', properties: { key: secret } }] },
      maybe: { anyOf: [secret, { type: 'null' }] },
      pair: { type: 'array', prefixItems: [{ type: 'string' }, secret] },
    },
  };
  const input = {
    plain: 'a'.repeat(1_200),
    list: [{ key: 'k1', other: 1 }],
    map: { a: 'k2' },
    either: { key: 'k3' },
    maybe: 'k4',
    pair: ['p', 'k5'],
  };
  const hidden = '(hidden)';
  t.deepEqual(redact(input, shape), {
    plain: `${'a'.repeat(1_000)}… (1200 characters)`,
    list: [{ key: hidden, other: 1 }],
    map: { a: hidden },
    either: { key: hidden },
    maybe: hidden,
    pair: ['p', hidden],
  });
});
