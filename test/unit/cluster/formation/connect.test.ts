import { ApplianceError } from '@gemel/core/sdk';
import test from 'ava';
import { Boxes, login } from './two-boxes.js';

test('creates a cluster of one, then connects the other node', async (t) => {
  const boxes = new Boxes();
  await boxes.create();
  t.is(boxes.one.phase, 'created');
  await boxes.pass(boxes.connect());
  const { one, two } = await boxes.states();
  t.deepEqual([one['phase'], two['phase']], ['connected', 'connected']);
  t.deepEqual([one['paired'], two['paired']], ['node2', 'node1']);
  t.is(one['corosync'], two['corosync']);
  t.regex(String(one['corosync']), /two_node: 1/);
  t.deepEqual([one['journal'], two['journal']], [false, false]);
  t.deepEqual(two['engines'], ['active', 'active']);
});

test('stops nothing on the node where the cluster is created and connected', async (t) => {
  const boxes = new Boxes();
  await boxes.create();
  await boxes.pass(boxes.connect());
  const stopped = boxes.one.system.faults.journal.filter((step) => step.startsWith('stop '));
  t.deepEqual(stopped, []);
});

for (const [what, given, expected] of [
  ['a wrong password', { ...login, password: 'wrong' }, 'forbidden'],
  ['a user who is no administrator', { ...login, user: 'olga' }, 'forbidden'],
  ['another fingerprint', { ...login, fingerprint: 'FP:3' }, 'forbidden'],
  ['an address where nobody is', { ...login, address: '10.78.0.99' }, 'unavailable'],
] as const) {
  test(`refuses ${what} and changes neither node`, async (t) => {
    const boxes = new Boxes();
    await boxes.create();
    const before = await boxes.states();
    const failure = await t.throwsAsync(boxes.pass(boxes.connect(given)), { instanceOf: ApplianceError });
    t.is(failure?.code, expected);
    t.deepEqual(await boxes.states(), before);
  });
}

test('refuses a node that is part of a cluster already', async (t) => {
  const boxes = new Boxes();
  await boxes.create();
  await boxes.pass(boxes.connect());
  const failure = await t.throwsAsync(boxes.pass(boxes.connect()), { instanceOf: ApplianceError });
  t.is(failure?.code, 'conflict');
});

/** How many times connecting touches the world of the other node, and of this one. */
async function stepsOfConnect(): Promise<{ readonly one: readonly string[]; readonly two: readonly string[] }> {
  const boxes = new Boxes();
  await boxes.create();
  boxes.one.system.faults.clear();
  boxes.two.system.faults.clear();
  await boxes.pass(boxes.connect());
  return { one: boxes.one.system.faults.journal, two: boxes.two.system.faults.journal };
}

/** Both as they were, or both connected, and nothing left half done. */
async function complaint(boxes: Boxes, before: object): Promise<string | undefined> {
  const after = await boxes.states();
  const both = [after.one['phase'], after.two['phase']].join();
  if (both === 'connected,connected' && after.one['corosync'] === after.two['corosync']) {
    return after.one['journal'] || after.two['journal'] ? 'a journal was left' : undefined;
  }
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  return was === is ? undefined : `before ${was}\nafter  ${is}`;
}

for (const subject of ['one', 'two'] as const) {
  test(`connects both or none, at whichever step node ${subject} is killed`, async (t) => {
    for (const [index, step] of (await stepsOfConnect())[subject].entries()) {
      const boxes = new Boxes();
      await boxes.create();
      const before = await boxes.states();
      const box = boxes[subject];
      box.system.faults.clear();
      box.system.faults.crashAt(index + 1);
      const connecting = boxes.connect().catch(() => {});
      // Whoever was killed never goes on, so the other one's patience is what ends it.
      await boxes.clock.advance(30_000);
      await box.crashAndRestart();
      await boxes.pass(box.recover());
      await boxes.clock.advance(400_000);
      if (subject === 'two') await boxes.pass(connecting);
      t.is(await complaint(boxes, before), undefined, `killed before step ${index + 1}: ${step}`);
    }
  });

  test(`connects both or none, at whichever step node ${subject} fails`, async (t) => {
    for (const [index, step] of (await stepsOfConnect())[subject].entries()) {
      const boxes = new Boxes();
      await boxes.create();
      const before = await boxes.states();
      boxes[subject].system.faults.clear();
      boxes[subject].system.faults.failAt(index + 1);
      await boxes.pass(boxes.connect().catch(() => {}));
      await boxes.clock.advance(400_000);
      // A journal that could not be removed is found by the next start of core.
      await boxes.pass(boxes[subject].recover());
      t.is(await complaint(boxes, before), undefined, `failed at step ${index + 1}: ${step}`);
    }
  });
}
