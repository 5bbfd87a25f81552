import { FaultPlan, MemoryFileStore, ScriptedSystem, SimulatedCrash, trackLeaks } from '@gemel/core/testing';
import test from 'ava';

/** Replaces two files and restarts a unit. */
async function work({ files, units }: ScriptedSystem): Promise<void> {
  await files.write('/data/a', 'new');
  await files.append('/data/log', 'changed');
  await units.restart('engine.service');
}

function world(): ScriptedSystem {
  const system = new ScriptedSystem({ files: { '/data/a': 'old', '/data/log': '', '/run/x': 'volatile' } });
  system.units.add('engine.service').add('rollback@.service');
  return system;
}

test('keeps one journal over files, units, commands and D-Bus', async (t) => {
  const system = world();
  await work(system);
  t.deepEqual(system.faults.journal, ['write /data/a', 'append /data/log', 'restart engine.service']);
});

test('a step that fails changes nothing, and the next one works again', async (t) => {
  const system = world();
  system.faults.failAt(1);
  await t.throwsAsync(work(system), { code: 'storage' });
  t.is(await system.files.read('/data/a'), 'old');
  await t.notThrowsAsync(work(system));
});

test('nothing works after a crash, and the next process finds what was durable', async (t) => {
  const system = world();
  system.faults.crashAt(2);
  await t.throwsAsync(work(system), { instanceOf: SimulatedCrash });
  await t.throwsAsync(system.files.read('/data/a'), { instanceOf: SimulatedCrash });
  await t.throwsAsync(system.units.start('engine.service'), { instanceOf: SimulatedCrash });
  const next = system.afterCrash();
  t.deepEqual(next.files.contents(), { '/data/a': 'new', '/data/log': '', '/run/x': 'volatile' });
});

test('a torn step leaves half a line', async (t) => {
  const system = world();
  system.faults.tearAt(2);
  await t.throwsAsync(work(system), { instanceOf: SimulatedCrash });
  t.is(await system.afterCrash().files.read('/data/log'), 'cha');
});

test('timers of systemd outlive the process, its own do not', async (t) => {
  const system = world();
  const started: string[] = [];
  let own = 0;
  system.units.onStart('rollback@.service', (unit) => started.push(unit));
  system.clock.after(50, () => {
    own += 1;
  });
  await system.units.startTimer({ name: 'guard.timer', unit: 'rollback@7.service', afterMs: 100 });
  system.faults.crashAt(2);
  await t.throwsAsync(work(system));
  const next = system.afterCrash();
  await next.clock.advance(99);
  t.deepEqual([started, own], [[], 0]);
  await next.clock.advance(1);
  t.deepEqual(started, ['rollback@7.service']);
  t.is((await next.units.status('rollback@7.service')).activeState, 'active');
});

test('a power loss empties /run, stops units and forgets timers', async (t) => {
  const system = world();
  await system.units.start('engine.service');
  await system.units.startTimer({ name: 'guard.timer', unit: 'rollback@7.service', afterMs: 100 });
  const next = system.afterPowerLoss();
  t.deepEqual(next.files.contents(), { '/data/a': 'old', '/data/log': '' });
  t.is((await next.units.status('engine.service')).activeState, 'inactive');
  t.deepEqual([next.units.timers, next.clock.pending], [[], 0]);
});

test('a command nobody scripted fails with what was scripted, also at the end of the test', async (t) => {
  const system = world();
  system.commands.once(['ip', 'link'], '[]').always(['ip', /^route$/]);
  await t.throwsAsync(system.commands.run(['ip', 'addr']), { message: /no script for: ip addr\n.*\n {2}ip link/ });
  t.throws(() => system.verify(), {
    message: /ran without a script: ip addr\nwas expected and did not run: {3}ip link/,
  });
});

test('what is left running is named at the end of the test', (t) => {
  const system = world();
  system.files.watch('/data', () => {});
  system.clock.every(10, () => {});
  t.throws(() => system.verify(), { message: '1 file watches left behind\n1 clock timers left behind' });
});

test('a FaultPlan visits every step of a run', async (t) => {
  const clean = world();
  await work(clean);
  for (let step = 1; step <= clean.faults.steps.length; step++) {
    const system = world();
    system.faults.crashAt(step);
    await t.throwsAsync(work(system), { instanceOf: SimulatedCrash });
    t.is(system.faults.steps.length, step);
  }
});

test('a store counts for itself when it stands alone', async (t) => {
  const faults = new FaultPlan();
  const files = new MemoryFileStore({}, faults);
  faults.failAt(2);
  await files.write('/a', '1');
  await t.throwsAsync(files.write('/a', '2'), { code: 'storage' });
  t.is(await files.read('/a'), '1');
});

test.serial('a timer that still runs is a leak, an ended one is not', async (t) => {
  const leaks = trackLeaks();
  const timer = setTimeout(() => {}, 60_000);
  await t.throwsAsync(leaks.expectNone(), { message: 'left behind: 1 Timeout' });
  clearTimeout(timer);
  await t.notThrowsAsync(leaks.expectNone());
});
