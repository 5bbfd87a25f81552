/** systemd gives a stop up after a while; the node that is to stay off must end its engines all the same. */
import { ApplianceError, type JobCall } from '@gemel/core/sdk';
import { disconnect } from '#cluster/formation/leaving.js';
import { reconnect } from '#cluster/formation/reconnection.js';
import test from 'ava';
import { type Box, type Boxes, pair, stayOff } from './two-boxes.js';

// Only what reconnecting asks a job for.
const call = { progress() {}, log() {}, signal: new AbortController().signal } as unknown as JobCall;
const pacemaker = 'pacemaker.service';

/** Stopping Pacemaker takes so long, or fails so often. */
function slow({ system: { units } }: Box, wait: () => Promise<void>): void {
  const stop = units.stop.bind(units);
  units.stop = async (unit) => {
    if (unit === pacemaker) await wait();
    await stop(unit);
  };
}

function failing(box: Box, times: number): void {
  let left = times;
  slow(box, async () => {
    left -= 1;
    if (left >= 0) throw new ApplianceError('timeout', 'pacemaker.service did not stop within 95 s.');
  });
}

const isRunning = async ({ system }: Box) => (await system.units.status(pacemaker)).activeState === 'active';

/** Node 1 went on alone while node 2, whose engines run again by now, was off. */
async function forced(): Promise<Boxes> {
  const boxes = await pair();
  const { one, two } = boxes;
  await two.powerOff();
  await disconnect(one.parts, { force: true });
  await two.parts.engines.start(new AbortController().signal);
  two.reachable = true;
  return boxes;
}

test('a node that missed that it was to stay off stops its engines again until they end', async (t) => {
  const boxes = await forced();
  const { two } = boxes;
  failing(two, 2);
  two.missedLeave.settle();
  await boxes.clock.advance(15_000);
  t.true(await isRunning(two));
  await boxes.clock.advance(15_000);
  t.false(await isRunning(two));
  t.is(two.phase, 'disconnected');
});

test('a start of core asks what became of it also when the engines do not end', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  const { current } = two.parts.membership;
  await two.system.files.write(stayOff, '');
  await two.parts.membership.set({ ...current, phase: 'disconnected', keepsServices: false });
  one.reachable = false;
  await two.crashAndRestart();
  failing(two, 1_000);
  void two.recover();
  await boxes.clock.advance(20_000);
  one.reachable = true;
  await boxes.clock.advance(20_000);
  t.deepEqual([two.phase, await isRunning(two)], ['connected', true]);
  t.is(two.clock.pending, 0);
});

test('a node is reconnected only once the engines that it still stops have ended', async (t) => {
  const boxes = await forced();
  const { one, two } = boxes;
  const ended = Promise.withResolvers<void>();
  slow(two, () => ended.promise);
  two.missedLeave.settle();
  await boxes.clock.advance(1_000);
  t.is(two.phase, 'disconnected');
  const reconnecting = reconnect(one.parts, undefined, call);
  await boxes.clock.advance(5_000);
  t.is(two.parts.journal.open, undefined);
  ended.resolve();
  await boxes.pass(reconnecting);
  t.deepEqual([two.phase, await isRunning(two)], ['connected', true]);
});
