import test from 'ava';
import { z } from 'zod';
import { AuditLog } from '#core/access/audit-log.js';
import { redact } from '#core/access/redact.js';
import type { AuditEntry } from '#core/actions/action-registry.js';
import type { Logger } from '#core/sdk/index.js';
import { FakeClock, MemoryFileStore } from '#core/testing/index.js';

const schema = z.object({ name: z.string(), password: z.string().meta({ secret: true }).optional() });

function entry(action: string, input: unknown = { name: 'x' }): AuditEntry {
  return { caller: 'local:jane', surface: 'cli', action, input, schema };
}

function world(files = new MemoryFileStore(), limits: { fileBytes?: number; olderFiles?: number } = {}) {
  const errors: string[] = [];
  const log: Logger = { debug() {}, info() {}, warn() {}, error: (_fields, message) => void errors.push(message) };
  const audit = new AuditLog({ files, clock: new FakeClock(1_000), log, folder: '/audit', ...limits });
  return { files, errors, audit };
}

test('records who asked for what before it runs, how it ended, and no secret', async (t) => {
  const { audit, files } = world();
  const first = entry('access.user.add', { name: 'jane', password: 'hunter2hunter2' });
  await audit.begin(first);
  await audit.end(first, 'done', '');
  const second = entry('device.reboot');
  await audit.begin(second);

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

test('refuses an action that can’t be recorded, and does not fail one that has happened', async (t) => {
  const { audit, files, errors } = world();
  const running = entry('network.bond.create');
  await audit.begin(running);
  files.faults.failAt(files.faults.steps.length + 1);
  await audit.end(running, 'done', '');
  t.deepEqual(errors, ['the end of an action was not recorded']);
  files.faults.failAt(files.faults.steps.length + 1);
  await t.throwsAsync(audit.begin(entry('network.bond.remove')), { code: 'storage', message: /was not started/ });
});

test('stays within its size, keeps the newest, and reads across files', async (t) => {
  const { audit, files } = world(new MemoryFileStore(), { fileBytes: 2_000, olderFiles: 2 });
  for (let count = 0; count < 100; count += 1) {
    const one = entry(`test.n${count}`);
    await audit.begin(one);
    await audit.end(one, 'done', '');
  }
  const names = Object.keys(files.contents());
  t.is(names.length, 3);
  t.true(Object.values(files.contents()).every((text) => text.length < 2_300));
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
