import test from 'ava';
import { type GuardOutcome, guardRollback, SettingsEngine } from '#core/settings/index.js';
import { filesFor, jane, kernelFor, World } from './world.js';

async function awaiting(): Promise<World> {
  const world = await World.started();
  await world.edit('lan', { mtu: 9000 });
  await world.edit('ntp', { servers: ['new.example'] });
  await world.activate();
  world.forget();
  return world;
}

/** The guard's own process, with or without plugins that load. */
function runGuard(
  world: World,
  revision: number,
  options: {
    readonly core?: () => Promise<'done' | 'unreachable'>;
    readonly broken?: boolean;
    readonly doesCoreAnswer?: () => Promise<boolean>;
    /** Told when, by the monotonic clock. */
    readonly composed?: (at: number) => void;
  } = {},
): Promise<GuardOutcome> {
  return guardRollback({
    revision,
    engine: world.parts() as never,
    doesCoreAnswer: options.doesCoreAnswer ?? (async () => options.core !== undefined),
    askCore: options.core ?? (async () => 'unreachable'),
    compose: async () => {
      options.composed?.(world.system.clock.monotonic());
      if (options.broken === true) throw new Error('a plugin does not load');
      return { engine: world.newEngine(), [Symbol.asyncDispose]: async () => undefined };
    },
  });
}

function assertOld(t: { deepEqual(a: unknown, b: unknown): void }, world: World): void {
  t.deepEqual(
    world.owned(),
    filesFor({ lan: { mtu: 1500, bonds: {}, routes: [], key: '' }, ntp: { servers: [], zone: 'UTC' } }),
  );
}

test('finds nothing to do for a revision that was settled, is another one, or still has time', async (t) => {
  const world = await awaiting();
  t.is((await runGuard(world, 7)).kind, 'not-pending');
  t.is((await runGuard(world, 2)).kind, 'not-due');
  await world.engine.confirm(jane);
  t.is((await runGuard(world, 2)).kind, 'not-pending');
  t.is((await runGuard(await World.started(), 1)).kind, 'not-pending');
});

test('started before the end of the window it waits, and acts at its end', async (t) => {
  const world = await awaiting();
  world.crash();
  await world.system.clock.advance(25_000);
  const activated = world.owned();
  const running = runGuard(world, 2);
  await world.system.clock.advance(31_900);
  t.deepEqual(world.owned(), activated);
  t.false(world.system.faults.journal.some((step) => step.includes('gemel-core')));
  await world.system.clock.advance(200);
  t.is((await running).kind, 'by-guard');
  assertOld(t, world);
});

test('without a core it has the sections loaded before the end of the window, and anew when core was there meanwhile', async (t) => {
  const world = await awaiting();
  world.crash();
  const began = world.system.clock.monotonic();
  const composed: number[] = [];
  let isThere = false;
  await world.system.clock.advance(30_000);
  const running = runGuard(world, 2, {
    doesCoreAnswer: async () => isThere,
    composed: (at) => composed.push(Math.round((at - began) / 1_000)),
  });
  await world.system.clock.advance(15_000);
  isThere = true;
  await world.system.clock.advance(5_000);
  isThere = false;
  await world.system.clock.advance(11_000);
  t.is((await running).kind, 'by-guard');
  t.deepEqual(composed, [37, 51]);
  assertOld(t, world);
});

test('a guard that waits ends when the revision is confirmed', async (t) => {
  const world = await awaiting();
  await world.system.clock.advance(25_000);
  const running = runGuard(world, 2);
  await world.engine.confirm(jane);
  await world.system.clock.advance(1_000);
  t.is((await running).kind, 'not-pending');
});

test('leaves the rollback to a core that answers', async (t) => {
  const world = await awaiting();
  world.system.clock.dropTimers();
  await world.system.clock.advance(60_000);
  const core = async () => {
    await world.engine.rollBackExpired(2);
    return 'done' as const;
  };
  t.is((await runGuard(world, 2, { core })).kind, 'by-core');
  t.false(world.system.faults.journal.some((step) => step.includes('gemel-core')));
  assertOld(t, world);
});

