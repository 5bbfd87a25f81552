import test, { type ExecutionContext } from 'ava';
import { filesFor, jane, kernelFor, type Lan, type Ntp, World } from './world.js';

const oldLan = {
  mtu: 1500,
  bonds: { bond0: { mode: 'active-backup' as const, members: ['eth0'] } },
  routes: [],
  key: '',
};
const oldNtp = { servers: ['old.example'], zone: 'UTC' };
const before: Both = { lan: oldLan, ntp: oldNtp };
const after: Both = {
  lan: { ...oldLan, mtu: 9000, bonds: { bond1: { mode: '802.3ad', members: ['eth1', 'eth2'] } }, key: 'hush' },
  ntp: { servers: ['new.example'], zone: 'Europe/Berlin' },
};

interface Both {
  readonly lan: Lan;
  readonly ntp: Ntp;
}

/** The old settings are confirmed, the new ones are in the draft. */
async function readyToActivate(): Promise<World> {
  const world = await World.started();
  await world.edit('lan', oldLan);
  await world.edit('ntp', oldNtp);
  await world.activate();
  await world.engine.confirm(jane);
  await world.edit('lan', after.lan);
  await world.edit('ntp', after.ntp);
  world.forget();
  return world;
}

/** What the system is now, and that it is one of the two wholly. */
function which(t: ExecutionContext, world: World, when: string): 'old' | 'new' {
  const settings = world.settings('running');
  t.deepEqual(world.kernel, kernelFor(settings), `${when}: engines`);
  t.deepEqual(world.owned(), filesFor(settings), `${when}: files`);
  const kind = settings.lan.mtu === before.lan.mtu ? 'old' : 'new';
  t.deepEqual(settings, kind === 'old' ? before : after, `${when}: settings`);
  return kind;
}

/** Runs to the end or to the fault. @returns what was acknowledged to the operator. */
async function activateAndConfirm(world: World): Promise<'nothing' | 'awaiting' | 'confirmed'> {
  let acknowledged: 'nothing' | 'awaiting' | 'confirmed' = 'nothing';
  try {
    await world.activate();
    if (!world.system.faults.crashed) acknowledged = 'awaiting';
    await world.engine.confirm(jane);
    if (!world.system.faults.crashed) acknowledged = 'confirmed';
  } catch {
    // the fault; what matters is the world afterwards
  }
  return acknowledged;
}

async function stepsOfCleanRun(): Promise<readonly string[]> {
  const world = await readyToActivate();
  await activateAndConfirm(world);
  return [...world.system.faults.journal];
}

test('an activation touches the world in an order in which every step is safe', async (t) => {
  const steps = await stepsOfCleanRun();
  const index = (part: string, from = 0) => {
    const found = steps.findIndex((step, at) => at >= from && step.includes(part));
    t.not(found, -1, part);
    return found;
  };
  const guarded = index('start-timer gemel-guard-3-apply.timer gemel-rollback@3.service 90000');
  const journalled = index('activation.json', index('activation.json') + 1);
  const owned = index('owned.json');
  const firstFile = index('/run/systemd/network');
  const confirmGuard = index('start-timer gemel-guard-3-confirm.timer gemel-rollback@3.service 17000');
  const awaiting = index('activation.json', firstFile);
  const applyGuardStopped = index('stop-timer gemel-guard-3-apply.timer');
  const link = index('link ');
  t.true(guarded < firstFile);
  t.true(journalled < firstFile && owned < firstFile);
  t.true(index('revisions/3/document.json') < firstFile);
  t.true(awaiting < confirmGuard);
  t.true(confirmGuard < applyGuardStopped && applyGuardStopped < link);
});

test('core killed at every step of an activation leaves the old or the new settings, never a mixture', async (t) => {
  const steps = await stepsOfCleanRun();
  const seen = new Set<string>();
  for (let step = 1; step <= steps.length + 1; step++) {
    const world = await readyToActivate();
    world.system.faults.crashAt(step);
    const acknowledged = await activateAndConfirm(world);
    const when = `killed before step ${step} (${steps[step - 1] ?? 'after the last'})`;
    t.is(world.system.faults.crashed, step <= steps.length, when);
    await world.restart();
    const kind = which(t, world, when);
    if (acknowledged === 'confirmed') t.is(world.settings().lan.mtu, 9000, when);
    seen.add(`${acknowledged} ${kind}`);
    await world.system.clock.advance(61_000);
    const final = which(t, world, `${when}, window over`);
    t.is(final, world.settings().lan.mtu === 9000 ? 'new' : 'old', `${when}: what runs is confirmed in the end`);
    await world.engine.close();
  }
  t.true(seen.has('nothing old') && seen.has('awaiting new') && seen.has('confirmed new'));
});

