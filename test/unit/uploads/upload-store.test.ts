import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UploadOrder } from '#core/ipc/core-api.js';
import { ApplianceError } from '#core/sdk/index.js';
import { storageError } from '#core/system/storage-error.js';
import { memoryUploads } from '#core/testing/memory-uploads.js';
import type { GrowingFile, UploadFiles } from '#core/uploads/upload-files.js';
import { UploadStore } from '#core/uploads/upload-store.js';
import { FakeClock, MemoryFileStore } from '@gemel/core/testing';
import test from 'ava';
import { collectingLog } from '../kernel/collecting-log.js';
import { jane, mostBytes, until, uploadWorld } from './upload-world.js';

const mebibyte = 1024 * 1024;
const bytes = (text: string) => Buffer.from(text);
const target = { owner: 'reader', rule: { mostBytes, ending: '.txt', inPlace: [] } };
const nothing = () => undefined;

function order(parts: Partial<UploadOrder> = {}): UploadOrder {
  return { action: 'test.read', field: 'file', files: [{ name: 'a.txt', bytes: 6 }], ...parts };
}

/** The disk, with something else in place of a part of it. */
const instead = (other: Partial<UploadFiles>) => (disk: UploadFiles) => ({ ...disk, ...other });

/** Pieces go to `append` instead of the medium. */
function appending(append: GrowingFile['append']) {
  return (disk: UploadFiles): UploadFiles => ({
    ...disk,
    create: async (path) => ({ ...(await disk.create(path)), append }),
  });
}

const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });

test('what came in pieces is one file of root alone, in a folder of the plugin', async (t) => {
  await using world = await uploadWorld();
  let ended = 0;
  const upload = await world.store.begin(order(), target, jane.name, () => (ended += 1));
  await upload.append(0, bytes('abc'));
  await upload.append(0, bytes('def'));
  const { path, folder } = world.store.take(upload.value, 'file', 'test.read', jane.name);
  t.is(path, `${folder}/a.txt`);
  t.true(folder.startsWith(`${world.folder}/uploads/reader/`));
  const modes = await Promise.all([folder, path].map(async (each) => (await stat(each)).mode & 0o777));
  t.deepEqual([modes, ended], [[0o700, 0o600], 1]);
  await world.store.remove(folder);
  t.deepEqual(await world.left(), []);
});

const refused: Readonly<Record<string, readonly [UploadOrder['files'], string, RegExp]>> = {
  'an empty file': [[{ name: 'a.txt', bytes: 0 }], 'core.upload.empty', /^file: a\.txt is empty/],
  'one that is too large': [
    [{ name: 'a.txt', bytes: mostBytes + 1 }],
    'core.upload.too-large',
    /^file: a\.txt has 4194305 bytes, and 4194304 are the most/,
  ],
  'another ending': [[{ name: 'a.bin', bytes: 1 }], 'core.upload.wrong-name', /its name must end in \.txt/],
  'a way out of its folder': [[{ name: '../a.txt', bytes: 1 }], 'core.upload.wrong-name', /it is no name of a file/],
  'a name with a line feed': [[{ name: 'a\n.txt', bytes: 1 }], 'core.upload.wrong-name', /it is no name of a file/],
  'the folder above': [[{ name: '..', bytes: 1 }], 'core.upload.wrong-name', /it is no name of a file/],
  'a name without end': [
    [{ name: `${'ä'.repeat(130)}.txt`, bytes: 1 }],
    'core.upload.wrong-name',
    /more than 255 bytes/,
  ],
};

for (const [what, [files, code, text]] of Object.entries(refused)) {
  test(`refuses ${what}, naming field, reason and remedy, before anything is stored`, async (t) => {
    await using world = await uploadWorld();
    const begun = world.store.begin(order({ files }), target, jane.name, nothing);
    const error = await t.throwsAsync(begun, { instanceOf: ApplianceError });
    const [report] = error.reports;
    t.deepEqual([error.code, report?.code, report?.path], ['invalid', code, 'file']);
    t.regex(report?.text ?? '', text);
    t.regex(report?.text ?? '', /Choose another file/);
    t.deepEqual(await world.left(), []);
  });
}

test('takes a second file only where the field has one beside, and not under the same name', async (t) => {
  await using world = await uploadWorld();
  const two = [
    { name: 'a.txt', bytes: 1 },
    { name: 'a.txt', bytes: 1 },
  ];
  const alone = world.store.begin(order({ files: two }), target, jane.name, nothing);
  await t.throwsAsync(alone, { message: 'file takes one file, not 2.' });
  const beside = { ...target, rule: { ...target.rule, beside: 'image' } };
  const same = world.store.begin(order({ files: two }), beside, jane.name, nothing);
  await t.throwsAsync(same, { message: /two files have this name/ });
});

