/** A node that was away when the other one was disconnected by force. */
import type { JobCall } from '@gemel/core/sdk';
import { disband, disconnect } from '#cluster/formation/leaving.js';
import { reconnect } from '#cluster/formation/reconnection.js';
import { joinOutcome } from '#cluster/formation/peer-requests.js';
import test from 'ava';
import { crmMon, look } from '../crm-mon.js';
import { type Box, Boxes, configuration, nodesIn, pair, stayOff } from './two-boxes.js';

// Only what reconnecting asks a job for.
const call = { progress() {}, log() {}, signal: new AbortController().signal } as unknown as JobCall;

/** Node 1 went on alone while node 2 was off. */
async function forced(): Promise<Boxes> {
  const boxes = await pair();
  await boxes.two.powerOff();
  await disconnect(boxes.one.parts, { force: true });
  return boxes;
}

async function found(box: Box) {
  const [, pacemaker] = (await box.state())['engines'] as readonly string[];
  const { phase, keepsServices } = box.parts.membership.current;
  return { phase, keepsServices, pacemaker, held: (await box.system.files.read(stayOff)) !== undefined };
}

const off = { phase: 'disconnected', keepsServices: false, pacemaker: 'inactive', held: true };
const member = { phase: 'connected', keepsServices: true, pacemaker: 'active', held: false };

/** Node 2 took the role, since it hears nobody. */
function activeAlone({ system }: Box): void {
  system.commands.always(look, crmMon({ nodes: { node1: { online: false }, node2: {} }, active: 'node2' }));
}

test('it stays off once it has heard of it, and is reconnected', async (t) => {
  const boxes = await forced();
  const { one, two } = boxes;
  await two.powerOn();
  await boxes.clock.advance(1_000);
  t.deepEqual(await found(two), off);
  await boxes.pass(reconnect(one.parts, undefined, call));
  t.deepEqual([await found(one), await found(two)], [member, member]);
  t.is(await one.system.files.read(configuration), await two.system.files.read(configuration));
});

test('it stays off also when it is the active node by then, and when the other one is reached only later', async (t) => {
  const boxes = await forced();
  const { one, two } = boxes;
  one.reachable = false;
  await two.powerOn();
  activeAlone(two);
  await boxes.clock.advance(60_000);
  t.is((await found(two)).phase, 'connected');
  one.reachable = true;
  await boxes.clock.advance(11_000);
  t.deepEqual(await found(two), off);
});

test('it stays off at whichever step of that its core is killed', async (t) => {
  const clean = await forced();
  await clean.two.powerOn();
  await clean.clock.advance(1_000);
  const steps = [...clean.two.system.faults.journal];
  t.true(steps.length > 3, String(steps.length));
  for (const [index, step] of steps.entries()) {
    const boxes = await forced();
    const { two } = boxes;
    await two.parts.engines.start(new AbortController().signal);
    two.reachable = true;
    await two.crashAndRestart();
    two.system.faults.crashAt(index + 1);
    void two.recover().catch(() => {});
    await boxes.clock.advance(1_000);
    await two.crashAndRestart();
    await boxes.pass(two.recover());
    await boxes.clock.advance(1_000);
    t.deepEqual(await found(two), off, `killed before step ${index + 1}: ${step}`);
  }
});

test('a node that runs as a member still ends its engines before it is reconnected', async (t) => {
  const boxes = await forced();
  const { one, two } = boxes;
  await two.parts.engines.start(new AbortController().signal);
  two.reachable = true;
  two.system.faults.clear();
  await boxes.pass(reconnect(one.parts, undefined, call));
  const { journal } = two.system.faults;
  t.true(journal.indexOf('stop corosync.service') < journal.indexOf('start gemel-cluster-forget.service'));
  t.deepEqual([await found(one), await found(two)], [member, member]);
});

test('a node that keeps services of its own is not reconnected, and is named', async (t) => {
  const boxes = await forced();
  const { one, two } = boxes;
  one.reachable = false;
  await one.parts.engines.stop();
  await two.parts.engines.start(new AbortController().signal);
  activeAlone(two);
  await disconnect(two.parts, { force: true });
  one.reachable = true;
  two.reachable = true;
  await one.parts.engines.start(new AbortController().signal);
  await t.throwsAsync(boxes.pass(reconnect(one.parts, undefined, call)), {
    message: /^node2 was disconnected too and keeps services of its own/,
  });
  t.deepEqual([one.phase, two.phase], ['disconnected', 'disconnected']);
});

test('a node goes on when the other one was disbanded meanwhile, or is away', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  await two.powerOff();
  await disband(one.parts);
  await two.powerOn();
  await boxes.clock.advance(60_000);
  t.deepEqual(await found(two), member);
  one.reachable = false;
  await boxes.clock.advance(60_000);
  t.deepEqual(await found(two), member);
});

test('a node whose other one stays off, or is joining, goes on: that one waits for it', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  await two.stayingOff.leave();
  t.deepEqual(await one.call(joinOutcome, {}), { outcome: 'open' });
  one.missedLeave.settle();
  await boxes.clock.advance(60_000);
  t.deepEqual([await found(one), await found(two)], [member, member]);

  const joining = new Boxes();
  await joining.create();
  const answers: unknown[] = [];
  joining.one.system.commands.always(['corosync-cfgtool', '-R'], async () => {
    answers.push(await joining.one.call(joinOutcome, {}));
    return '';
  });
  await joining.pass(joining.connect());
  t.deepEqual([answers, await nodesIn(joining.one)], [[{ outcome: 'open' }], 2]);
});

test('a pair that sees each other asks nothing', async (t) => {
  const { one } = await pair();
  one.missedLeave.settle();
  await one.clock.advance(1_000);
  t.is(one.clock.pending, 0);
});
