import { setImmediate } from 'node:timers/promises';
import { ApplianceError } from '@gemel/core/sdk';
import { SiteTidying } from '#sites/site/site-tidying.js';
import test, { type ExecutionContext } from 'ava';
import { tried, type World } from './world.js';

function tidyingOf(t: ExecutionContext, { parts, updating, system }: World) {
  const given: unknown[] = [];
  const tidying = new SiteTidying({
    sites: parts,
    updating,
    clock: system.clock,
    tell: (failure) => void given.push(failure),
  });
  t.teardown(() => {
    tidying[Symbol.dispose]();
    system.verify();
  });
  return { tidying, given };
}

const rest = async () => {
  for (let round = 0; round < 50; round++) await setImmediate();
};
const trialOf = async ({ parts }: World, site = 'demo') => (await parts.store.need(site)).trial;

test('a trial that was broken off is ended as soon as the node has the role', async (t) => {
  const world = await tried();
  world.system.units.add('gemel-active.target', 'inactive');
  const { tidying } = tidyingOf(t, world);
  tidying.begin();
  await rest();
  t.truthy(await trialOf(world));
  world.system.units.add('gemel-active.target', 'active');
  await world.system.clock.advance(5_000);
  await rest();
  t.is(await trialOf(world), undefined);
  t.is(world.system.clock.pending, 0);
});

test('what fails once is tried again', async (t) => {
  const world = await tried();
  let failures = 1;
  world.system.commands.otherwise({
    run: async ([program]) => {
      if (program === 'systemctl' && failures-- > 0) throw new ApplianceError('timeout', 'It took longer than 10 s.');
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  });
  const { tidying, given } = tidyingOf(t, world);
  tidying.begin();
  await rest();
  t.truthy(await trialOf(world));
  await world.system.clock.advance(5_000);
  await rest();
  t.deepEqual([await trialOf(world), given], [undefined, []]);
});

test('a site that somebody holds keeps no other from being settled, and has its turn later', async (t) => {
  const world = await tried();
  const { store, guard } = world.parts;
  await store.write('shop', { ...(await store.need('demo')), port: 8002 });
  const released = Promise.withResolvers<void>();
  const held = guard.alone(['demo'], 'started', () => released.promise);
  const { tidying } = tidyingOf(t, world);
  tidying.begin();
  await rest();
  t.truthy(await trialOf(world));
  t.is(await trialOf(world, 'shop'), undefined);
  released.resolve();
  await held;
  await world.system.clock.advance(5_000);
  await rest();
  t.is(await trialOf(world), undefined);
});

test('what fails for ten minutes is told once', async (t) => {
  const world = await tried();
  world.system.commands.otherwise({ run: () => Promise.reject(new ApplianceError('timeout', 'It took too long.')) });
  const { tidying, given } = tidyingOf(t, world);
  tidying.begin();
  for (let round = 0; round < 130; round++) {
    await rest();
    await world.system.clock.advance(5_000);
  }
  t.is(given.length, 1);
});
