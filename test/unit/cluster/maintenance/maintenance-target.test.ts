import { ScriptedSystem } from '@gemel/core/testing';
import { MaintenanceTarget } from '#cluster/maintenance/maintenance-target.js';
import test from 'ava';
import { membership, pair } from '../pair.js';

const target = 'gemel-maintenance.target';

function world() {
  const system = new ScriptedSystem();
  system.units.add(target);
  const warned: string[] = [];
  const log = { debug() {}, info() {}, warn: (_: object, text: string) => void warned.push(text), error() {} };
  const follower = new MaintenanceTarget(system.units, log);
  const asked = () => system.faults.journal.filter((step) => step.includes(target)).length;
  const state = async () => {
    await system.clock.advance(1);
    return (await system.units.status(target)).activeState;
  };
  return { system, follower, state, asked, warned };
}

test('the target is reached while this node is in maintenance, and asked for once', async (t) => {
  const { follower, state, asked } = world();
  const looks = ['pair', 'standby', 'standby', 'pair', 'pair'];
  const states: string[] = [];
  for (const name of looks) {
    follower.follow(await pair(name));
    states.push(await state());
  }
  t.deepEqual(states, ['inactive', 'active', 'active', 'inactive', 'inactive']);
  t.is(asked(), 3);
});

test('not by the maintenance of the other node', async (t) => {
  const { follower, state } = world();
  follower.follow(await pair('standby', { membership: { ...membership, thisNode: 'node2' } }));
  t.is(await state(), 'inactive');
});

test('not before the node has given up what it carried', async (t) => {
  const { follower, state } = world();
  follower.follow({ ...(await pair('standby')), activeNode: 'node1' });
  t.is(await state(), 'inactive');
});

test('it is left when the node leaves the cluster, and a single appliance asks for nothing', async (t) => {
  const { follower, state, asked } = world();
  follower.follow(undefined);
  await state();
  t.is(asked(), 0);
  follower.follow(await pair('standby'));
  t.is(await state(), 'active');
  follower.follow(undefined);
  t.is(await state(), 'inactive');
});

test('a start that failed is tried again with the next look', async (t) => {
  const { system, follower, state, warned } = world();
  system.units.failNext(target);
  follower.follow(await pair('standby'));
  t.is(await state(), 'failed');
  t.is(warned.length, 1);
  follower.follow(await pair('standby'));
  t.is(await state(), 'active');
});
