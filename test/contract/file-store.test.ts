import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { MemoryFileStore } from '@gemel/core/testing';
import { AtomicFileStore } from '#core/system/atomic-file-store.js';
import { SandboxFiles } from '#core/system/sandbox/sandbox-files.js';
import test from 'ava';
import { fileStoreContract } from './file-store-contract.js';

const folder = await mkdtemp(join(tmpdir(), 'gemel-files-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

const store = new AtomicFileStore({ ownership: false });
const sandbox = new SandboxFiles(store, { folder: `${folder}/own`, root: `${folder}/root`, readable: [] });

for (const [index, { title, run }] of fileStoreContract.entries()) {
  test(`in memory: ${title}`, async (t) => {
    await t.notThrowsAsync(run({ files: new MemoryFileStore(), folder: '/data' }));
  });
  test(`on disk: ${title}`, async (t) => {
    await t.notThrowsAsync(run({ files: store, folder: `${folder}/disk-${index}` }));
  });
  test(`in the sandbox: ${title}`, async (t) => {
    await t.notThrowsAsync(run({ files: sandbox, folder: `/var/lib/case-${index}` }));
  });
}
