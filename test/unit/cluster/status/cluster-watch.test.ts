import type { EventsAccess } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { watchAlerts } from '#cluster/alerts/alert-folder.js';
import { ClusterLog } from '#cluster/log/cluster-log.js';
import { TakeoverTeller } from '#cluster/log/takeover-teller.js';
import { type Membership, noMembership } from '#cluster/membership/membership.js';
import { ClusterWatch } from '#cluster/status/cluster-watch.js';
import type { PairReader } from '#cluster/status/pair-reader.js';
import type { PairStatus } from '#cluster/status/pair-schema.js';
import test from 'ava';
import { membership as pairMembership, pair } from '../pair.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const folder = '/var/lib/gemel/plugin-data/cluster';

/** node2 with its alerts, its looks at the pair, and what it tells. */
async function world(
  current: Membership = { ...pairMembership, thisNode: 'node2' },
  recorded = 'pair',
  files0: Readonly<Record<string, string>> = {},
) {
  const system = new ScriptedSystem({ files: files0 });
  const { files, clock } = system;
  const told: string[] = [];
  const nothing = { [Symbol.dispose]() {} };
  const events: EventsAccess = {
    publish: (definition) => void told.push(definition.id),
    on: () => nothing,
    onAny: () => nothing,
  };
  let now: PairStatus = await pair(recorded, { membership: current });
  let looks = 0;
  const read = async () => {
    looks += 1;
    return now;
  };
  const membership = { current, onChanged: () => nothing };
  const clusterLog = new ClusterLog({ files, clock, log, folder, node: () => current.thisNode });
  const takeovers = new TakeoverTeller({
    membership,
    events,
    clock,
    log,
    clusterLog,
    files,
    folder,
    read,
    asked: async () => false,
  });
  const watch = new ClusterWatch({
    reader: { read } as unknown as PairReader, // the only part of it that is used here
    membership,
    events,
    clock,
    log,
    clusterLog,
    takeovers,
    refreshPeer: async () => undefined,
    changed: () => undefined,
  });
  const alerts = watchAlerts({ files, clock, log }, (all) => watch.hear(all));
  watch.follow();
  await clock.advance(50);
  return {
    system,
    watch,
    told,
    become: (next: PairStatus) => {
      now = next;
    },
    looks: () => looks,
    entries: async () => (await clusterLog.newest(50)).map(({ kind, text }) => `${kind}: ${text}`),
    alert: async (name: string, values: Readonly<Record<string, string | number>>) => {
      const seconds = Math.floor(clock.now() / 1_000);
      const lines = Object.entries({ ...values, timestamp_epoch: seconds, usec: '000000' });
      const text = lines.map(([key, value]) => `${key}=${value}\n`).join('');
      await files.write(`/run/gemel/cluster-alerts/${name}`, `${text}end\n`);
    },
    end: () => {
      alerts[Symbol.dispose]();
      takeovers[Symbol.dispose]();
      watch[Symbol.dispose]();
    },
  };
}

const start = (resource: string) => ({
  kind: 'resource',
  node: 'node2',
  task: 'start',
  rsc: resource,
  rc: 0,
  target_rc: 0,
  status: 0,
  interval: 0,
  exec_time: 20,
  desc: 'OK',
});

test('a takeover is told at once, and why it happened when it is done', async (t) => {
  const { system, watch, told, become, entries, alert, end } = await world();
  t.is(watch.role.role, 'passive');
  become(await pair('lost', { membership: { ...pairMembership, thisNode: 'node2' } }));
  await alert('1', { kind: 'node', node: 'node1', desc: 'lost' });
  await alert('2', start('cluster-ip'));
  await system.clock.advance(300);
  t.is(watch.role.role, 'active');
  t.true(told.includes('cluster.node.lost') && told.includes('cluster.role.changed'));
  t.false(told.includes('cluster.takeover.finished'));
  await system.clock.advance(2_000);
  t.true(told.includes('cluster.takeover.finished'));
  const takeover = (await entries()).find((entry) => entry.startsWith('takeover'));
  t.regex(takeover ?? '', /node2 took the active role from node1: node1 was lost/);
  end();
  t.notThrows(() => system.verify());
});

test('a takeover is told with its steps after the clock was set back', async (t) => {
  const { system, become, entries, alert, end } = await world();
  await alert('0', { kind: 'attribute', node: 'node1', attribute_name: 'external', attribute_value: '2' });
  await system.clock.advance(300);
  system.clock.jump(-3_600_000);
  become(await pair('lost', { membership: { ...pairMembership, thisNode: 'node2' } }));
  await alert('1', { kind: 'node', node: 'node1', desc: 'lost' });
  await alert('2', start('cluster-ip'));
  await system.clock.advance(2_300);
  const takeover = (await entries()).find((entry) => entry.startsWith('takeover'));
  t.regex(takeover ?? '', /notices within 2\.2 s\. With that it took about 2\.2 s\.$/);
  end();
});

test('a takeover that went on without core is told when core is back', async (t) => {
  const lost = 'kind=node\nnode=node1\ndesc=lost\ntimestamp_epoch=1795307454\nusec=293133\nend\n';
  const files = { [`${folder}/active-node`]: 'node1\n', '/run/gemel/cluster-alerts/1': lost };
  const { system, told, entries, end } = await world({ ...pairMembership, thisNode: 'node2' }, 'lost', files);
  await system.clock.advance(2_000);
  t.true(told.includes('cluster.takeover.finished'));
  t.regex((await entries()).at(-1) ?? '', /^takeover: node2 took the active role from node1: node1 was lost/);
  t.is(await system.files.read(`${folder}/active-node`), 'node2\n');
  end();
});

test('a restart of core is no takeover', async (t) => {
  const files = { [`${folder}/active-node`]: 'node1\n' };
  const { system, told, end } = await world({ ...pairMembership, thisNode: 'node1' }, 'pair', files);
  await system.clock.advance(5_000);
  t.false(told.includes('cluster.takeover.finished'));
  end();
});

test('the role is given up: says who has it now', async (t) => {
  const { system, watch, told, become, entries, alert, end } = await world({ ...pairMembership, thisNode: 'node1' });
  t.is(watch.role.role, 'active');
  become(await pair('standby'));
  await alert('1', { ...start('cluster-ip'), task: 'stop', node: 'node1' });
  await system.clock.advance(300);
  t.is(watch.role.role, 'passive');
  t.true(told.includes('cluster.maintenance.changed'));
  await system.clock.advance(11_000);
  t.true((await entries()).includes('role: This node gave the active role up; node2 holds it.'));
  end();
  t.notThrows(() => system.verify());
});

test('without an alert it looks every 30 s', async (t) => {
  const { system, looks, end } = await world();
  const before = looks();
  await system.clock.advance(61_000);
  t.is(looks(), before + 2);
  end();
});

test('many alerts are one look, and one more when all is over', async (t) => {
  const { system, looks, alert, end } = await world();
  const before = looks();
  for (const name of ['1', '2', '3', '4']) await alert(name, start('data'));
  await system.clock.advance(5_000);
  t.true(looks() - before <= 3, String(looks() - before));
  end();
});

test('a single appliance looks at nothing', async (t) => {
  const { system, looks, watch, end } = await world(noMembership);
  await system.clock.advance(120_000);
  t.deepEqual([looks(), watch.role.role], [0, 'alone']);
  end();
  t.notThrows(() => system.verify());
});
