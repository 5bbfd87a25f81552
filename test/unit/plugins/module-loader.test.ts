import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InProcessHost } from '#core/plugins/module-loader.js';
import { parsePluginPackage } from '#core/plugins/manifest.js';
import { ApplianceError, definePlugin } from '@gemel/core/sdk';
import test, { type ExecutionContext } from 'ava';
import { z } from 'zod';

/** A package with these modules in a folder that no node_modules lies above. */
async function packageWith(t: ExecutionContext, modules: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'gemel-loader-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [name, code] of Object.entries(modules)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), code);
  }
  const manifest = { version: '1.0.0', gemel: { id: 'guest', title: 'Guest', core: '*', entry: './plugin.js' } };
  return { folder, pluginPackage: parsePluginPackage(JSON.stringify(manifest), folder, 'extra') };
}

test('an extra plugin gets the SDK and zod that core itself uses, also in its inner modules', async (t) => {
  const { pluginPackage } = await packageWith(t, {
    'plugin.js': `export { default } from './inner/plugin.js';`,
    'inner/plugin.js': `
      import * as sdk from '@gemel/core/sdk';
      import { z } from 'zod';
      export default { id: 'guest', activate() {}, sdk, z };`,
  });
  const plugin: object = await new InProcessHost().load(pluginPackage, 0);
  t.like(plugin, { z });
  t.is(Reflect.get(Reflect.get(plugin, 'sdk'), 'definePlugin'), definePlugin);
});

test('an extra plugin gets nothing of core but its SDK', async (t) => {
  const { pluginPackage } = await packageWith(t, {
    'plugin.js': `import '@gemel/core/kernel/appliance.js'; export default { id: 'guest', activate() {} };`,
  });
  await t.throwsAsync(new InProcessHost().load(pluginPackage, 0), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
});

test('a reload takes the new code of inner modules too', async (t) => {
  const code = (title: string) => `export default { id: 'guest', activate() {}, title: '${title}' };`;
  const { folder, pluginPackage } = await packageWith(t, {
    'plugin.js': `export { default } from './inner.js';`,
    'inner.js': code('old'),
  });
  const host = new InProcessHost();
  t.like(await host.load(pluginPackage, 0), { title: 'old' });
  await writeFile(join(folder, 'inner.js'), code('new'));
  t.like(await host.load(pluginPackage, 1), { title: 'new' });
});

test('a module that exports no plugin, or another one, is refused by name', async (t) => {
  const { folder, pluginPackage } = await packageWith(t, { 'plugin.js': 'export default 5;' });
  const host = new InProcessHost();
  const nothing = await t.throwsAsync(host.load(pluginPackage, 0), { instanceOf: ApplianceError });
  t.is(nothing?.message, './plugin.js of plugin guest has no default export made by definePlugin().');
  await writeFile(join(folder, 'plugin.js'), `export default { id: 'stranger', activate() {} };`);
  const other = await t.throwsAsync(host.load(pluginPackage, 1), { instanceOf: ApplianceError });
  t.is(other?.message, './plugin.js defines plugin stranger, but its manifest says guest.');
});
