import { ApplianceError } from '@gemel/core/sdk';
import test from 'ava';
import { metadataOf, newCall, siteFiles, tried, type World } from './world.js';

const never = new AbortController().signal;
const before = { version: '2.42.0', generation: 1, previous: { version: '2.37.0', generation: 3 } } as const;
const after = { version: '2.53.3', generation: 4, previous: { version: '2.42.0', generation: 1 } } as const;

const recordOf = ({ parts }: World, site = 'demo') => parts.store.need(site);
const hookOf = ({ system }: World, hook: string) => system.commands.runs.find(({ argv }) => argv.at(-1) === hook)?.argv;

/** A trial that core did not live to see the end of, on a device that ran on. */
async function going(state: 'running' | 'starting' | 'stopped'): Promise<World> {
  const world = await tried();
  world.system.files.put('/run/gemel/sites/demo.trial', '');
  if (state === 'running') world.running.add('demo');
  if (state === 'starting')
    world.system.dbus.reply('org.freedesktop.systemd1', 'org.freedesktop.systemd1.Manager.ListUnitsByPatterns', () => [
      world.done.includes('stop demo')
        ? []
        : [['gemel-site@demo.service', '', 'loaded', 'activating', 'start-post', '', '/', 0, '', '/']],
    ]);
  return world;
}

test('giving up going back keeps what runs where a trial was broken off', async (t) => {
  const world = await tried();
  world.running.add('demo');
  await world.updating.keep('demo');
  t.like(await recordOf(world), { ...before, previous: null });
  t.deepEqual([...(await world.parts.store.generations('demo'))], [1]);
});

test('an update after a trial that was broken off copies what is in force, also to the version of that trial', async (t) => {
  const world = await tried();
  t.like(await world.updating.update('demo', '2.53.3', false, newCall().call), after);
  t.true(siteFiles(world).includes('demo/data/4/tsdb/2'));
  t.is((await recordOf(world)).trial, undefined);
});

test('going back after a trial that was broken off goes back from what is in force', async (t) => {
  const world = await tried();
  world.system.files.put(
    '/var/lib/gemel/site-versions/prometheus/2.37.0/version.json',
    JSON.stringify(metadataOf('2.37.0')),
  );
  t.like(await world.updating.undo('demo'), {
    version: '2.37.0',
    generation: 3,
    previous: { version: '2.42.0', generation: 1 },
  });
});

test('a copy, another name and a login after a trial that was broken off are of what is in force', async (t) => {
  const world = await tried();
  await world.making.setLogin('demo', 'admin', 'correct horse', never);
  t.true(hookOf(world, '/login')?.includes('BindPaths=/srv/gemel/sites/demo/data/1:/data'));
  const cloned = await tried();
  t.is((await cloned.making.clone('demo', 'copy', newCall().call)).version, '2.42.0');
  t.true(siteFiles(cloned).includes('copy/data/1/tsdb/2'));
  const renamed = await going('stopped');
  await renamed.making.rename('demo', 'store');
  t.deepEqual({ ...(await recordOf(renamed, 'store')), ...before }, await recordOf(renamed, 'store'));
});

test('an update that runs is in force for those who change the site', async (t) => {
  const world = await going('running');
  await world.making.setLogin('demo', 'admin', 'correct horse', never);
  t.like(await recordOf(world), { ...after, trial: undefined });
  t.true(hookOf(world, '/login')?.includes('BindPaths=/srv/gemel/sites/demo/data/4:/data'));
  t.true(world.told.some(([id]) => id === 'sites.updated'));
});

test('what runs when its trial is ended is told to be kept running, so that a pair may move the role for it again', async (t) => {
  for (const world of [await going('running'), await tried()]) {
    world.running.add('demo');
    world.done.length = 0;
    await world.making.set('demo', { memoryMiB: 1_024 });
    t.deepEqual(world.done, ['start demo']);
  }
});

test('while it is not decided which one is in force the site is busy', async (t) => {
  const world = await going('starting');
  const record = await recordOf(world);
  const refused = await t.throwsAsync(world.updating.keep('demo'), { instanceOf: ApplianceError });
  t.is(refused?.reports[0]?.code, 'sites.site.busy');
  t.deepEqual(await recordOf(world), record);
});

test('what the device or Pacemaker starts by itself after a trial was broken off is left to that', async (t) => {
  const world = await going('starting');
  await world.system.files.remove('/run/gemel/sites/demo.trial');
  const refused = await t.throwsAsync(world.updating.settle(), { instanceOf: ApplianceError });
  t.is(refused?.reports[0]?.code, 'sites.site.busy');
  t.false(world.done.includes('start demo'));
});

test('a site that is stopped in a trial stays at the update when it ran, and else is as before', async (t) => {
  const ran = await going('running');
  await ran.power.stop('demo');
  t.like(await recordOf(ran), { ...after, trial: undefined });
  const other = await going('starting');
  await other.power.stop('demo');
  t.like(await recordOf(other), { ...before, trial: undefined });
});

for (const verb of ['start', 'restart'] as const) {
  test(`a ${verb} after a trial that was broken off ends it`, async (t) => {
    const world = await tried();
    await world.power[verb]('demo');
    t.like(await recordOf(world), { ...before, trial: undefined });
  });
}
