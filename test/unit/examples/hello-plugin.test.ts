import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discoverPlugins } from '#core/plugins/discovery.js';
import { AtomicFileStore } from '#core/system/atomic-file-store.js';
import test, { type ExecutionContext } from 'ava';

const example = join(import.meta.dirname, '../../../../examples/hello-plugin');

/** The example where an operator puts it: below a data folder far from the repository. */
async function installedExample(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gemel-hello-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await cp(example, join(folder, 'hello-plugin'), { recursive: true });
  return folder;
}

test('the example is found as an extra plugin once its folder is copied', async (t) => {
  const folder = await installedExample(t);
  const { packages, refused } = await discoverPlugins(new AtomicFileStore({ ownership: false }), join(folder, 'none'), folder);
  t.deepEqual(refused, []);
  t.deepEqual(
    packages.map(({ manifest, origin }) => [manifest.id, origin]),
    [['hello', 'extra']],
  );
});
