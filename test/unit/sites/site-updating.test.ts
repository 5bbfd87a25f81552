import { ApplianceError } from '@gemel/core/sdk';
import type { SiteRecord } from '#sites/site/site-record.js';
import test from 'ava';
import { newCall, newWorld, oldDemo, siteFiles, tried, withDemo, type World } from './world.js';

test('an update works on a copy, and keeps the data of before for going back', async (t) => {
  const world = await oldDemo();
  const record = await world.updating.update('demo', undefined, false, newCall().call);
  t.like(record, { version: '2.53.3', generation: 2, previous: { version: '2.42.0', generation: 1 } });
  t.deepEqual(
    siteFiles(world).filter((path) => path.endsWith('tsdb/1')),
    ['demo/data/1/tsdb/1', 'demo/data/2/tsdb/1'],
  );
  const hook = world.system.commands.runs.find(({ argv }) => argv.at(-1) === '/update');
  t.true(hook?.argv.includes('--setenv=FROM_VERSION=2.42.0'));
  t.true(hook?.argv.includes('BindPaths=/srv/gemel/sites/demo/data/2:/data'));
  t.deepEqual(world.told.at(-1), ['sites.updated', { site: 'demo', version: '2.53.3', before: '2.42.0' }]);
});

test('undo is instant and can itself be undone', async (t) => {
  const world = await oldDemo();
  await world.updating.update('demo', undefined, false, newCall().call);
  const back = await world.updating.undo('demo');
  t.like(back, { version: '2.42.0', generation: 1, previous: { version: '2.53.3', generation: 2 } });
  t.like(await world.updating.undo('demo'), { version: '2.53.3', generation: 2 });
});

test('a second update gives up what the first one kept', async (t) => {
  const world = await oldDemo();
  await world.updating.update('demo', undefined, false, newCall().call);
  const again = await world.updating.update('demo', '2.42.0', false, newCall().call);
  t.like(again, { generation: 3, previous: { version: '2.53.3', generation: 2 } });
  t.deepEqual(
    siteFiles(world).filter((path) => path.endsWith('tsdb/1')),
    ['demo/data/2/tsdb/1', 'demo/data/3/tsdb/1'],
  );
});

test('an update that is cancelled or fails leaves the site as it was', async (t) => {
  const world = await oldDemo();
  const [files, record] = [siteFiles(world), await world.parts.store.need('demo')];
  const abort = new AbortController();
  world.folders.beforeCopy = (path) => {
    if (path.endsWith('tsdb/2')) abort.abort(new ApplianceError('cancelled', 'The job was cancelled.'));
  };
  await t.throwsAsync(world.updating.update('demo', undefined, false, newCall(abort.signal).call), {
    message: /cancelled/,
  });
  t.deepEqual([siteFiles(world), await world.parts.store.need('demo')], [files, record]);
  world.folders.beforeCopy = () => undefined;
  world.system.commands.otherwise({ run: () => Promise.resolve({ exitCode: 1, stdout: '', stderr: 'too old\n' }) });
  await t.throwsAsync(world.updating.update('demo', undefined, false, newCall().call), { message: /too old/ });
  t.deepEqual([siteFiles(world), await world.parts.store.need('demo')], [files, record]);
});

const codeOf = (failure: ApplianceError | undefined) => failure?.reports[0]?.code;
const rendered = ({ system }: World) =>
  system.commands.runs.flatMap(({ argv }) => (argv[0] === 'bash' ? [argv.slice(2).join(' ')] : []));

test('a site that does not become healthy after an update is back at the version before, and runs', async (t) => {
  const world = await oldDemo();
  const [files, record] = [siteFiles(world), await world.parts.store.need('demo')];
  world.failing.add('2.53.3');
  const refused = await t.throwsAsync(world.updating.update('demo', undefined, true, newCall().call), {
    instanceOf: ApplianceError,
  });
  t.is(codeOf(refused), 'sites.update.not-healthy');
  t.deepEqual([siteFiles(world), await world.parts.store.need('demo')], [files, record]);
  t.deepEqual(world.done.slice(-2), ['start demo', 'start demo']);
});

test('one that does not start with the version before either is said to be stopped', async (t) => {
  const world = await oldDemo();
  const [files, record] = [siteFiles(world), await world.parts.store.need('demo')];
  world.failing.add('demo');
  const refused = await t.throwsAsync(world.updating.update('demo', undefined, true, newCall().call), {
    instanceOf: ApplianceError,
  });
  t.is(codeOf(refused), 'sites.update.stopped');
  t.deepEqual([siteFiles(world), await world.parts.store.need('demo')], [files, record]);
});

