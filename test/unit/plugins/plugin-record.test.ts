/** What the registry keeps on disk of its plugins: which are disabled, and which of the extra ones took core down. */
import { PluginStateFile } from '#core/plugins/plugin-state-file.js';
import { ApplianceError } from '@gemel/core/sdk';
import test from 'ava';
import { pluginPackage, world } from './plugin-world.js';

test('an extra plugin that took core down is not tried again until an operator enables it', async (t) => {
  const state = JSON.stringify({ disabled: [], activating: 'wild', stoppedCore: [] });
  const { registry, conditions, stateFile } = world({ wild: () => {} }, { '/state/plugin-state.json': state });
  await stateFile.load();
  await registry.activateAll([pluginPackage('wild', {}, 'extra')]);
  t.deepEqual(conditions(), { wild: 'failed' });
  t.regex(registry.list()[0]?.reason ?? '', /core did not survive its activation/);
  await registry.enable('wild');
  t.deepEqual(conditions(), { wild: 'active' });
});

test('an extra plugin is marked on disk while it is being activated, and unmarked after', async (t) => {
  const { registry, system } = world({
    wild: async () => {
      const text = await system.files.read('/state/plugin-state.json');
      t.is(JSON.parse(text ?? '{}').activating, 'wild');
    },
  });
  await registry.activateAll([pluginPackage('wild', {}, 'extra')]);
  t.is(JSON.parse((await system.files.read('/state/plugin-state.json')) ?? '{}').activating, null);
});

test('an extra plugin that core was at when it was told to end is not to blame', async (t) => {
  const { registry, conditions, stateFile, system } = world({ wild: () => new Promise<never>(() => {}) });
  const after = new PluginStateFile(system.files, stateFile.path);
  await stateFile.load();
  await stateFile.change({ disabled: ['other'] });
  const done = registry.activateAll([pluginPackage('wild', {}, 'extra')]);
  await system.clock.advance(1_000);
  await stateFile.clearMark();
  await after.load();
  t.deepEqual(after.state, { disabled: ['other'], activating: null, stoppedCore: [] });
  await system.clock.advance(10_000);
  await done;
  t.deepEqual(conditions(), { wild: 'failed' });
});

test('a core that is told to end before it has read the record of plugins leaves it as it is', async (t) => {
  const { stateFile, system } = world({});
  const before = JSON.stringify({ disabled: ['other'], activating: 'wild', stoppedCore: [] });
  await system.files.write(stateFile.path, before);
  await stateFile.clearMark();
  t.is(await system.files.read(stateFile.path), before);
});

test('no plugin is to blame that core comes to after it was told to end', async (t) => {
  const { stateFile, system } = world({});
  const after = new PluginStateFile(system.files, stateFile.path);
  await stateFile.load();
  const before = stateFile.change({ activating: 'wild' });
  await stateFile.clearMark();
  await before;
  await stateFile.change({ activating: 'next' });
  await after.load();
  t.deepEqual(after.state.stoppedCore, []);
});

test('a full data volume stops neither the start nor the built-in plugins, and an extra plugin says what to do', async (t) => {
  const { registry, conditions, system } = world({ base: () => {}, wild: () => {} });
  system.faults.failAt(1, new ApplianceError('storage', '/state cannot be written: no space left on the device.'));
  await registry.activateAll([pluginPackage('base'), pluginPackage('wild', {}, 'extra')]);
  t.deepEqual(conditions(), { base: 'active', wild: 'failed' });
  t.is(
    registry.list()[1]?.reason,
    'it was not started, because that cannot be noted: /state cannot be written: no space left on the device. Free space on the data volume, then: gemel plugin enable wild',
  );
  await registry.enable('wild');
  t.deepEqual(conditions(), { base: 'active', wild: 'active' });
});

test('a volume that is full when an extra plugin has started is told, and its mark goes with the next change', async (t) => {
  const { registry, conditions, system, stateFile, lines } = world({ wild: () => {} });
  const onDisk = async () => JSON.parse((await system.files.read('/state/plugin-state.json')) ?? '{}').activating;
  system.faults.failAt(2);
  await registry.activateAll([pluginPackage('wild', {}, 'extra')]);
  t.deepEqual(conditions(), { wild: 'active' });
  t.is(await onDisk(), 'wild');
  t.true(lines.some((line) => JSON.stringify(line).includes('the end of an activation was not noted')));
  await stateFile.change({ disabled: [] });
  t.is(await onDisk(), null);
});

test('a record of plugins that can be neither read nor written does not stop a start', async (t) => {
  const state = JSON.stringify({ disabled: [], activating: 'wild', stoppedCore: [] });
  const full = world({ wild: () => {} }, { '/state/plugin-state.json': state });
  full.system.faults.failAt(1);
  t.is((await full.stateFile.load()).length, 1);
  t.deepEqual(full.stateFile.state.stoppedCore, ['wild']);
  const unreadable = world({}, { '/state/plugin-state.json/file': '' });
  t.deepEqual(await unreadable.stateFile.load(), ['/state/plugin-state.json cannot be read: it is a folder.']);
});
