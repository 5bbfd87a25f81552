import {
  checkMaintenanceOff,
  checkMaintenanceOn,
  checkMove,
  otherNode,
} from '#cluster/maintenance/maintenance-rules.js';
import { parseReplication } from '#cluster/status/replication.js';
import test from 'ava';
import { membership, pair } from '../pair.js';

const codes = (reports: readonly { readonly code: string }[]) => reports.map(({ code }) => code);

test('one node may enter maintenance while the other one can take over', async (t) => {
  t.deepEqual(checkMaintenanceOn(await pair('pair'), 'node1', false), []);
});

test('the last node needs a second confirmation', async (t) => {
  const stops = ['cluster.maintenance.stops-everything'];
  t.deepEqual(codes(checkMaintenanceOn(await pair('lost'), 'node2', false)), stops);
  t.deepEqual(codes(checkMaintenanceOn(await pair('standby'), 'node2', false)), stops);
  t.deepEqual(checkMaintenanceOn(await pair('standby'), 'node2', true), []);
});

test('the active node needs it too while the other one has no current data', async (t) => {
  const options = membership.options === null ? null : { ...membership.options, replicated: true };
  const replication = parseReplication(
    " 0: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----\n\t[>....] sync'ed: 12.3% (56/64)M\n",
  );
  const synchronising = await pair('pair', { membership: { ...membership, options }, replication });
  const [report, ...more] = checkMaintenanceOn(synchronising, 'node1', false);
  t.deepEqual([report?.code, more], ['cluster.maintenance.stops-everything', []]);
  t.regex(String(report?.text), /node2 cannot take over \(The data of the passive node are not current/);
  t.deepEqual(checkMaintenanceOn(synchronising, 'node1', true), []);
  // The passive one carries nothing.
  t.deepEqual(checkMaintenanceOn(synchronising, 'node2', false), []);
});

test('says what is already so, and what is no node', async (t) => {
  t.deepEqual(codes(checkMaintenanceOn(await pair('standby'), 'node1', false)), ['cluster.maintenance.already']);
  t.deepEqual(codes(checkMaintenanceOff(await pair('pair'), 'node1')), ['cluster.maintenance.not-in']);
  t.deepEqual(checkMaintenanceOff(await pair('standby'), 'node1'), []);
  t.deepEqual(codes(checkMaintenanceOn(await pair('pair'), 'node9', true)), ['cluster.node.unknown']);
});

test('the role moves only to a node that can take it', async (t) => {
  t.deepEqual(checkMove(await pair('pair'), 'node2'), []);
  t.deepEqual(codes(checkMove(await pair('pair'), 'node1')), ['cluster.move.already']);
  t.deepEqual(codes(checkMove(await pair('standby'), 'node1')), ['cluster.move.not-ready']);
  t.deepEqual(codes(checkMove(await pair('lost'), 'node1')), ['cluster.move.not-ready']);
});

test('a witness that does not vote is no reason against a move, nor against maintenance of a node', async (t) => {
  const witness = { host: '10.77.0.5', algorithm: 'ffsplit' } as const;
  const options = membership.options === null ? null : { ...membership.options, witness };
  const votes = [1, 2].map((nodeId) => [nodeId, false] as const);
  const unreached = await pair('pair', { membership: { ...membership, options }, witnessVotes: new Map(votes) });
  t.deepEqual(
    unreached.reasons.filter(({ blocking }) => blocking).map(({ reason }) => reason),
    ['witness-unreached'],
  );
  t.deepEqual(checkMove(unreached, 'node2'), []);
  t.deepEqual(checkMaintenanceOn(unreached, 'node1', false), []);
});

test('without a wish it moves to the passive node', async (t) => {
  t.is(otherNode(await pair('pair')), 'node2');
  t.is(otherNode(await pair('standby')), 'node1');
});
