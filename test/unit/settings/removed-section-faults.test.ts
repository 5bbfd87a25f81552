import test, { type ExecutionContext } from 'ava';
import { filesFor, jane, World } from './world.js';
import { activate, keyFile, lanFile, ntpFile, ownedIds, sections, unset, without } from './removed-world.js';

// The removal goes together with a change of a loaded section, so that both paths are crossed.

const changed = { servers: ['new.example'], zone: 'Asia/Tokyo' };

async function readyToActivate(): Promise<World> {
  const world = await without('lan');
  await unset(world, 'lan');
  await world.edit('ntp', changed);
  world.forget();
  return world;
}

/** Runs to the end or to the fault. @returns whether the confirmation was acknowledged. */
async function activateAndConfirm(world: World): Promise<boolean> {
  try {
    await activate(world, 60);
    await world.engine.confirm(jane);
    return !world.system.faults.crashed;
  } catch {
    return false; // the fault; what matters is the world afterwards
  }
}

/** What the system is now, and that it is one of the two wholly. */
function which(t: ExecutionContext, world: World, when: string): 'old' | 'new' {
  const kind = world.engine.state.running.document.has('lan') ? 'old' : 'new';
  const files = world.owned();
  const paths = kind === 'old' ? [ntpFile, lanFile, keyFile] : [ntpFile];
  t.deepEqual(Object.keys(files).sort(), paths.sort(), `${when}: files of ${kind}`);
  t.is(files[ntpFile], kind === 'old' ? 'server old.example\n' : 'server new.example\n', when);
  t.is(world.kernel.servers, files[ntpFile] ?? '', `${when}: engine`);
  if (kind === 'old') t.deepEqual([files[lanFile], files[keyFile]], ['MTU=9000\n', 'Key=hush-hush\n'], when);
  return kind;
}

async function stepsOfCleanRun(): Promise<readonly string[]> {
  const world = await readyToActivate();
  await activateAndConfirm(world);
  return [...world.system.faults.journal];
}

test('core killed at every step of a removal leaves all of it or nothing of it', async (t) => {
  const steps = await stepsOfCleanRun();
  const seen = new Set<string>();
  for (let step = 1; step <= steps.length + 1; step++) {
    const world = await readyToActivate();
    world.system.faults.crashAt(step);
    const confirmed = await activateAndConfirm(world);
    const when = `killed before step ${step} (${steps[step - 1] ?? 'after the last'})`;
    await world.restart();
    const kind = which(t, world, when);
    if (confirmed) t.is(kind, 'new', when);
    seen.add(kind);
    await world.system.clock.advance(61_000);
    const final = which(t, world, `${when}, window over`);
    t.is(final, sections(world).includes('lan') ? 'old' : 'new', `${when}: what runs is confirmed in the end`);
    t.is(ownedIds(world).includes('lan'), final === 'old', `${when}: what is gone is not owned`);
    t.not(world.engine.status().state, 'stuck', when);
    await world.engine.close();
  }
  t.deepEqual([...seen].sort(), ['new', 'old']);
});

test('power lost at every step of a removal brings the confirmed files back', async (t) => {
  const steps = await stepsOfCleanRun();
  for (let step = 1; step <= steps.length + 1; step++) {
    const world = await readyToActivate();
    world.system.faults.crashAt(step);
    const confirmed = await activateAndConfirm(world);
    const when = `power lost before step ${step} (${steps[step - 1] ?? 'after the last'})`;
    await world.powerCycle();
    const kind = which(t, world, when);
    if (confirmed) t.is(kind, 'new', when);
    t.is(kind, sections(world).includes('lan') ? 'old' : 'new', `${when}: nothing unconfirmed is in force`);
    t.is(world.archive().has(lanFile), kind === 'old', `${when}: early boot restores the same`);
    await world.engine.close();
  }
});

test('core killed at every step of a removal, and its plugin there at the next start, ends whole', async (t) => {
  const steps = await stepsOfCleanRun();
  for (let step = 1; step <= steps.length + 1; step++) {
    const world = await readyToActivate();
    world.system.faults.crashAt(step);
    const confirmed = await activateAndConfirm(world);
    const when = `killed before step ${step} (${steps[step - 1] ?? 'after the last'})`;
    world.loaded = ['lan', 'ntp'];
    await world.restart();
    await world.system.clock.advance(61_000);
    await world.engine.bringUp();
    const { lan, ntp } = world.settings('running');
    t.deepEqual(
      [lan.mtu, ntp.servers],
      confirmed || lan.mtu === 1500 ? [1500, changed.servers] : [9000, ['old.example']],
      when,
    );
    t.deepEqual(world.owned(), filesFor({ lan, ntp }), when);
    const running = world.engine.state.running.meta.number;
    await world.restart();
    t.is(world.engine.state.running.meta.number, running, `${when}: the next start takes nothing back`);
    t.deepEqual(world.engine.state.recovery, [], when);
    await world.engine.close();
  }
});

test('each single step of a removal that fails leaves all of it or nothing of it', async (t) => {
  const steps = await stepsOfCleanRun();
  for (let step = 1; step <= steps.length; step++) {
    const world = await readyToActivate();
    world.system.faults.failAt(step);
    const confirmed = await activateAndConfirm(world);
    const when = `failed at step ${step} (${steps[step - 1]})`;
    const kind = which(t, world, when);
    if (confirmed) t.is(kind, 'new', when);
    t.not(world.engine.status().state, 'stuck', when);
    if (world.engine.status().state === 'awaiting-confirmation') await world.engine.confirm(jane);
    const settled = which(t, world, when);
    await world.powerCycle();
    t.is(which(t, world, `${when}, then a power cycle`), settled);
    await world.engine.close();
  }
});

test('core killed during the rollback of a removal leaves the old files', async (t) => {
  for (let step = 1; ; step++) {
    const world = await readyToActivate();
    await activate(world, 60);
    world.forget();
    world.system.faults.crashAt(step);
    await world.engine.undo(jane).catch(() => undefined);
    const { crashed } = world.system.faults;
    await world.restart();
    await world.system.clock.advance(61_000);
    t.is(which(t, world, `killed before step ${step} of the rollback`), 'old');
    await world.engine.close();
    if (!crashed) break;
  }
});