test('does it itself with core stopped when core is gone, and starts core again', async (t) => {
  const world = await awaiting();
  world.crash();
  await world.system.clock.advance(61_000);
  t.is((await runGuard(world, 2)).kind, 'by-guard');
  assertOld(t, world);
  const steps = world.system.faults.journal.filter((step) => step.includes('gemel-core'));
  t.deepEqual(steps, ['stop gemel-core.service', 'start gemel-core.service']);
  await world.engine.recover();
  t.is(world.engine.status().state, 'rolled-back');
  t.deepEqual(world.kernel, kernelFor(world.settings()));
});

test('a core that hangs before the end of the window delays nothing: the sections are loaded, it is killed, the old settings are back in time', async (t) => {
  const world = await awaiting();
  world.crash();
  const began = world.system.clock.monotonic();
  const composed: number[] = [];
  world.system.units.hang('gemel-core.service');
  await world.system.clock.advance(25_000);
  const running = runGuard(world, 2, {
    core: () => new Promise(() => undefined),
    doesCoreAnswer: () => new Promise(() => undefined),
    composed: (at) => composed.push(Math.round((at - began) / 1_000)),
  });
  await world.system.clock.advance(35_000);
  t.is((await running).kind, 'by-guard');
  t.deepEqual(composed, [39]);
  assertOld(t, world);
  const steps = world.system.faults.journal.filter((step) => step.includes('gemel-core'));
  t.deepEqual(steps, [
    'stop gemel-core.service',
    'kill gemel-core.service',
    'stop gemel-core.service',
    'start gemel-core.service',
  ]);
});

test('a core that hangs at the end of the window is waited for 2 s', async (t) => {
  const world = await awaiting();
  world.crash();
  let isThere = true;
  await world.system.clock.advance(25_000);
  const running = runGuard(world, 2, {
    core: () => new Promise(() => undefined),
    doesCoreAnswer: async () => isThere || new Promise(() => undefined),
  });
  await world.system.clock.advance(31_500);
  isThere = false;
  await world.system.clock.advance(3_000);
  t.is((await running).kind, 'by-guard');
  assertOld(t, world);
});

test('does not wait for ever for a core that hangs while it takes the revision back', async (t) => {
  const world = await awaiting();
  world.crash();
  await world.system.clock.advance(61_000);
  const running = runGuard(world, 2, { core: () => new Promise(() => undefined) });
  await world.system.clock.advance(65_000);
  t.is((await running).kind, 'by-guard');
  assertOld(t, world);
});

test('restores the stored files and reloads their units when no section can be loaded', async (t) => {
  const world = await awaiting();
  world.crash();
  await world.system.clock.advance(61_000);
  const outcome = await runGuard(world, 2, { broken: true });
  t.is(outcome.kind, 'stuck', 'the time zone cannot be put back without its plugin');
  assertOld(t, world);
  const reloaded = world.system.faults.journal.filter((step) => step.startsWith('reload-or-restart'));
  t.deepEqual(reloaded, ['reload-or-restart systemd-networkd.service', 'reload-or-restart ntp.service']);
  await world.engine.recover();
  t.is(world.engine.status().state, 'rolled-back');
  t.deepEqual(world.kernel, kernelFor(world.settings()));
});

test('killed at every step it leaves a world that the next start makes whole', async (t) => {
  for (let step = 1; ; step++) {
    const world = await awaiting();
    world.crash();
    await world.system.clock.advance(61_000);
    world.system.faults.crashAt(step);
    await runGuard(world, 2).catch(() => undefined);
    const crashed = world.system.faults.crashed;
    await world.restart();
    assertOld(t, world);
    t.deepEqual(world.kernel, kernelFor(world.settings()));
    if (!crashed) break;
  }
});

test('a confirmation whose record was lost still holds', async (t) => {
  const world = await awaiting();
  world.system.faults.crashAt(2);
  await world.engine.confirm(jane).catch(() => undefined);
  world.crash();
  await world.system.clock.advance(61_000);
  t.is((await runGuard(world, 2)).kind, 'not-pending');
  await world.engine.recover();
  t.is(world.settings().lan.mtu, 9000);
  t.true(world.engine instanceof SettingsEngine);
});
