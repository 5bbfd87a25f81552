import { FactoryReset } from '#core/kernel/factory-reset.js';
import { ApplianceError, type FactoryResetOptions, type SettingsMaintenance } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { collectingLog } from './collecting-log.js';

const before = {
  '/state/factory-reset': '{}',
  '/state/access/users.json': '[]',
  '/state/audit/audit.jsonl': '{}',
  '/state/jobs/1.json': '{}',
  '/state/plugin-data/x/y': 'z',
  '/state/plugin-state.json': '{}',
  '/state/plugins/hello/package.json': '{}',
  '/state/profiles/own.json': '{}',
};

function world(files: Readonly<Record<string, string>>, fails = false) {
  const system = new ScriptedSystem({ files });
  const paths = { state: '/state', runtime: '/run/gemel', builtInPlugins: '/p', extraPlugins: '/state/plugins' };
  const asked: FactoryResetOptions[] = [];
  const settings: SettingsMaintenance = {
    activationPending: false,
    factoryReset: async (_caller, options) => {
      if (fails) throw new ApplianceError('storage', 'The disk is full.');
      asked.push(options);
      return 1;
    },
    addScopeLock: () => ({ [Symbol.dispose]: () => {} }),
    addResetObstacle: () => ({ [Symbol.dispose]: () => {} }),
  };
  const { log, lines } = collectingLog();
  return { reset: new FactoryReset({ files: system.files, paths, log }), settings, asked, system, lines };
}

test('removes users, audit, jobs and plugin data, keeps packages and profiles, resets all but hardware settings', async (t) => {
  const { reset, settings, asked, system } = world(before);
  await reset.removeState();
  await reset.finish(settings);
  t.deepEqual(Object.keys(system.files.contents('/state')), [
    '/state/plugins/hello/package.json',
    '/state/profiles/own.json',
  ]);
  t.deepEqual(asked, [{ keepScopes: ['hardware'] }]);
});

test('does nothing without the marker', async (t) => {
  const { '/state/factory-reset': _marker, ...rest } = before;
  const { reset, settings, asked, system } = world(rest);
  await reset.removeState();
  await reset.finish(settings);
  t.deepEqual(Object.keys(system.files.contents('/state')).length, 7);
  t.deepEqual(asked, []);
});

test('a reset that fails keeps the marker for the next start', async (t) => {
  const { reset, settings, system, lines } = world(before, true);
  await reset.removeState();
  await reset.finish(settings);
  t.is(await system.files.read('/state/factory-reset'), '{}');
  t.is(lines.at(-1)?.level, 'error');
});
