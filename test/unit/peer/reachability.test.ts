import type { EventDefinition, EventsAccess } from '@gemel/core/sdk';
import { ApplianceError } from '@gemel/core/sdk';
import { FakeClock } from '@gemel/core/testing';
import test from 'ava';
import { type Pong, Reachability, reachabilityLimits } from '#peer/reachability.js';

const node = { hostName: 'b', fingerprint: 'BB', addresses: ['192.0.2.2'] };

function newWorld() {
  const clock = new FakeClock();
  const told: string[] = [];
  const events = {
    publish: ({ id }: EventDefinition<unknown>) => void told.push(id),
  } as unknown as EventsAccess; // it only publishes
  const world = { clock, told, asked: 0, answers: true, changes: 0 };
  const ask = async (): Promise<Pong> => {
    world.asked += 1;
    if (!world.answers) throw new ApplianceError('unavailable', 'No way.');
    return { address: '192.0.2.2', at: clock.now() + 500, version: '1.0.0' };
  };
  const reachability = new Reachability(clock, events, ask, () => {
    world.changes += 1;
  });
  return { world, reachability };
}

test('asks nobody while there is no other node', async (t) => {
  const { world, reachability } = newWorld();
  await world.clock.advance(60_000);
  t.deepEqual([world.asked, reachability.reachable, world.clock.pending], [0, false, 0]);
});

test('tells once when the other node answers, and how its clock differs', async (t) => {
  const { world, reachability } = newWorld();
  reachability.watch(node);
  await world.clock.advance(20_000);
  t.deepEqual([world.asked, world.told, world.changes], [5, ['peer.reachable'], 1]);
  t.true(reachability.reachable);
  t.is(reachability.answer?.clockSkewMs, 500);
  reachability[Symbol.dispose]();
  t.is(world.clock.pending, 0);
});

test('is patient with a node that fails to answer, and asks more often', async (t) => {
  const { world, reachability } = newWorld();
  reachability.watch(node);
  await world.clock.advance(1);
  world.answers = false;
  await world.clock.advance(reachabilityLimits.patienceMs - 2_000);
  t.deepEqual([reachability.reachable, reachability.reason, world.told], [true, 'No way.', ['peer.reachable']]);
  await world.clock.advance(4_000);
  t.deepEqual([reachability.reachable, world.told], [false, ['peer.reachable', 'peer.unreachable']]);
  world.answers = true;
  await world.clock.advance(1_000);
  t.deepEqual([reachability.reachable, reachability.reason], [true, undefined]);
  reachability[Symbol.dispose]();
});

test('says so at once when a node never answered', async (t) => {
  const { world, reachability } = newWorld();
  world.answers = false;
  reachability.watch(node);
  await world.clock.advance(1);
  t.deepEqual(world.told, ['peer.unreachable']);
  reachability.watch(undefined);
  await world.clock.advance(60_000);
  t.is(world.asked, 1);
});