test('refuses what would leave too little room, with the figures', async (t) => {
  await using world = await uploadWorld({ media: instead({ room: async () => 257 * mebibyte }) });
  const files = [{ name: 'a.txt', bytes: 2 * mebibyte }];
  const begun = world.store.begin(order({ files }), target, jane.name, nothing);
  const error = await t.throwsAsync(begun, { instanceOf: ApplianceError });
  t.is(error.code, 'storage');
  t.like(error.reports[0], {
    code: 'core.upload.no-room',
    path: 'file',
    params: { field: 'file', name: 'a.txt', needed: 2, free: 1, folder: `${world.folder}/uploads` },
  });
});

test('two at once are not promised the same room', async (t) => {
  await using world = await uploadWorld({ media: instead({ room: async () => 259 * mebibyte }) });
  const files = [{ name: 'a.txt', bytes: 2 * mebibyte }];
  const begin = () => world.store.begin(order({ files }), target, jane.name, nothing);
  const [first, second] = await Promise.allSettled([begin(), begin()]);
  t.deepEqual([first.status, second.status], ['fulfilled', 'rejected']);
  if (first.status === 'fulfilled') await first.value[Symbol.asyncDispose]();
  await t.notThrowsAsync(begin());
});

test('two at once, with the same name, do not meet', async (t) => {
  await using world = await uploadWorld();
  const [one, two] = await Promise.all(
    ['abcdef', 'ghijkl'].map(async (text) => {
      const upload = await world.store.begin(order(), target, jane.name, nothing);
      await upload.append(0, bytes(text));
      return upload.value;
    }),
  );
  for (const file of [one, two])
    await world.registry.invoke(
      { action: 'test.read', input: { file }, view: false },
      { caller: jane, signal: new AbortController().signal },
    );
  t.deepEqual(
    world.seen.map(({ texts }) => texts),
    [['abcdef'], ['ghijkl']],
  );
});

test('a medium that is full in the middle ends the upload, with nothing left and the remedy', async (t) => {
  let room = 1;
  await using world = await uploadWorld({
    media: appending(async () => {
      if (room-- === 0) throw storageError('/data/a.txt', 'written', full);
    }),
  });
  let ended = 0;
  const upload = await world.store.begin(order(), target, jane.name, () => (ended += 1));
  await upload.append(0, bytes('abc'));
  const error = await t.throwsAsync(upload.append(0, bytes('d')), { instanceOf: ApplianceError });
  t.is(error.code, 'storage');
  t.like(error.reports[0], { code: 'core.upload.not-stored', path: 'file' });
  t.regex(error.message, /^file: a\.txt could not be stored, .* no space is left .* Remove what is not needed/);
  t.deepEqual([await world.left(), ended], [[], 1]);
  const again = await t.throwsAsync(upload.append(0, bytes('e')), { instanceOf: ApplianceError });
  t.is(again.reports[0]?.code, 'core.upload.gone');
});

test('a file that cannot even be made is told, and leaves nothing', async (t) => {
  const create = async () => {
    throw storageError('/data/a.txt', 'written', full);
  };
  await using world = await uploadWorld({ media: instead({ create }) });
  let ended = 0;
  const begun = world.store.begin(order(), target, jane.name, () => (ended += 1));
  const error = await t.throwsAsync(begun, { instanceOf: ApplianceError });
  t.deepEqual([error.code, error.reports[0]?.code, ended], ['storage', 'core.upload.not-stored', 1]);
});

test('more than was announced ends the upload, with nothing left', async (t) => {
  await using world = await uploadWorld();
  const upload = await world.store.begin(order(), target, jane.name, nothing);
  await upload.append(0, bytes('abcdef'));
  const error = await t.throwsAsync(upload.append(0, bytes('g')), { instanceOf: ApplianceError });
  t.like(error.reports[0], { code: 'core.upload.too-long', params: { field: 'file', name: 'a.txt', bytes: 6 } });
  t.deepEqual(await world.left(), []);
  t.throws(() => world.store.take(upload.value, 'file', 'test.read', jane.name), { message: /is not there any more/ });
});

