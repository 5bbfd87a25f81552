import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AtomicFileStore } from '#core/system/atomic-file-store.js';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';

const folder = await mkdtemp(join(tmpdir(), 'gemel-atomic-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));
const files = new AtomicFileStore({ ownership: false });

test('gives exactly the mode, whatever the umask, and keeps it on the next write', async (t) => {
  await files.write(`${folder}/mode/secret`, 'x', { mode: 0o640 });
  t.is((await stat(`${folder}/mode/secret`)).mode & 0o777, 0o640);
  await files.write(`${folder}/mode/open`, 'x');
  t.is((await stat(`${folder}/mode/open`)).mode & 0o777, 0o644);
  await files.append(`${folder}/mode/log`, 'x', { mode: 0o600 });
  t.is((await stat(`${folder}/mode/log`)).mode & 0o777, 0o600);
});

test('leaves no temporary file behind, also when the write fails', async (t) => {
  await files.write(`${folder}/clean/a`, 'x');
  await mkdir(`${folder}/clean/folder/full`, { recursive: true });
  await t.throwsAsync(files.write(`${folder}/clean/folder`, 'x'), { code: 'storage' });
  t.deepEqual(await readdir(`${folder}/clean`), ['a', 'folder']);
});

test('hides and removes what a killed process left, and nothing of one that lives', async (t) => {
  const place = `${folder}/left`;
  await mkdir(`${place}/.gone.999999999-1.gemel-tmp/deep`, { recursive: true });
  await writeFile(`${place}/.a.999999999-2.gemel-tmp`, 'half');
  await writeFile(`${place}/.b.${process.ppid}-1.gemel-tmp`, 'half');
  t.deepEqual(await files.list(place), []);
  await files.write(`${place}/a`, 'whole');
  t.deepEqual(await readdir(place), [`.b.${process.ppid}-1.gemel-tmp`, 'a']);
});

test('names path, reason and remedy when a part of the path is a file', async (t) => {
  await files.write(`${folder}/part`, 'x');
  await t.throwsAsync(files.write(`${folder}/part/below/x`, 'x'), {
    code: 'storage',
    message: `${folder}/part cannot be made a folder: a file is in its place. Remove it.`,
  });
});

test('watches a folder that is made later, and made again', async (t) => {
  const place = `${folder}/watched/deep`;
  let calls = 0;
  const watch = files.watch(place, () => {
    calls += 1;
  });
  const calledAfter = async (before: number) => {
    const isCalled = () => calls > before;
    for (let waited = 0; !isCalled() && waited < 5_000; waited += 10) await setTimeout(10);
    return isCalled();
  };
  await files.write(`${place}/a`, 'x');
  t.true(await calledAfter(0));
  await files.remove(`${folder}/watched`);
  await setTimeout(120);
  const removed = calls;
  await files.write(`${place}/b`, 'x');
  t.true(await calledAfter(removed));
  watch[Symbol.dispose]();
});