test('what is tried out says so on disk, until it has proven itself', async (t) => {
  const world = await oldDemo();
  const { store } = world.parts;
  let during: SiteRecord | undefined;
  world.system.commands.otherwise({
    run: async (argv) => {
      if (argv.includes('--trial')) during = await store.need('demo');
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  });
  const after = await world.updating.update('demo', undefined, true, newCall().call);
  t.deepEqual(during, { ...after, trial: { previous: null } });
  t.deepEqual(await store.need('demo'), after);
  t.deepEqual(rendered(world).slice(-3), ['--trial demo', 'demo', 'demo']);
});

test('what an update that is tried out may go back to stays', async (t) => {
  const world = await tried();
  const files = siteFiles(world);
  await world.parts.store.tidy();
  t.deepEqual(siteFiles(world), files);
});

test('a trial that the end of the device broke off is taken back', async (t) => {
  const world = await tried();
  await world.updating.settle();
  t.like(await world.parts.store.need('demo'), {
    version: '2.42.0',
    generation: 1,
    previous: { version: '2.37.0', generation: 3 },
  });
  t.is((await world.parts.store.need('demo')).trial, undefined);
  t.false(siteFiles(world).some((path) => path.startsWith('demo/data/4/')));
  t.deepEqual(world.told.at(-1), ['sites.updated', { site: 'demo', version: '2.42.0', before: '2.53.3' }]);
});

test('a site whose trial is taken back is started with the version before, also one without autostart', async (t) => {
  const world = await tried();
  const { store } = world.parts;
  await store.write('demo', { ...(await store.need('demo')), autostart: false });
  world.done.length = 0;
  await world.updating.settle();
  t.deepEqual(world.done, ['start demo']);
  t.true(world.running.has('demo'));
});

test('one that does not start then is told of, and its trial is over', async (t) => {
  const world = await tried();
  world.failing.add('demo');
  await world.updating.settle();
  t.like(await world.parts.store.need('demo'), { version: '2.42.0', trial: undefined });
  t.is(world.told.at(-1)?.[0], 'sites.failed');
});

test('a node that loses the role in a trial leaves the site to the other one', async (t) => {
  const world = await oldDemo();
  world.failing.add('2.53.3');
  world.system.commands.otherwise({
    run: async (argv) => {
      // The last that is done before the start.
      if (argv.at(-1) === 'demo' && !argv.includes('--trial'))
        world.system.units.add('gemel-active.target', 'inactive');
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  });
  world.done.length = 0;
  await t.throwsAsync(world.updating.update('demo', undefined, true, newCall().call));
  t.truthy((await world.parts.store.need('demo')).trial);
  t.deepEqual(world.done, ['start demo']);
});

test('a trial that only the end of core broke off goes on', async (t) => {
  const world = await tried();
  world.system.files.put('/run/gemel/sites/demo.trial', '');
  await world.updating.settle();
  t.like(await world.parts.store.need('demo'), { version: '2.53.3', generation: 4 });
  t.is((await world.parts.store.need('demo')).trial, undefined);
  t.deepEqual(world.told.at(-1), ['sites.updated', { site: 'demo', version: '2.53.3', before: '2.42.0' }]);
  const failing = await tried();
  failing.system.files.put('/run/gemel/sites/demo.trial', '');
  failing.failing.add('2.53.3');
  await failing.updating.settle();
  t.like(await failing.parts.store.need('demo'), { version: '2.42.0', previous: { version: '2.37.0', generation: 3 } });
  t.is(failing.told.at(-1)?.[0], 'sites.failed');
});

test('keeping an update removes the data of before', async (t) => {
  const world = await oldDemo();
  await world.updating.update('demo', undefined, false, newCall().call);
  await world.updating.keep('demo');
  t.is((await world.parts.store.need('demo')).previous, null);
  t.deepEqual(
    siteFiles(world).filter((path) => path.endsWith('tsdb/1')),
    ['demo/data/2/tsdb/1'],
  );
  await t.throwsAsync(world.updating.undo('demo'), { message: /nothing to go back to/ });
});

test('refuses an update to the version that the site is at', async (t) => {
  const world = await withDemo(newWorld());
  await t.throwsAsync(world.updating.update('demo', undefined, false, newCall().call), { message: /already/ });
});