test('power lost at every step of an activation brings the confirmed settings back', async (t) => {
  const steps = await stepsOfCleanRun();
  for (let step = 1; step <= steps.length + 1; step++) {
    const world = await readyToActivate();
    world.system.faults.crashAt(step);
    const acknowledged = await activateAndConfirm(world);
    const when = `power lost before step ${step} (${steps[step - 1] ?? 'after the last'})`;
    world.powerLoss();
    const early = world.archive();
    await world.engine.recover();
    const kind = which(t, world, when);
    if (acknowledged === 'confirmed') t.is(kind, 'new', when);
    t.deepEqual(world.settings(), world.settings('running'), `${when}: nothing unconfirmed is in force`);
    const restored = [...early].filter(([path]) => path.startsWith('/run/'));
    const wanted = Object.entries(filesFor(world.settings())).filter(([path]) => path.startsWith('/run/'));
    t.deepEqual(new Map(restored), new Map(wanted), `${when}: early boot restored the same`);
    await world.engine.close();
  }
});

test('core killed again at every step of the recovery still ends whole', async (t) => {
  const steps = await stepsOfCleanRun();
  for (let step = 1; step <= steps.length; step += 3) {
    for (let second = 1; ; second++) {
      const world = await readyToActivate();
      world.system.faults.crashAt(step);
      const acknowledged = await activateAndConfirm(world);
      world.crash();
      world.system.faults.crashAt(second);
      await world.engine.recover().catch(() => undefined);
      if (!world.system.faults.crashed) {
        await world.engine.close();
        break;
      }
      await world.restart();
      const kind = which(t, world, `killed before ${step}, then before ${second} of recovery`);
      if (acknowledged === 'confirmed') t.is(kind, 'new');
      await world.engine.close();
    }
  }
});

test('each single step that fails leaves the old settings or completes, and says which', async (t) => {
  const steps = await stepsOfCleanRun();
  for (let step = 1; step <= steps.length; step++) {
    const world = await readyToActivate();
    world.system.faults.failAt(step);
    const acknowledged = await activateAndConfirm(world);
    const when = `failed at step ${step} (${steps[step - 1]})`;
    const kind = which(t, world, when);
    t.is(kind, acknowledged === 'nothing' ? 'old' : 'new', when);
    t.not(world.engine.status().state, 'stuck', when);
    if (acknowledged !== 'awaiting') {
      // A guard that could not be stopped finds nothing pending when it fires.
      const left = steps[step - 1]?.startsWith('stop-timer') === true ? 1 : 0;
      t.true(world.system.units.timers.length <= left, `${when}: no guard is left behind`);
    } else {
      t.is(world.engine.status().state, 'awaiting-confirmation', `${when}: confirming can be tried again`);
      await world.engine.confirm(jane);
      t.is(which(t, world, when), 'new');
    }
    await world.powerCycle();
    t.is(which(t, world, `${when}, then a power cycle`), kind);
    await world.engine.close();
  }
});

test('core killed during a rollback leaves the old settings', async (t) => {
  for (let step = 1; ; step++) {
    const world = await readyToActivate();
    await world.activate();
    world.forget();
    world.system.faults.crashAt(step);
    await world.engine.undo(jane).catch(() => undefined);
    const crashed = world.system.faults.crashed;
    await world.restart();
    const kind = which(t, world, `killed before step ${step} of the rollback`);
    // Killed before the rollback was on disk, the window simply goes on.
    if (kind === 'new') t.is(world.engine.status().state, 'awaiting-confirmation');
    await world.system.clock.advance(61_000);
    t.is(which(t, world, `step ${step}, later`), 'old');
    await world.engine.close();
    if (!crashed) break;
  }
});
