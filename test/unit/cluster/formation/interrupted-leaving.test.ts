/** Leaving and reconnecting, with power, core or the cable failing in the middle. */
import type { JobCall } from '@gemel/core/sdk';
import { drbdFile } from '#cluster/drbd/drbd-resource.js';
import { disband, disconnect } from '#cluster/formation/leaving.js';
import { reconnect } from '#cluster/formation/reconnection.js';
import test from 'ava';
import { type Box, Boxes, configuration, nodesIn, pair, stayOff } from './two-boxes.js';

// Only what reconnecting asks a job for.
const call = { progress() {}, log() {}, signal: new AbortController().signal } as unknown as JobCall;

async function stepsOfDisconnect() {
  const { one, two } = await pair();
  one.system.faults.clear();
  two.system.faults.clear();
  await disconnect(one.parts);
  return { one: [...one.system.faults.journal], two: [...two.system.faults.journal] };
}

/** Both run as a pair, or one goes on alone while the other stays off; nothing half done. */
async function complaint({ one, two }: Boxes): Promise<string | undefined> {
  const running = async (box: Box) => {
    const [corosync, pacemaker] = (await box.state())['engines'] as readonly string[];
    return corosync === 'active' && pacemaker === 'active';
  };
  const found = {
    phases: [one.phase, two.phase],
    running: [await running(one), await running(two)],
    nodes: [await nodesIn(one), await nodesIn(two)],
    held: (await two.system.files.read(stayOff)) !== undefined,
    journals: [(await one.state())['journal'], (await two.state())['journal']],
  };
  const asPair = { phases: ['connected', 'connected'], running: [true, true], nodes: [2, 2], held: false };
  const parted = { phases: ['disconnected', 'disconnected'], running: [true, false], nodes: [1, 2], held: true };
  const good = [asPair, parted].map((each) => JSON.stringify({ ...each, journals: [false, false] }));
  return good.includes(JSON.stringify(found)) ? undefined : JSON.stringify(found);
}

for (const subject of ['one', 'two'] as const) {
  test(`disconnects both or none, at whichever step node ${subject} is killed`, async (t) => {
    const steps = (await stepsOfDisconnect())[subject];
    t.true(steps.length > 3, String(steps.length));
    for (const [index, step] of steps.entries()) {
      const boxes = await pair();
      const box = boxes[subject];
      box.system.faults.clear();
      box.system.faults.crashAt(index + 1);
      const leaving = disconnect(boxes.one.parts).catch(() => {});
      await boxes.clock.advance(10_000);
      await box.crashAndRestart();
      await boxes.pass(box.recover());
      await boxes.clock.advance(60_000);
      if (subject === 'two') await boxes.pass(leaving);
      t.is(await complaint(boxes), undefined, `killed before step ${index + 1}: ${step}`);
    }
  });

  test(`disconnects both or none, at whichever step node ${subject} fails`, async (t) => {
    for (const [index, step] of (await stepsOfDisconnect())[subject].entries()) {
      const boxes = await pair();
      boxes[subject].system.faults.clear();
      boxes[subject].system.faults.failAt(index + 1);
      await boxes.pass(disconnect(boxes.one.parts).catch(() => {}));
      await boxes.clock.advance(60_000);
      await boxes.pass(boxes[subject].recover());
      await boxes.clock.advance(60_000);
      t.is(await complaint(boxes), undefined, `failed at step ${index + 1}: ${step}`);
    }
  });
}

test('a node that stays off comes back when the other one never took the disconnection into force', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  one.reachable = false;
  await two.stayingOff.leave();
  await boxes.clock.advance(100_000);
  t.is(two.phase, 'disconnected', 'while it cannot ask it stays off');
  one.reachable = true;
  await boxes.clock.advance(20_000);
  t.is(await complaint(boxes), undefined);
  t.is(two.phase, 'connected');
});

test('disconnects after a first try whose answer was lost', async (t) => {
  const boxes = await pair();
  await boxes.two.stayingOff.leave();
  await disconnect(boxes.one.parts);
  await boxes.clock.advance(60_000);
  t.is(await complaint(boxes), undefined);
  t.is(boxes.one.phase, 'disconnected');
});

/** A pair whose data volume DRBD carries, which says that both have the same data. */
async function replicatedPair(): Promise<Boxes> {
  const boxes = new Boxes();
  await boxes.create();
  const { one, two } = boxes;
  const { current } = one.parts.membership;
  await one.parts.membership.set({ ...current, options: current.options && { ...current.options, replicated: true } });
  for (const box of [one, two])
    box.system.files.put('/proc/drbd', ' 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n');
  await boxes.pass(boxes.connect());
  return boxes;
}

for (const subject of ['one', 'two'] as const) {
  test(`reconnects with one secret of DRBD on both nodes, or not, at whichever step node ${subject} is killed`, async (t) => {
    const parted = async () => {
      const boxes = await replicatedPair();
      await disconnect(boxes.one.parts);
      boxes[subject].system.faults.clear();
      return boxes;
    };
    const clean = await parted();
    await clean.pass(reconnect(clean.one.parts, undefined, call));
    const steps = [...clean[subject].system.faults.journal];
    t.true(steps.length > 5, String(steps.length));
    for (const [index, step] of steps.entries()) {
      const boxes = await parted();
      const { one, two } = boxes;
      const box = boxes[subject];
      box.system.faults.crashAt(index + 1);
      const reconnecting = reconnect(one.parts, undefined, call).catch(() => {});
      await boxes.clock.advance(30_000);
      await box.crashAndRestart();
      await boxes.pass(box.recover());
      await boxes.clock.advance(400_000);
      if (subject === 'two') await boxes.pass(reconnecting);
      const where = `killed before step ${index + 1}: ${step}`;
      t.is(await complaint(boxes), undefined, where);
      if (one.phase === 'connected')
        t.is(await one.system.files.read(drbdFile), await two.system.files.read(drbdFile), where);
    }
  });
}

test('a node that was killed at any step of its disbanding is disbanded by giving the command again', async (t) => {
  const clean = await pair();
  clean.two.system.faults.clear();
  await disband(clean.two.parts);
  for (const [index, step] of [...clean.two.system.faults.journal].entries()) {
    const boxes = await pair();
    const { one, two } = boxes;
    two.system.faults.clear();
    two.system.faults.crashAt(index + 1);
    void disband(two.parts).catch(() => {});
    await boxes.clock.advance(10_000);
    await two.crashAndRestart();
    await boxes.pass(two.recover());
    await boxes.clock.advance(60_000);
    const where = `killed before step ${index + 1}: ${step}`;
    // the other one has the services alone, or counts on it
    const runs = ((await two.state())['engines'] as readonly string[])[1] === 'active';
    t.false(runs && one.phase !== 'connected', where);
    if (two.phase !== 'none') await boxes.pass(disband(two.parts));
    t.deepEqual([one.phase, two.phase], ['created', 'none'], where);
    t.is(await two.system.files.read(configuration), undefined, where);
  }
});

test('a cluster of one whose disbanding was interrupted runs again after a start', async (t) => {
  const boxes = new Boxes();
  await boxes.create();
  const { one } = boxes;
  await one.system.files.write(stayOff, '');
  await one.parts.engines.stop();
  await one.recover();
  t.deepEqual((await one.state())['engines'], ['active', 'active']);
  t.is(await one.system.files.read(stayOff), undefined);
});
