import type { Alert } from '#cluster/alerts/alert.js';
import { explainTakeover, type TakeoverInput } from '#cluster/log/takeover.js';
import type { PairNode, PairStatus } from '#cluster/status/pair-schema.js';
import test from 'ava';
import { pair } from '../pair.js';

const begin = 1_795_307_454_293;
const lost: Alert = { kind: 'node', at: begin, node: 'node1', state: 'lost' };
const operation = (afterMs: number, task: string, resource: string): Alert => ({
  kind: 'resource',
  at: begin + afterMs,
  node: 'node2',
  resource,
  task,
  succeeded: true,
  description: 'OK',
  intervalMs: 0,
  tookMs: 20,
});
const starts = [operation(120, 'promote', 'drbd-data'), operation(300, 'start', 'cluster-ip')];

async function explain(now: PairStatus, change: Partial<TakeoverInput> = {}) {
  const before = await pair('pair');
  return explainTakeover({
    thisNode: 'node2',
    before,
    now,
    alerts: starts,
    asked: false,
    detectionMs: 2_200,
    ...change,
  });
}

const withNode = async (change: Partial<PairNode>): Promise<PairStatus> => {
  const now = await pair('pair');
  const nodes = now.nodes.map((node) => (node.name === 'node1' ? { ...node, ...change } : node));
  return { ...now, activeNode: 'node2', nodes };
};

test('a node that was lost: which fault, which rule, how long each step took', async (t) => {
  const told = await explain(await pair('lost'), { alerts: [lost, ...starts] });
  t.deepEqual(told, {
    cause: 'node-lost',
    from: 'node1',
    fault: 'node1 was lost: it stopped answering on all links, which Corosync notices within 2.2 s.',
    rule: 'The node that is left takes everything over.',
    steps: [
      '2.20 s: noticed: node1 was lost: it stopped answering on all links, which Corosync notices within 2.2 s.',
      '2.30 s: promote drbd-data took 20 ms',
      '2.48 s: start cluster-ip took 20 ms',
    ],
    // The silence before it was noticed is a part of the outage.
    tookMs: 2_500,
    isEstimate: true,
  });
});

test('a node that is already back was lost all the same', async (t) => {
  t.is((await explain(await withNode({}), { alerts: [lost, ...starts] })).cause, 'node-lost');
});

test('a clone that started here before has nothing to do with it', async (t) => {
  const earlier = operation(-6_000, 'start', 'external');
  const other = operation(-5_000, 'start', 'not-there-any-more');
  const { cause, tookMs } = await explain(await pair('lost'), { alerts: [earlier, other, lost, ...starts] });
  t.is((await explain(await withNode({}), { alerts: [other, ...starts] })).tookMs, 200);
  t.deepEqual([cause, tookMs], ['node-lost', 2_500]);
});

test('a loss that was over before the takeover is not its cause', async (t) => {
  const back: Alert = { kind: 'node', at: begin + 50, node: 'node1', state: 'member' };
  t.is(
    (await explain(await withNode({ state: 'maintenance' }), { alerts: [lost, back, ...starts] })).cause,
    'maintenance',
  );
});

test('a node that hands over before it leaves was shut down', async (t) => {
  const leaving = { ...lost, at: begin + 5_000 };
  const told = await explain(await pair('lost'), { alerts: [...starts, leaving] });
  t.deepEqual([told.cause, told.tookMs], ['node-left', 200]);
  t.is((await explain(await withNode({ state: 'leaving' }))).cause, 'node-left');
});

test('maintenance, by whatever tool', async (t) => {
  t.is((await explain(await pair('standby'))).cause, 'maintenance');
});

test('a move by hand', async (t) => {
  t.is((await explain(await withNode({}), { asked: true })).cause, 'by-hand');
});

test('the external network that only the other node has lost', async (t) => {
  const attribute: Alert = { kind: 'attribute', at: begin - 1_000, node: 'node1', name: 'external', value: '0' };
  const told = await explain(await withNode({ external: false }), { alerts: [attribute, ...starts] });
  t.deepEqual([told.cause, told.tookMs, told.isEstimate], ['external-lost', 1_300, false]);
});

test('a lost carrier is the sign, not the pings that only confirm it', async (t) => {
  const told = (name: string, at: number): Alert => ({ kind: 'attribute', at, node: 'node1', name, value: '0' });
  const alerts = [told('external-carrier', begin - 400), ...starts, told('external', begin + 3_000)];
  const takeover = await explain(await withNode({ external: false }), { alerts });
  t.deepEqual([takeover.cause, takeover.tookMs], ['external-lost', 700]);
});

test('failed hardware', async (t) => {
  t.is((await explain(await withNode({ health: 'red' }))).cause, 'hardware');
});

test('a resource that keeps failing is named', async (t) => {
  const now = { ...(await pair('failed')), activeNode: 'node2' };
  const told = await explain(now);
  t.deepEqual([told.cause, told.fault], ['resource-failed', 'On node1 failed: site-shop (asyncmon).']);
});

test('says so when no fault is known', async (t) => {
  t.is((await explain(await withNode({}))).cause, 'placement');
});

test('a start that failed is a step too', async (t) => {
  const failed: Alert = { ...starts[0], succeeded: false, description: 'not installed' } as Alert; // a resource alert with two other values
  const { steps } = await explain(await withNode({}), { alerts: [failed] });
  t.deepEqual(steps, ['0.00 s: promote drbd-data took 20 ms and failed: not installed']);
});
