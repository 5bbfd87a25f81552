import test from 'ava';
import { jane, lived, stateFolder } from './world.js';
import { assertWhole } from './whole.js';

test('a factory reset keeps the asked scopes, forgets history and draft, and is applied by the next start', async (t) => {
  const world = await lived();
  const number = await world.engine.factoryReset(jane, { keepScopes: ['hardware'] });
  t.deepEqual(await world.engine.state.revisions.numbers(), [number]);
  t.is(world.engine.state.draft, undefined);
  t.is(world.kernel.zone, 'Europe/Berlin', 'nothing is applied yet');
  await world.powerCycle();
  t.is(world.settings().lan.mtu, 1500);
  assertWhole(t, world);
  t.false(JSON.stringify(world.system.files.contents(stateFolder)).includes('Berlin'));
});

test('a factory reset is refused while an obstacle stands, and finished by core all the same', async (t) => {
  const world = await lived();
  const report = { code: 'cluster.member', severity: 'error', params: {}, path: '', text: 'Leave first.' } as const;
  const obstacle = world.engine.addResetObstacle(() => report);
  const before = await world.engine.state.revisions.numbers();
  await t.throwsAsync(world.engine.factoryReset(jane, { keepScopes: [] }), {
    code: 'conflict',
    message: 'Leave first.',
  });
  t.deepEqual(await world.engine.state.revisions.numbers(), before);
  const core = { ...jane, name: 'core', surface: 'core' } as const;
  const number = await world.engine.factoryReset(core, { keepScopes: [] });
  obstacle[Symbol.dispose]();
  t.true((await world.engine.factoryReset(jane, { keepScopes: [] })) > number);
});

test('a factory reset that only core finishes, at the next start, is what that start brings up, and leaves nothing of before', async (t) => {
  const world = await lived();
  await world.edit('lan', { mtu: 8000 });
  t.is((await world.activate()).state, 'awaiting-confirmation');
  world.powerLoss();
  await world.engine.load();
  await world.engine.factoryReset({ ...jane, name: 'core', surface: 'core' }, { keepScopes: [] });
  await world.engine.recover();
  t.is(world.settings('running').lan.mtu, 1500);
  assertWhole(t, world);
  t.false(JSON.stringify(world.system.files.contents(stateFolder)).includes('Berlin'));
});
