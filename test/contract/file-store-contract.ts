import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { FileStore } from '@gemel/core/sdk';
import type { ContractCase } from './contract-case.js';

export interface FileStoreSubject {
  readonly files: FileStore;
  /** An absolute folder of the case's own, not there yet. */
  readonly folder: string;
}

export const fileStoreContract: readonly ContractCase<FileStoreSubject>[] = [
  {
    title: 'reads what was written, also over an older and longer text',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/a/b`, 'the older and longer text');
      await files.write(`${folder}/a/b`, 'новый');
      assert.equal(await files.read(`${folder}/a/b`), 'новый');
    },
  },
  {
    title: 'knows no file where there is none, and no names where there is no folder',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/file`, '');
      assert.equal(await files.read(`${folder}/none`), undefined);
      assert.equal(await files.read(`${folder}/file/below`), undefined);
      assert.equal(await files.read(`${folder}/file`), '');
      assert.deepEqual(await files.list(`${folder}/none`), []);
    },
  },
  {
    title: 'lists files and folders by name, sorted',
    run: async ({ files, folder }) => {
      for (const name of ['b', 'a/deep/x', 'c', 'B']) await files.write(`${folder}/${name}`, name);
      assert.deepEqual(await files.list(folder), ['B', 'a', 'b', 'c']);
    },
  },
  {
    title: 'refuses to read, write or link a folder as if it were a file',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/a/b`, '');
      const storage = { name: 'ApplianceError', code: 'storage' };
      await assert.rejects(files.read(`${folder}/a`), storage);
      await assert.rejects(files.write(`${folder}/a`, ''), storage);
      await assert.rejects(files.link('x', `${folder}/a`), storage);
      assert.deepEqual(await files.list(folder), ['a']);
    },
  },
  {
    title: 'appends whole lines and keeps away from a line that a crash cut off',
    run: async ({ files, folder }) => {
      await files.append(`${folder}/log`, 'one');
      await files.append(`${folder}/log`, 'two');
      assert.equal(await files.read(`${folder}/log`), 'one\ntwo\n');
      await files.write(`${folder}/log`, 'one\ntw');
      await files.append(`${folder}/log`, 'three');
      assert.equal(await files.read(`${folder}/log`), 'one\ntw\nthree\n');
    },
  },
  {
    title: 'appends of several callers do not mix',
    run: async ({ files, folder }) => {
      const lines = Array.from({ length: 20 }, (_, index) => `${index} ${'x'.repeat(index * 100)}`);
      await Promise.all(lines.map((line) => files.append(`${folder}/log`, line)));
      const text = (await files.read(`${folder}/log`)) ?? '';
      assert.deepEqual(text.trimEnd().split('\n').toSorted(), lines.toSorted());
    },
  },
  {
    title: 'writes over a part of a file, which keeps its size, and not beyond its end',
    run: async ({ files, folder }) => {
      const storage = { name: 'ApplianceError', code: 'storage' };
      await files.write(`${folder}/room`, 'one\ntwo\n\n\n');
      await files.overwrite(`${folder}/room`, 4, 'дв');
      assert.equal(await files.read(`${folder}/room`), 'one\nдв\n\n');
      await assert.rejects(files.overwrite(`${folder}/room`, 8, 'three'), storage);
      await assert.rejects(files.overwrite(`${folder}/none`, 0, 'x'), storage);
      assert.equal(await files.read(`${folder}/room`), 'one\nдв\n\n');
      assert.deepEqual(await files.list(folder), ['room']);
    },
  },
  {
    title: 'removes a file, a folder with all in it, and nothing where nothing is',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/keep`, '');
      await files.write(`${folder}/a/b/c`, '');
      await files.write(`${folder}/file`, '');
      await files.remove(`${folder}/a`);
      await files.remove(`${folder}/file`);
      await files.remove(`${folder}/none/at/all`);
      assert.deepEqual(await files.list(folder), ['keep']);
      assert.equal(await files.read(`${folder}/a/b/c`), undefined);
    },
  },
  {
    title: 'renames a file over another and a folder with all in it',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/new`, 'new');
      await files.write(`${folder}/old`, 'old');
      await files.rename(`${folder}/new`, `${folder}/old`);
      assert.equal(await files.read(`${folder}/old`), 'new');
      await files.write(`${folder}/from/x/y`, 'deep');
      await files.rename(`${folder}/from`, `${folder}/made/to`);
      assert.equal(await files.read(`${folder}/made/to/x/y`), 'deep');
      assert.deepEqual(await files.list(`${folder}/from`), []);
    },
  },
  {
    title: 'refuses to rename what is not there or onto a folder that is not empty',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/a/x`, '');
      await files.write(`${folder}/b/x`, '');
      const storage = { name: 'ApplianceError', code: 'storage' };
      await assert.rejects(files.rename(`${folder}/none`, `${folder}/c`), storage);
      await assert.rejects(files.rename(`${folder}/a`, `${folder}/b`), storage);
    },
  },
  {
    title: 'makes and replaces a symbolic link and reads through it',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/1/text`, 'first');
      await files.write(`${folder}/2/text`, 'second');
      await files.link('1', `${folder}/current`);
      assert.equal(await files.read(`${folder}/current/text`), 'first');
      await files.link('2', `${folder}/current`);
      assert.equal(await files.readLink(`${folder}/current`), '2');
      assert.equal(await files.read(`${folder}/current/text`), 'second');
      assert.deepEqual(await files.list(`${folder}/current`), ['text']);
      await files.remove(`${folder}/current`);
      assert.equal(await files.readLink(`${folder}/current`), undefined);
      assert.equal(await files.read(`${folder}/2/text`), 'second');
    },
  },
  {
    title: 'takes no file and no folder for a link',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/file`, '');
      assert.equal(await files.readLink(`${folder}/file`), undefined);
      assert.equal(await files.readLink(folder), undefined);
    },
  },
  {
    title: 'calls a watcher back for many changes together, and no more after its end',
    run: async ({ files, folder }) => {
      await files.write(`${folder}/a`, '');
      let calls = 0;
      const watch = files.watch(folder, () => {
        calls += 1;
      });
      const names = Array.from({ length: 100 }, (_, index) => `${folder}/${index}`);
      await Promise.all(names.map((name) => files.write(name, '')));
      const isCalled = () => calls > 0;
      for (let waited = 0; !isCalled() && waited < 5_000; waited += 10) await setTimeout(10);
      // A medium that is slow to write parts them, never into one call for each.
      assert.ok(calls >= 1 && calls <= names.length / 2, `${calls} calls for ${names.length} files`);
      watch[Symbol.dispose]();
      const seen = calls;
      await files.write(`${folder}/d`, '');
      await setTimeout(100);
      assert.equal(calls, seen);
    },
  },
];
