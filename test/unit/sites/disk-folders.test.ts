import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplianceError } from '@gemel/core/sdk';
import { DiskFolders, diskParts } from '#sites/system/disk-folders.js';
import test, { type ExecutionContext } from 'ava';

const folders = new DiskFolders();
const going = new AbortController().signal;

async function newFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gemel-sites-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

test('copies files, folders, modes, times and links', async (t) => {
  const folder = await newFolder(t);
  await mkdir(join(folder, 'from/tsdb'), { recursive: true });
  await writeFile(join(folder, 'from/tsdb/1'), 'x'.repeat(10_000_000), { mode: 0o640 });
  await symlink('tsdb/1', join(folder, 'from/newest'));
  const seen: number[] = [];
  await folders.copy(join(folder, 'from'), join(folder, 'to'), {
    signal: going,
    progress: (bytes) => void seen.push(bytes),
  });
  t.is((await readFile(join(folder, 'to/tsdb/1'))).length, 10_000_000);
  t.is(await readlink(join(folder, 'to/newest')), 'tsdb/1');
  const [before, after] = await Promise.all(['from', 'to'].map((name) => lstat(join(folder, name, 'tsdb/1'))));
  t.deepEqual([after?.mode, after?.mtime, after?.uid], [before?.mode, before?.mtime, before?.uid]);
  t.deepEqual([seen.length, seen.at(-1)], [3, 10_000_000]);
  t.is(await folders.size(join(folder, 'to'), going), 10_000_000);
});

test('a copy of a large file ends soon after it was cancelled', async (t) => {
  const folder = await newFolder(t);
  await mkdir(join(folder, 'from'));
  await writeFile(join(folder, 'from/large'), new Uint8Array(64 * 1024 * 1024));
  const abort = new AbortController();
  let copied = 0;
  const copying = folders.copy(join(folder, 'from'), join(folder, 'to'), {
    signal: abort.signal,
    progress: (bytes) => {
      copied = bytes;
      abort.abort(new ApplianceError('cancelled', 'The job was cancelled.'));
    },
  });
  t.is((await t.throwsAsync(copying, { instanceOf: ApplianceError }))?.code, 'cancelled');
  t.true(copied < 16 * 1024 * 1024);
});

test('a file is copied and its sum computed in one go', async (t) => {
  const folder = await newFolder(t);
  await writeFile(join(folder, 'image'), 'hello\n');
  const sum = await folders.copyFile(join(folder, 'image'), join(folder, 'new/copy'), {
    signal: going,
    progress: () => undefined,
  });
  t.is(sum, '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03');
  t.is(await readFile(join(folder, 'new/copy'), 'utf8'), 'hello\n');
});

test('does not rename onto what is there', async (t) => {
  const folder = await newFolder(t);
  await mkdir(join(folder, 'a'));
  await mkdir(join(folder, 'b'));
  const refused = await t.throwsAsync(folders.move(join(folder, 'a'), join(folder, 'b')), {
    instanceOf: ApplianceError,
  });
  t.is(refused?.code, 'conflict');
  await folders.move(join(folder, 'a'), join(folder, 'c'));
  t.deepEqual([await folders.exists(join(folder, 'a')), await folders.exists(join(folder, 'c'))], [false, true]);
});

test('says which medium is at fault, and how', async (t) => {
  const refused = await t.throwsAsync(folders.size('/nowhere/at-all', going), { instanceOf: ApplianceError });
  t.is(refused?.code, 'storage');
  t.is(refused?.message, '/nowhere/at-all cannot be read: it is not there.');
});

test('a file in pieces is the same file', async (t) => {
  const folder = await newFolder(t);
  const content = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 251));
  await writeFile(join(folder, 'image'), content);
  for (let offset = 0; offset < content.length; offset += 300) {
    await diskParts.write(join(folder, 'new/copy'), offset, await diskParts.read(join(folder, 'image'), offset, 300));
  }
  t.deepEqual(await readFile(join(folder, 'new/copy')), content);
});

test('whose a folder is', async (t) => {
  const folder = await newFolder(t);
  t.is(await folders.owner(folder), (await lstat(folder)).uid);
  t.is(await folders.owner(join(folder, 'absent')), undefined);
});
