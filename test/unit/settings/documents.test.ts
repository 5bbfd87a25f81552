import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import test from 'ava';
import { z } from 'zod';
import { SchemaTree } from '#core/settings/document/schema-tree.js';
import { redactSecrets, restoreSecrets, secretTexts } from '#core/settings/document/secrets.js';
import { parseValueText } from '#core/settings/document/value-text.js';
import { archiveText, isArchivable } from '#core/settings/store/archive.js';
import { textDiff } from '#core/settings/views/text-diff.js';
import { untar } from './world.js';

const run = promisify(execFile);

test('an archive is unpacked by tar with contents, modes and names as they were', async (t) => {
  const long = `/run/${'folder/'.repeat(25)}name.network`;
  const files = [
    { path: '/run/systemd/network/10-a.network', content: 'Grüße\n', mode: 0o640, group: 'root' },
    { path: '/run/empty', content: '' },
    { path: long, content: 'x'.repeat(512) },
    { path: '/etc/thing', content: 'y'.repeat(100_000), mode: 0o600 },
  ];
  const text = archiveText(files, Date.UTC(2026, 0, 1));
  t.deepEqual(
    [...untar(Buffer.from(text))],
    files.map(({ path, content }) => [path, content]),
  );
  const folder = await mkdtemp(`${tmpdir()}/archive-`);
  try {
    await writeFile(`${folder}/a.tar`, text);
    const listed = await run('tar', ['-tvf', `${folder}/a.tar`]);
    t.is(listed.stderr, '');
    await run('tar', ['-xpf', `${folder}/a.tar`, '-C', folder, '--no-same-owner']);
    for (const file of files) {
      t.is(await readFile(folder + file.path, 'utf8'), file.content);
      t.is((await stat(folder + file.path)).mode & 0o777, file.mode ?? 0o644);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('paths that no archive takes are refused', (t) => {
  for (const path of ['/run/a', '/etc/x/y-z_1.conf', `/${'d/'.repeat(60)}file`]) t.true(isArchivable(path), path);
  for (const path of [
    '',
    'run/a',
    '/',
    '/run/',
    '/run//a',
    '/run/../etc/passwd',
    '/run/./a',
    '/run/a b',
    '/run/ü',
    '/run/a\n',
    `/${'x'.repeat(101)}`,
    `/${'x/'.repeat(200)}y`,
  ]) {
    t.false(isArchivable(path), path);
  }
});

const tree = new SchemaTree(
  z.object({
    count: z.number().int().optional(),
    ratio: z.union([z.literal('auto'), z.number()]).optional(),
    on: z.boolean().optional(),
    name: z.string().nullable().optional(),
    names: z.array(z.string()).optional(),
    ports: z.array(z.number()).optional(),
    free: z.unknown().optional(),
    peer: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('psk'), key: z.string().meta({ secret: true }) }),
        z.object({ kind: z.literal('none') }),
      ])
      .optional(),
    users: z.array(z.object({ name: z.string(), password: z.string().meta({ secret: true }) })).optional(),
    token: z.string().nullable().meta({ secret: true }).default(null),
  }),
);

test('reads what was typed as the schema means it', (t) => {
  const parse = (path: string, text: string) => parseValueText(tree, tree.at(path.split('/')), text);
  const good: readonly (readonly [string, string, unknown])[] = [
    ['count', '7', 7],
    ['count', ' -7 ', -7],
    ['ratio', 'auto', 'auto'],
    ['ratio', '0.5', 0.5],
    ['on', 'true', true],
    ['name', '007', '007'],
    ['name', 'true', 'true'],
    ['name', 'null', null],
    ['names', 'a, b', ['a', 'b']],
    ['names', '', []],
    ['names', '["a,b"]', ['a,b']],
    ['ports', '80,443', [80, 443]],
    ['peer', '{"kind":"none"}', { kind: 'none' }],
    ['peer/kind', 'psk', 'psk'],
    ['users/0/name', 'x', 'x'],
  ];
  for (const [path, text, value] of good) t.deepEqual(parse(path, text), { ok: true, value }, `${path} ${text}`);
  for (const [path, text] of [
    ['count', 'x'],
    ['on', 'yes please'],
    ['ratio', 'x'],
    ['ports', '80,x'],
    ['peer', '{kind'],
    ['peer', 'x'],
    ['count', ''],
  ] as const) {
    t.false(parse(path, text).ok, `${path} ${text}`);
  }
  t.deepEqual(parse('ratio', 'x'), { ok: false, expected: 'auto or a number' });
});

test('finds secrets in choices, lists and defaults, and puts them back by name', (t) => {
  const value = {
    name: 'plain',
    peer: { kind: 'psk', key: 'alpha' },
    users: [
      { name: 'ann', password: 'beta' },
      { name: 'bob', password: 'gamma-long' },
    ],
    token: null,
  };
  const shown = redactSecrets(tree, value);
  t.deepEqual(shown, {
    name: 'plain',
    peer: { kind: 'psk', key: { $secret: 'set' } },
    users: [
      { name: 'ann', password: { $secret: 'set' } },
      { name: 'bob', password: { $secret: 'set' } },
    ],
    token: null,
  });
  t.deepEqual(secretTexts(tree, value), ['gamma-long', 'alpha', 'beta']);
  t.deepEqual(restoreSecrets(shown, value), { value, missing: [] });
  const reordered = {
    users: [
      { name: 'bob', password: { $secret: 'set' } },
      { name: 'eve', password: { $secret: 'set' } },
    ],
  };
  t.deepEqual(restoreSecrets(reordered, value), {
    value: {
      users: [
        { name: 'bob', password: 'gamma-long' },
        { name: 'eve', password: undefined },
      ],
    },
    missing: ['users/1/password'],
  });
});

test('shows a text difference with its surroundings', (t) => {
  const lines = textDiff('a\nb\nc\nd\ne\nf\ng\n', 'a\nb\nc\nx\ne\ny\nf\ng\n');
  t.deepEqual(
    lines.map(({ mark, text }) => `${mark}${text}`),
    [' b', ' c', '-d', '+x', ' e', '+y', ' f', ' g'],
  );
  t.deepEqual(textDiff(undefined, 'a\n'), [{ mark: '+', text: 'a' }]);
  t.deepEqual(
    textDiff('a\n', 'a\n').filter(({ mark }) => mark !== ' '),
    [],
  );
});
