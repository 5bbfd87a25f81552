import 'reflect-metadata';
import { composeAppliance } from '#core/kernel/compose.js';
import type { PluginPackage } from '#core/plugins/manifest.js';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { collectingLog } from './collecting-log.js';

const paths = { state: '/state', runtime: '/run/gemel', builtInPlugins: '/p', extraPlugins: '/state/plugins' };
const record = '/state/plugin-state.json';
const packageFile = (id: string) =>
  JSON.stringify({
    name: id,
    version: '1.0.0',
    gemel: { id, title: id, core: '^0.1.0', entry: './plugin.js', sections: [id] },
  });

/** What the guard makes beside core: the plugins it activates, and the record of plugins after it. */
async function loadSections(state: string | undefined) {
  const system = new ScriptedSystem({
    files: {
      '/state/plugins/wild/package.json': packageFile('wild'),
      '/state/plugins/lamp/package.json': packageFile('lamp'),
      ...(state === undefined ? {} : { [record]: state }),
    },
  });
  const { log, lines } = collectingLog();
  const activated: string[] = [];
  const seen = new Set<string | undefined>();
  const { appliance } = composeAppliance({
    system,
    paths,
    log,
    watchdog: { intervalMs: undefined, feed: async () => {} },
    doors: false,
    pluginHost: {
      load: async ({ manifest: { id } }: PluginPackage) => ({
        id,
        activate: async () => {
          activated.push(id);
          seen.add(await system.files.read(record));
        },
      }),
    },
  });
  await appliance.loadSections();
  const conditions = Object.fromEntries(appliance.plugins.list().map(({ id, condition }) => [id, condition]));
  await appliance[Symbol.asyncDispose]();
  seen.add(await system.files.read(record));
  return { activated: activated.sort(), conditions, records: [...seen], lines };
}

test('beside core the record of plugins is only read: no mark is made, and that of core accuses nobody', async (t) => {
  const starting = JSON.stringify({ disabled: [], activating: 'wild', stoppedCore: [] });
  const beside = await loadSections(starting);
  t.deepEqual(beside.activated, ['lamp', 'wild']);
  t.deepEqual(beside.records, [starting]);
  const without = await loadSections(undefined);
  t.deepEqual(without.activated, ['lamp', 'wild']);
  t.deepEqual(without.records, [undefined]);
});

test('beside core, too, no plugin starts that is disabled or that core did not survive', async (t) => {
  const state = JSON.stringify({ disabled: ['lamp'], activating: null, stoppedCore: ['wild'] });
  const beside = await loadSections(state);
  t.deepEqual(beside.activated, []);
  t.deepEqual(beside.conditions, { lamp: 'disabled', wild: 'failed' });
  t.deepEqual(beside.records, [state]);
});

test('a damaged record of plugins is told and left where core finds it', async (t) => {
  const beside = await loadSections('{"disabled":');
  t.deepEqual(beside.activated, ['lamp', 'wild']);
  t.deepEqual(beside.records, ['{"disabled":']);
  t.true(beside.lines.some((line) => JSON.stringify(line).includes('/state/plugin-state.json is damaged.')));
});
