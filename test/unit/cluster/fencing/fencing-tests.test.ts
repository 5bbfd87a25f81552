import type { AnyAction } from '@gemel/core/sdk';
import { fencingActions } from '#cluster/fencing/fencing-actions.js';
import { isFencingTested } from '#cluster/fencing/fencing-tested.js';
import { fencingTestsOf, withFencingTests } from '#cluster/fencing/fencing-tests.js';
import { PeerFactsWatch } from '#cluster/status/peer-facts.js';
import test from 'ava';
import { type Box, pair } from '../formation/two-boxes.js';

/** Both have a controller; the engines' answers are those of healthy ones. */
async function fencedPair() {
  const boxes = await pair();
  for (const box of [boxes.one, boxes.two]) {
    box.system.commands
      .always(['cibadmin', '--modify', '--allow-create', '--scope', 'configuration', '--xml-pipe'])
      .always(['stonith_admin', '--reboot', /./, '--timeout', '120']);
  }
  const controller = { address: '192.0.2.1', user: 'admin', password: 'geheim', lanplus: true, cipher: 3 };
  const enter = (node: string) => run(boxes.one, 'set', { node, ...controller });
  for (const node of ['node1', 'node2']) await boxes.pass(enter(node));
  return { boxes, one: boxes.one, two: boxes.two, enter };
}

async function run(box: Box, what: string, input: object): Promise<unknown> {
  const action: AnyAction | undefined = fencingActions(box.parts).find(({ id }) => id === `cluster.fencing.${what}`);
  if (action?.kind !== 'call') throw new Error('it is not there');
  // Only what a call of an action is asked for here.
  return action.run(input as never, { signal: new AbortController().signal } as never);
}

/** As each node does now and then: asks the other one, and takes what it knows of tests. */
async function askEachOther(...boxes: readonly Box[]): Promise<void> {
  const watches = boxes.map((box) => {
    const { membership, context } = box.parts;
    const watch = new PeerFactsWatch(box, context.system.clock);
    const answer = watch.answer({
      version: async () => '0.1.0',
      memory: async () => ({ neededMiB: 0, availableMiB: undefined }),
      parted: async () => undefined,
      fencingTests: () => fencingTestsOf(membership.current),
      missingVersions: async () => [],
    });
    return { box, watch, answer };
  });
  for (const { box, watch } of watches) {
    await watch.refresh();
    await box.parts.membership.update((current) => withFencingTests(current, watch.current.fencingTests));
  }
  for (const { answer } of watches) answer[Symbol.dispose]();
}

const tested = (...boxes: readonly Box[]) => boxes.map(({ parts }) => isFencingTested(parts.membership.current));

test('fencing is tested for both nodes when each was restarted from the other one', async (t) => {
  const { one, two } = await fencedPair();
  await run(one, 'test', { node: 'node2' });
  await askEachOther(one, two);
  t.deepEqual(tested(one, two), [false, false]);
  await run(two, 'test', { node: 'node1' });
  t.deepEqual(tested(one, two), [false, true]);
  await askEachOther(one, two);
  t.deepEqual(tested(one, two), [true, true]);
});

test('a controller that is entered anew is untested, whatever the other node knew', async (t) => {
  const { boxes, one, two, enter } = await fencedPair();
  await run(one, 'test', { node: 'node2' });
  await run(two, 'test', { node: 'node1' });
  await askEachOther(one, two);
  await boxes.pass(enter('node2'));
  await askEachOther(one, two);
  t.deepEqual(tested(one, two), [false, false]);
});

test('what comes by itself takes nothing back that somebody changed meanwhile', async (t) => {
  const { one } = await fencedPair();
  const { membership } = one.parts;
  const other = { ...membership.current, movedAlone: true };
  const told = { node: 'node2', address: '192.0.2.1', at: 7 };
  await Promise.all([membership.set(other), membership.update((current) => withFencingTests(current, [told]))]);
  t.true(membership.current.movedAlone);
  t.deepEqual(fencingTestsOf(membership.current), [told]);
});
