import { ApplianceError, type SystemAccess } from '@gemel/core/sdk';
import { SiteGuard } from '#sites/site/site-guard.js';
import { SiteOverview } from '#sites/site/site-overview.js';
import { presentSites, sitesList } from '#sites/site/site-status.js';
import { VersionStore } from '#sites/version/version-store.js';
import test from 'ava';
import { newWorld, withDemo, type World } from './world.js';

const overviewOf = ({ parts }: World, guard = parts.guard) =>
  new SiteOverview({ ...parts, guard, host: () => Promise.resolve('10.0.0.9') });

test('a data volume that is not mounted is told, and is not taken for a device without sites', async (t) => {
  const world = newWorld();
  const appliance: SystemAccess = Object.create(world.system, { kind: { value: 'appliance' } });
  world.folders.isMount = () => Promise.resolve(false);
  const overview = overviewOf(world, new SiteGuard(appliance, world.folders));
  const list = await overview.list();
  t.like(list, { active: true, sites: [] });
  t.regex(list.problem ?? '', /data volume is not mounted at \/srv\/gemel/);
  t.deepEqual(presentSites(list), { kind: 'text', text: list.problem ?? '', tone: 'bad' });
  t.like(sitesList.overview?.(list), [['Sites', { tone: 'bad' }]]);
  const refused = await t.throwsAsync(overview.show('demo'), { instanceOf: ApplianceError });
  t.is(refused?.reports[0]?.code, 'sites.volume.absent');
  world.folders.isMount = () => Promise.resolve(true);
  t.deepEqual(await overview.list(), { active: true, problem: null, sites: [] });
});

test('shows a site with its URL, and one that is not there as unknown', async (t) => {
  const overview = overviewOf(await withDemo(newWorld()));
  t.like(await overview.show('demo'), { url: 'http://10.0.0.9:8001/demo/', state: 'stopped', problem: null });
  const refused = await t.throwsAsync(overview.show('other'), { instanceOf: ApplianceError });
  t.is(refused?.reports[0]?.code, 'sites.site.unknown');
});

test('versions that are not made for a firmware are named with their sites before it is installed', async (t) => {
  const overview = overviewOf(await withDemo(newWorld()));
  t.deepEqual(await overview.warnings('0.9.9'), []);
  t.deepEqual(
    (await overview.warnings('1.0.0')).map(({ severity, text }) => `${severity}: ${text}`),
    [
      'warning: prometheus 2.53.3 of demo is made for firmware >=0.1.0 <1.0.0, not for 1.0.0. Update before, to a version made for both, or afterwards: gemel site update.',
    ],
  );
});

test('a site whose version is not made for this firmware is marked, whether it runs or not', async (t) => {
  const world = await withDemo(newWorld());
  const versions = new VersionStore(world.system.files, '1.0.0');
  const overview = new SiteOverview({ ...world.parts, versions, host: () => Promise.resolve('10.0.0.9') });
  const said = /prometheus 2\.53\.3 is made for firmware >=0\.1\.0 <1\.0\.0, and this is 1\.0\.0/;
  const stateOf = async () => presentSites(await overview.list());
  t.regex((await overview.show('demo')).problem ?? '', said);
  t.like(await stateOf(), { rows: [{ 3: { tone: 'bad' } }] });
  t.like(sitesList.overview?.(await overview.list()), [['Sites', { text: '0 of 1 running, 1 failed', tone: 'bad' }]]);
  world.running.add('demo');
  t.like(await stateOf(), { rows: [{ 3: { tone: 'warn' } }] });
  t.like(sitesList.overview?.(await overview.list()), [
    ['Sites', { text: '1 of 1 running, 1 with a problem', tone: 'warn' }],
  ]);
});
