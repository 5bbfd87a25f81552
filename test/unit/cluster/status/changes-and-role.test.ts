import { noMembership } from '#cluster/membership/membership.js';
import { pairChanges } from '#cluster/status/pair-changes.js';
import { roleOf } from '#cluster/status/role-status.js';
import { passiveLock } from '#cluster/status/scope-lock.js';
import test from 'ava';
import { membership, pair } from '../pair.js';

const changes = async (before: string, now: string) =>
  pairChanges(await pair(before), await pair(now)).flatMap((change) => {
    if (change.kind === 'readiness') return [`readiness ${change.ready}`];
    return [Object.values(change).join(' ')];
  });

test('nothing happened between two equal looks', async (t) => {
  t.deepEqual(await changes('pair', 'pair'), []);
});

test('a node that is lost takes its resources along', async (t) => {
  t.deepEqual((await changes('pair', 'lost')).toSorted(), [
    'node-lost node1',
    'readiness false',
    'resource-moved active node1 node2',
    'resource-moved cluster-ip node1 node2',
    'resource-moved data node1 node2',
    'resource-moved drbd-data-clone node1 node2',
    'resource-moved site-shop node1 node2',
  ]);
});

test('a node that comes back', async (t) => {
  t.true((await changes('lost', 'pair')).includes('node-joined node1'));
});

test('maintenance, whoever switched it on', async (t) => {
  t.true((await changes('pair', 'standby')).includes('maintenance node1 true'));
  t.true((await changes('standby', 'pair')).includes('maintenance node1 false'));
});

test('a resource that ran nowhere for a moment has moved all the same', async (t) => {
  const before = await pair('pair');
  const between = {
    ...before,
    resources: before.resources.map((each) => ({ ...each, nodes: [], state: 'stopped' as const })),
  };
  const told = pairChanges(between, await pair('lost'), new Map([['cluster-ip', 'node1']]));
  t.deepEqual(
    told.filter(({ kind }) => kind === 'resource-moved' || kind === 'resource-recovered'),
    [{ kind: 'resource-moved', resource: 'cluster-ip', from: 'node1', to: 'node2' }],
  );
});

test('a resource that failed and runs again has recovered', async (t) => {
  const before = await pair('failed');
  const failed = before.resources.map((each) =>
    each.name === 'site-shop' ? { ...each, nodes: [], state: 'stopped' as const } : each,
  );
  const told = pairChanges({ ...before, resources: failed }, before);
  t.deepEqual(told, [{ kind: 'resource-recovered', resource: 'site-shop', node: 'node1' }]);
});

test('tells a failure once', async (t) => {
  t.deepEqual(await changes('pair', 'failed'), ['resource-failed site-shop node1 asyncmon Simulated failure']);
  t.deepEqual(await changes('failed', 'failed'), []);
});

test('a look without an engine says nothing of nodes and resources', async (t) => {
  const gone = await pair('pair', { picture: undefined });
  const told = pairChanges(await pair('pair'), gone).map(({ kind }) => kind);
  t.deepEqual(told, ['readiness']);
});

test('the role of this node', (t) => {
  t.is(roleOf(noMembership, false, undefined), 'alone');
  t.is(roleOf(membership, true, 'node1'), 'active');
  t.is(roleOf(membership, true, 'node2'), 'passive');
  t.is(roleOf(membership, true, undefined), 'passive');
  t.is(roleOf(membership, false, undefined), 'unknown');
  t.is(roleOf({ ...membership, phase: 'disconnected', keepsServices: true }, false, undefined), 'active');
  t.is(roleOf({ ...membership, phase: 'disconnected', keepsServices: false }, false, undefined), 'passive');
});

test('settings of the cluster are locked everywhere but on the active node and a single appliance', (t) => {
  const lock = (role: 'alone' | 'active' | 'passive' | 'unknown', activeNode: string | null) =>
    passiveLock({ role, activeNode, since: 0 })?.code;
  t.is(lock('alone', null), undefined);
  t.is(lock('active', 'node1'), undefined);
  t.is(lock('passive', 'node2'), 'cluster.settings.passive');
  t.is(lock('unknown', null), 'cluster.settings.no-active-node');
});
