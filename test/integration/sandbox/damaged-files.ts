import assert from 'node:assert/strict';
import { cp, lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Checks } from '../checks.ts';
import { SandboxAppliance } from './sandbox-appliance.ts';

const damages: Readonly<Record<string, (before: Buffer) => Buffer>> = {
  empty: () => Buffer.alloc(0),
  truncated: (before) => before.subarray(0, Math.floor(before.length / 2)),
  garbage: (before) => Buffer.alloc(Math.max(before.length, 64), 0xa7),
};

/** Every file of core's own state, damaged in turn: core boots, answers and says what it found. */
export async function damagedFilesChecks(checks: Checks): Promise<void> {
  await using box = await SandboxAppliance.start();
  await box.must('time', 'zone', 'set', 'Europe/Berlin');
  await box.must('settings', 'activate');
  await box.must('settings', 'set', 'device/contact', 'jane');
  await box.must('access', 'token', 'create', 'backup', 'viewer');
  await box.run(['access', 'user', 'add', 'jane', 'operator', '--password-stdin'], {
    input: 'correct horse battery\n',
  });
  await box.addPlugin('idle', idlePlugin);
  await box.must('plugin', 'rescan');
  await box.must('plugin', 'disable', 'idle', '--yes');
  await box.must('network', 'mode', 'set', 'advanced', '--yes');
  await box.must('settings', 'activate', '--confirm-seconds', '3600');
  await box.must('settings', 'set', 'device/domain', 'example.org');
  await box.end('SIGKILL');

  const good = box.path('good');
  const state = box.path('lib');
  await cp(state, good, { recursive: true, verbatimSymlinks: true });
  const files = (await readdir(good, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(good, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('plugins/'))
    .sort();

  for (const name of files) {
    for (const [kind, damage] of Object.entries(damages)) {
      // a file of lines loses its last one by truncation, which needs no report
      await checks.check(`boots with ${name} ${kind}`, async () => {
        await rm(state, { recursive: true });
        await cp(good, state, { recursive: true, verbatimSymlinks: true });
        await writeFile(join(state, name), damage(await readFile(join(state, name))));
        await box.start();
        try {
          const { confirmed, state: phase } = await box.status();
          assert.ok(confirmed >= 1 && phase !== 'stuck', `settings are ${phase}, revision ${confirmed} confirmed`);
          await box.must('settings', 'export');
          await box.must('audit', 'show');
          await box.must('settings', 'history');
          await box.must('settings', 'revert');
          await box.must('settings', 'set', 'device/contact', 'joe');
        } finally {
          await box.end();
        }
      });
    }
  }

  await checks.check('damage is told, and the damaged file kept', async () => {
    await rm(state, { recursive: true });
    await cp(good, state, { recursive: true, verbatimSymlinks: true });
    await writeFile(join(state, 'settings/draft.json'), 'garbage');
    await box.start();
    const { reports } = await box.status();
    assert.ok(
      reports.some(({ code }) => code === 'settings.file.damaged'),
      JSON.stringify(reports),
    );
    assert.match(await box.must('status'), /damaged|mended|▲|✖/);
    const kept = (await readdir(join(state, 'settings'))).find((each) => each.startsWith('draft.json.damaged'));
    assert.ok(kept !== undefined && (await lstat(join(state, 'settings', kept))).isFile());
    await box.end();
  });

  await checks.check('the confirmed revision damaged: the last good one is in force, and it is said', async () => {
    await rm(state, { recursive: true });
    await cp(good, state, { recursive: true, verbatimSymlinks: true });
    await rm(join(state, 'settings/journal.json'), { force: true });
    await writeFile(join(state, 'settings/revisions/2/document.json'), '{"format":1,');
    await box.start();
    const { reports, confirmed } = await box.status();
    assert.equal(confirmed, 1);
    assert.ok(
      reports.some(({ code }) => code === 'settings.revision.damaged'),
      JSON.stringify(reports),
    );
    await box.end();
  });

  await checks.check('no state at all is a first start', async () => {
    await rm(state, { recursive: true });
    await box.start();
    assert.equal((await box.status()).confirmed, 1);
    await box.end();
  });
}

const idlePlugin = {
  'package.json': JSON.stringify({
    version: '1.0.0',
    type: 'module',
    gemel: { id: 'idle', title: 'Idle', core: '^0.1.0', entry: './plugin.js' },
  }),
  'plugin.js': "export default { id: 'idle', activate() {} };\n",
};