test('less than was announced is not given to an action, and can still be completed', async (t) => {
  await using world = await uploadWorld();
  const upload = await world.store.begin(order(), target, jane.name, nothing);
  await upload.append(0, bytes('abc'));
  const take = () => world.store.take(upload.value, 'file', 'test.read', jane.name);
  const error = t.throws(take, { instanceOf: ApplianceError });
  t.like(error.reports[0], { code: 'core.upload.incomplete', params: { received: 3, bytes: 6 } });
  await upload.append(0, bytes('def'));
  t.notThrows(take);
});

test('is of use to whoever sent it alone, for the action and field it was sent for, once', async (t) => {
  await using world = await uploadWorld();
  const upload = await world.store.begin(order(), target, jane.name, nothing);
  await upload.append(0, bytes('abcdef'));
  const others = [
    ['file', 'test.read', 'local:joe'],
    ['file', 'test.long', jane.name],
    ['other', 'test.read', jane.name],
  ] as const;
  for (const [field, action, caller] of others) {
    const error = t.throws(() => world.store.take(upload.value, field, action, caller), { instanceOf: ApplianceError });
    t.deepEqual([error.code, error.reports[0]?.code], ['not-found', 'core.upload.gone']);
  }
  t.notThrows(() => world.store.take(upload.value, 'file', 'test.read', jane.name));
  t.throws(() => world.store.take(upload.value, 'file', 'test.read', jane.name), { message: /not there any more/ });
});

test('is removed when nothing is heard for ten minutes, and each piece begins them again', async (t) => {
  await using world = await uploadWorld();
  const upload = await world.store.begin(order(), target, jane.name, nothing);
  await world.clock.advance(9 * 60_000);
  await upload.append(0, bytes('abc'));
  await world.clock.advance(9 * 60_000);
  t.deepEqual(await world.left(), ['a.txt']);
  await world.clock.advance(60_000);
  await until(async () => (await world.left()).length === 0);
  await t.throwsAsync(upload.append(0, bytes('def')), { message: /nothing was heard for 10 minutes/ });
  t.is(world.clock.pending, 0);
});

test('takes one piece at a time, and another one does no harm', async (t) => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  await using world = await uploadWorld({ media: appending(() => slow) });
  const upload = await world.store.begin(order(), target, jane.name, nothing);
  const first = upload.append(0, bytes('abc'));
  const error = await t.throwsAsync(upload.append(0, bytes('def')), { instanceOf: ApplianceError });
  t.is(error.code, 'conflict');
  resolve();
  await t.notThrowsAsync(first);
  await t.notThrowsAsync(upload.append(0, bytes('def')));
});

test('is not given to an action while its last piece is being written', async (t) => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  await using world = await uploadWorld({ media: appending(() => slow) });
  const upload = await world.store.begin(order(), target, jane.name, nothing);
  const last = upload.append(0, bytes('abcdef'));
  const take = () => world.store.take(upload.value, 'file', 'test.read', jane.name);
  t.throws(take, { message: /only 0 of the 6 bytes/ });
  resolve();
  await last;
  t.notThrows(take);
});

test('given up while a piece is written, it is removed after that', async (t) => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  await using world = await uploadWorld({ media: appending(() => slow) });
  const upload = await world.store.begin(order(), target, jane.name, nothing);
  const piece = upload.append(0, bytes('abc'));
  const gone = upload[Symbol.asyncDispose]();
  t.deepEqual(await world.left(), ['a.txt']);
  resolve();
  await Promise.all([piece, gone]);
  t.deepEqual(await world.left(), []);
});

test('a start of core removes what an earlier run left, but not what a job goes on with', async (t) => {
  await using world = await uploadWorld();
  const folder = join(world.folder, 'uploads/reader');
  for (const id of ['left', 'kept']) {
    await mkdir(join(folder, id), { recursive: true });
    await writeFile(join(folder, id, `${id}.txt`), 'x');
  }
  await world.store.tidy([join(folder, 'kept')]);
  t.deepEqual(await world.left(), ['kept.txt']);
  await world.store.tidy([]);
  t.deepEqual(await world.left(), []);
});

test('what an earlier run left and cannot be removed does not stop a start', async (t) => {
  const { log, lines } = collectingLog();
  const remove = async () => {
    throw storageError('/uploads', 'removed', full);
  };
  const files = Object.assign(new MemoryFileStore({ '/uploads/reader/1/a.txt': 'x' }), { remove });
  const store = new UploadStore({
    files,
    media: memoryUploads(files),
    clock: new FakeClock(),
    log,
    folder: '/uploads',
  });
  await t.notThrowsAsync(store.tidy([]));
  await t.notThrowsAsync(store.remove('/uploads/reader/1'));
  t.deepEqual(
    lines.map(({ level }) => level),
    ['error', 'error'],
  );
});
