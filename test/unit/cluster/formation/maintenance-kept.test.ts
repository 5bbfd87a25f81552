/** A node in maintenance never takes over, and only a person puts it back. */
import type { JobCall } from '@gemel/core/sdk';
import { disconnect, dropOther } from '#cluster/formation/leaving.js';
import { reconnect } from '#cluster/formation/reconnection.js';
import test from 'ava';
import { type Boxes, pair } from './two-boxes.js';

function again(boxes: Boxes, said: string[] = []) {
  // Only what reconnecting asks a job for.
  const call = { progress() {}, log: (text: string) => said.push(text), signal: new AbortController().signal };
  return boxes.pass(reconnect(boxes.one.parts, undefined, call as unknown as JobCall));
}

async function rested(): Promise<Boxes> {
  const boxes = await pair();
  boxes.two.standby = true;
  return boxes;
}

const marked = ({ one }: Boxes) => one.parts.membership.current.nodes.map(({ inMaintenance }) => inMaintenance);

test('a node that was disconnected in maintenance is in maintenance again when it is reconnected', async (t) => {
  const boxes = await rested();
  await disconnect(boxes.one.parts);
  t.false(boxes.two.standby, 'Pacemaker has forgotten it');
  t.deepEqual(marked(boxes), [undefined, true]);
  const said: string[] = [];
  boxes.one.system.commands.once(['crm_attribute', '--node', 'node2', '--name', 'standby', '--update', 'on'], {
    exitCode: 105,
    stderr: "Could not map name=node2 to a UUID: Pacemaker doesn't know it yet",
  });
  await again(boxes, said);
  t.true(boxes.two.standby);
  t.deepEqual(said, ['node2 is in maintenance, as before. End it: gemel cluster maintenance off node2']);
  t.deepEqual(marked(boxes), [undefined, undefined]);
  t.is(boxes.two.phase, 'connected');
});

test('it is so by its new name too', async (t) => {
  const boxes = await rested();
  await disconnect(boxes.one.parts);
  boxes.two.hostName = 'node2b';
  boxes.one.system.commands.always(['cibadmin', '--query', '--scope', 'configuration'], '<configuration/>');
  await again(boxes);
  t.true(boxes.two.standby);
});

test('a node in service is so afterwards', async (t) => {
  const boxes = await pair();
  await disconnect(boxes.one.parts);
  await again(boxes);
  t.false(boxes.two.standby);
  t.deepEqual(marked(boxes), [undefined, undefined]);
});

test('a reconnection that fails leaves what the next one needs', async (t) => {
  const boxes = await rested();
  await disconnect(boxes.one.parts);
  boxes.two.system.units.failNext('pacemaker.service');
  await t.throwsAsync(again(boxes));
  await again(boxes);
  t.true(boxes.two.standby);
});

test('a node that cannot be kept in maintenance is not reconnected', async (t) => {
  const boxes = await rested();
  await disconnect(boxes.one.parts);
  boxes.one.system.commands.always(['crm_attribute', '--node', 'node2', '--name', 'standby', '--update', 'on'], {
    exitCode: 1,
  });
  await t.throwsAsync(again(boxes), { message: /node2 could not be kept in maintenance/ });
  t.is(boxes.one.phase, 'disconnected');
});

test('maintenance outlives a disconnection that is taken back or interrupted, at whichever step', async (t) => {
  const clean = await rested();
  clean.one.system.faults.clear();
  await disconnect(clean.one.parts);
  for (const [index, step] of [...clean.one.system.faults.journal].entries()) {
    const boxes = await rested();
    const { one, two } = boxes;
    one.system.faults.clear();
    one.system.faults.crashAt(index + 1);
    void disconnect(one.parts).catch(() => {});
    await boxes.clock.advance(10_000);
    await one.crashAndRestart();
    await boxes.pass(one.recover());
    await boxes.clock.advance(60_000);
    const kept = one.phase === 'connected' ? two.standby : marked(boxes)[1];
    t.true(kept, `killed before step ${index + 1}: ${step}`);
  }
});

test('the box that takes its place is in service', async (t) => {
  const boxes = await rested();
  await disconnect(boxes.one.parts);
  await dropOther(boxes.one.parts);
  t.deepEqual(marked(boxes), [undefined]);
});
