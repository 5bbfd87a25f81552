/** Changes of what both nodes' engines read, with the other node away or lost in the middle. */
import { ApplianceError } from '@gemel/core/sdk';
import { fencingActions } from '#cluster/fencing/fencing-actions.js';
import { changeConfiguration } from '#cluster/formation/configuration-change.js';
import { disband, disconnect, dropOther } from '#cluster/formation/leaving.js';
import { keyAction } from '#cluster/keys/key-action.js';
import { witnessActions } from '#cluster/witness/witness-actions.js';
import test from 'ava';
import { type Box, type Boxes, configuration, nodesIn, pair } from './two-boxes.js';

const keyOf = async (box: Box) => box.system.files.read('/var/lib/gemel/cluster/authkey');
const fresh = 'k'.repeat(256);
const rotate = (box: Box) => changeConfiguration(box.parts, box.parts.membership.current, { key: fresh });

async function act({ parts }: Box, id: string, input: object = {}): Promise<unknown> {
  const actions = [keyAction(parts), ...fencingActions(parts), ...witnessActions(parts)];
  const action = actions.find((each) => each.id === id);
  if (action?.kind !== 'call') throw new Error('it is not there');
  // Only what a call of an action is asked for here.
  return action.run(input as never, { signal: new AbortController().signal } as never);
}

const device = { node: 'node2', address: '192.0.2.1', user: 'admin', lanplus: true, cipher: 3 };
const changes = [
  ['cluster.key.rotate', {}],
  ['cluster.witness.set', { host: '192.0.2.9', algorithm: 'ffsplit' }],
  ['cluster.witness.remove', {}],
  ['cluster.fencing.set', { ...device, password: 'geheim' }],
  ['cluster.fencing.remove', { node: 'node2' }],
] as const;

/** Node 2 has a controller. */
async function pairWithController(): Promise<Boxes> {
  const boxes = await pair();
  for (const { parts } of [boxes.one, boxes.two]) {
    const { current } = parts.membership;
    const fencing = [{ ...device, testedAt: null }];
    await parts.membership.set({ ...current, options: current.options && { ...current.options, fencing } });
  }
  return boxes;
}

for (const [id, input] of changes) {
  test(`${id} touches nothing while the other node is away`, async (t) => {
    const { one, two } = await pairWithController();
    two.reachable = false;
    one.system.faults.clear();
    const failure = await t.throwsAsync(act(one, id, input), {
      instanceOf: ApplianceError,
      message: /^node2 does not/,
    });
    t.is(failure?.code, 'unavailable');
    t.deepEqual(one.system.faults.journal, []);
    t.is(one.parts.journal.open, undefined);
  });

  test(`${id} touches nothing while the other node has a change of its own to take back`, async (t) => {
    const boxes = await pairWithController();
    const { one, two } = boxes;
    await lostInTheMiddle(boxes);
    two.system.faults.clear();
    await t.throwsAsync(act(two, id, input), { message: /^node1 is in the middle of another change/ });
    t.deepEqual(two.system.faults.journal, []);
    t.not(one.parts.journal.open, undefined);
  });
}

/** Node 2 has the new key and is gone before this one, whose Corosync does not take it, can take it back. */
async function lostInTheMiddle({ one, two }: Boxes): Promise<void> {
  one.system.commands.once(['corosync-cfgtool', '-R'], () => {
    two.reachable = false;
    return { exitCode: 1, stderr: 'no such key' };
  });
  await rotate(one).catch(() => {});
}

test('a change that could not be taken back over there is taken back as soon as the other node answers', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  const before = await keyOf(one);
  await lostInTheMiddle(boxes);
  await boxes.clock.advance(60_000);
  t.deepEqual([await keyOf(one), await keyOf(two)], [before, fresh]);
  await t.throwsAsync(disconnect(one.parts, true), { message: /under way already on node1/ });
  two.reachable = true;
  await boxes.clock.advance(6_000);
  t.deepEqual([await keyOf(one), await keyOf(two)], [before, before]);
  t.is(one.parts.journal.open, undefined);
  t.is(one.clock.pending, 0);
});

test('a start of core goes on taking back until the other node answers', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  const before = await keyOf(one);
  await lostInTheMiddle(boxes);
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.not(one.parts.journal.open, undefined);
  two.reachable = true;
  await boxes.clock.advance(6_000);
  t.deepEqual([await keyOf(one), await keyOf(two)], [before, before]);
  t.is(one.parts.journal.open, undefined);
});

test('a lost node is dropped for good in the middle of a change, and no start brings it back', async (t) => {
  const boxes = await pair();
  const { one } = boxes;
  await lostInTheMiddle(boxes);
  await dropOther(one.parts);
  await boxes.clock.advance(60_000);
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.deepEqual([one.phase, await nodesIn(one), one.parts.journal.open], ['created', 1, undefined]);
});

test('a node is disbanded in the middle of a change, and no start brings the cluster back', async (t) => {
  const boxes = await pair();
  const { one } = boxes;
  await lostInTheMiddle(boxes);
  await disband(one.parts);
  await boxes.clock.advance(60_000);
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.deepEqual([one.phase, one.parts.journal.open], ['none', undefined]);
  t.is(await one.system.files.read(configuration), undefined);
});

test('what is left of a change of a cluster that is another one now is thrown away', async (t) => {
  const boxes = await pair();
  const { one } = boxes;
  await lostInTheMiddle(boxes);
  const own = one.parts.membership.current.nodes.slice(0, 1);
  await one.parts.membership.set({ ...one.parts.membership.current, phase: 'created', nodes: own });
  await one.system.files.write(configuration, 'of one node');
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.deepEqual([one.phase, one.parts.journal.open], ['created', undefined]);
  t.is(await one.system.files.read(configuration), 'of one node');
});
