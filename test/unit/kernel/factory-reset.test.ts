import { FactoryReset } from '#core/kernel/factory-reset.js';
import { HealthRegistry } from '#core/kernel/health-registry.js';
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

function world(files: Readonly<Record<string, string>>, failures = 0, system = new ScriptedSystem({ files })) {
  const paths = { state: '/state', runtime: '/run/gemel', builtInPlugins: '/p', extraPlugins: '/state/plugins' };
  const asked: FactoryResetOptions[] = [];
  const locks: string[] = [];
  let failing = failures;
  const settings: SettingsMaintenance = {
    activationPending: false,
    factoryReset: async (_caller, options) => {
      if (failing-- > 0) throw new ApplianceError('storage', 'The disk is full.');
      asked.push(options);
      return 1;
    },
    addScopeLock: (scope, reason) => {
      locks.push(`${scope} ${reason()?.code}`);
      return { [Symbol.dispose]: () => {} };
    },
    addResetObstacle: () => ({ [Symbol.dispose]: () => {} }),
  };
  const { log, lines } = collectingLog();
  const health = new HealthRegistry(system.clock);
  const reset = new FactoryReset({ files: system.files, paths, log, health });
  return { reset, settings, asked, locks, health, system, lines };
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

test('a section that is too slow at first has a second try', async (t) => {
  const { reset, settings, asked, locks, health, system } = world(before, 1);
  await reset.removeState();
  await reset.finish(settings);
  t.is(await system.files.read('/state/factory-reset'), undefined);
  t.deepEqual([asked.length, locks, await health.examine()], [1, [], []]);
});

test('a reset that fails locks the settings, is seen, and leaves to the next start only what is left', async (t) => {
  const { reset, settings, locks, health, system, lines } = world(before, 2);
  await reset.removeState();
  await reset.finish(settings);
  const code = 'settings.factory-reset.unfinished';
  t.deepEqual(locks, [`cluster ${code}`, `node ${code}`]);
  t.like(lines.at(-1), { level: 'error', fields: { code } });
  const [item] = await health.examine();
  t.like(item, { name: 'core.factory-reset', healthy: false });
  t.regex(item?.reason ?? '', /The disk is full\..*restart the appliance/);

  // its new owner begins to use it
  await system.files.write('/state/access/users.json', '["new"]');
  await system.files.write('/state/plugin-data/peer/secret', 'new');
  const next = world({}, 0, system.afterCrash());
  await next.reset.removeState();
  await next.reset.finish(next.settings);
  t.deepEqual(next.asked, [{ keepScopes: ['hardware'] }]);
  t.deepEqual(Object.keys(next.system.files.contents('/state')), [
    '/state/access/users.json',
    '/state/plugin-data/peer/secret',
    '/state/plugins/hello/package.json',
    '/state/profiles/own.json',
  ]);
  t.deepEqual([next.locks, await next.health.examine()], [[], []]);
});

test('a reset that power loss interrupts while it removes the state begins anew', async (t) => {
  const first = world(before);
  first.system.faults.failAt(first.system.faults.journal.length + 3);
  await t.throwsAsync(first.reset.removeState());
  const next = world({}, 0, first.system.afterCrash());
  await next.reset.removeState();
  await next.reset.finish(next.settings);
  t.deepEqual(Object.keys(next.system.files.contents('/state')), [
    '/state/plugins/hello/package.json',
    '/state/profiles/own.json',
  ]);
});
