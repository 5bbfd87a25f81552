import type { PairStatus } from '@gemel/plugin-cluster/contract';
import { ScriptedSystem } from '@gemel/core/testing';
import { sitesHealth } from '#sites/health/sites-health.js';
import type { SiteState } from '#sites/run/site-units.js';
import type { SiteSummary } from '#sites/site/site-status.js';
import test from 'ava';

const summary: SiteSummary = {
  name: 'demo',
  type: 'prometheus',
  version: '2.53.3',
  state: 'running',
  port: 8001,
  url: null,
  memoryMiB: null,
  memoryLimitMiB: 512,
  cpuPercent: 100,
  autostart: true,
  login: null,
  previousVersion: null,
  problem: null,
};

interface World {
  readonly sites: readonly SiteSummary[];
  readonly active?: boolean;
  readonly prepared?: readonly string[];
  readonly starter?: 'active' | 'failed';
  readonly busy?: string;
  /** States in Pacemaker; absent on a single appliance. */
  readonly resources?: Readonly<Record<string, PairStatus['resources'][number]['state']>>;
}

async function found(world: World) {
  const { sites, active = true, prepared = [], starter = 'active', busy, resources } = world;
  const system = new ScriptedSystem({
    files: Object.fromEntries(prepared.map((name) => [`/run/gemel/sites/${name}.env`, ''])),
  });
  system.units.add('gemel-sites.service', starter);
  const pair = {
    resources: Object.entries(resources ?? {}).map(([name, state]) => ({ name, state })),
  } as unknown as PairStatus; // no more of it is looked at
  const reports = await sitesHealth({
    system,
    list: async () => ({ active, problem: null, sites: active ? [...sites] : [] }),
    isBusy: (name) => name === busy,
    clustered: async () => resources !== undefined,
    pair: async () => pair,
  });
  return reports.map(({ part, healthy, reason }) => (healthy ? part : `${part}: ${reason}`));
}

const site = (name: string, state: SiteState, changes: Partial<SiteSummary> = {}) => ({
  ...summary,
  name,
  state,
  ...changes,
});

test('each site has an item of its own, so that one that was broken before hides no other', async (t) => {
  const sites = [site('good', 'running'), site('bad', 'failed'), site('late', 'starting'), site('loop', 'restarting')];
  t.deepEqual(await found({ sites, prepared: ['bad', 'late', 'loop'] }), [
    'good',
    'bad: failed; see journalctl -u gemel-site@bad',
    'late: starting; see journalctl -u gemel-site@late',
    'loop: restarting; see journalctl -u gemel-site@loop',
  ]);
});

test('on a node that does not hold the active role no site counts', async (t) => {
  t.deepEqual(await found({ sites: [site('demo', 'failed')], active: false, resources: {} }), []);
});

test('a site that somebody stopped, is changing or never wants started does not count', async (t) => {
  const sites = [site('off', 'stopped'), site('busy', 'starting'), site('manual', 'stopped', { autostart: false })];
  t.deepEqual(await found({ sites, prepared: ['off'], busy: 'busy' }), ['off', 'busy', 'manual']);
});

test('a site that the start of the appliance could not prepare or start counts', async (t) => {
  const sites = [site('demo', 'stopped')];
  t.deepEqual(await found({ sites }), ['demo: not prepared at the start; see journalctl -u gemel-sites']);
  t.deepEqual(await found({ sites, prepared: ['demo'], starter: 'failed' }), [
    'demo: not started; see journalctl -u gemel-sites',
  ]);
  const problem = 'prometheus 2.53.3 is not installed on this node.';
  t.deepEqual(await found({ sites: [site('demo', 'stopped', { problem })] }), [`demo: ${problem}`]);
});

test('in a pair Pacemaker says whether a stopped site is to run', async (t) => {
  const sites = [site('off', 'stopped'), site('gone', 'stopped'), site('new', 'stopped')];
  t.deepEqual(await found({ sites, resources: { 'site-off': 'disabled', 'site-gone': 'failed' } }), [
    'off',
    'gone: failed in Pacemaker; see gemel cluster status',
    'new',
  ]);
});

const problem = 'prometheus 2.53.3 is made for firmware >=0.1.0 <1.0.0, and this is 1.0.0.';

test('a site of a version that is made for another firmware counts only when it is to run', async (t) => {
  const sites = [
    site('off', 'stopped', { problem }),
    site('manual', 'stopped', { problem, autostart: false }),
    site('ending', 'stopping', { problem }),
    site('bad', 'failed', { problem }),
    site('wanted', 'stopped', { problem }),
  ];
  t.deepEqual(await found({ sites, prepared: ['off', 'ending', 'bad'] }), [
    'off',
    'manual',
    'ending',
    `bad: ${problem}`,
    `wanted: ${problem}`,
  ]);
});

test('in a pair it counts when Pacemaker is to run it', async (t) => {
  const sites = [site('off', 'stopped', { problem }), site('gone', 'stopped', { problem })];
  t.deepEqual(await found({ sites, resources: { 'site-off': 'disabled', 'site-gone': 'failed' } }), [
    'off',
    `gone: ${problem}`,
  ]);
});

test('a site whose record is damaged counts: nobody knows whether it is to run', async (t) => {
  const damaged = { type: '', autostart: false, problem: 'Its site.json is damaged.' };
  t.deepEqual(await found({ sites: [site('demo', 'stopped', damaged)] }), ['demo: Its site.json is damaged.']);
});
