import { ApplianceError, type Caller } from '@gemel/core/sdk';
import test from 'ava';
import { filesFor, jane, joe, kernelFor, reports, type World as WorldType, World } from './world.js';

async function withDraft(): Promise<WorldType> {
  const world = await World.started();
  await world.edit('lan', { mtu: 9000 });
  world.forget();
  return world;
}

function assertInForce(t: { deepEqual(a: unknown, b: unknown): void }, world: WorldType): void {
  t.deepEqual(world.kernel, kernelFor(world.settings()));
  t.deepEqual(world.owned(), filesFor(world.settings()));
}

test('activating what is confirmed already does nothing and says so', async (t) => {
  const world = await World.started();
  const result = await world.activate();
  t.deepEqual([result.state, result.revision], ['unchanged', 1]);
  t.deepEqual(world.system.faults.journal, []);
});

test('errors of the verification block, all of them are told, and force codes overrule theirs', async (t) => {
  const world = await World.started();
  await world.edit('lan', { mtu: 600, bonds: { bond0: { mode: '802.3ad', members: ['eth7', 'eth8'] } } });
  world.forget();
  const refused = await t.throwsAsync(world.activate(), { instanceOf: ApplianceError, code: 'invalid' });
  t.deepEqual(
    refused.reports.map(({ code, path }) => [code, path]),
    [
      ['lan.mtu-small', 'lan/mtu'],
      ['lan.port-lost', 'lan/bonds/bond0/members/0'],
      ['lan.port-lost', 'lan/bonds/bond0/members/1'],
    ],
  );
  t.deepEqual(world.system.faults.journal, []);
  t.is((await world.activate(jane, ['port-lost'])).state, 'awaiting-confirmation');
});

test('an error that an unchanged section has already does not stand in the way of others', async (t) => {
  const world = await World.started();
  await world.edit('lan', { bonds: { bond0: { mode: '802.3ad', members: ['eth7'] } } });
  await world.activate(jane, ['port-lost']);
  await world.engine.confirm(jane);
  await world.edit('ntp', { zone: 'Europe/Berlin' });
  const result = await world.activate();
  t.deepEqual(
    result.reports.map(({ code, severity }) => [code, severity]),
    [['lan.port-lost', 'warning']],
  );
  t.is(result.state, 'confirmed');
});

test('a section without a window is confirmed at once, and untouched sections are left alone', async (t) => {
  const world = await World.started();
  await world.edit('ntp', { zone: 'Europe/Berlin' });
  world.forget();
  t.is((await world.activate()).state, 'confirmed');
  t.false(world.system.faults.journal.some((step) => step.includes('networkd')));
  t.deepEqual(world.eventIds(), ['settings.activation.started', 'settings.activation.confirmed']);
  assertInForce(t, world);
});

test('an unconfirmed revision is rolled back so early that the old settings are there when its window ends, and says why', async (t) => {
  const world = await withDraft();
  await world.activate();
  t.is(world.engine.status().secondsLeft, 57);
  await world.system.clock.advance(56_000);
  t.is(world.engine.status().secondsLeft, 1);
  await world.system.clock.advance(1_000);
  t.is(world.engine.status().state, 'rolled-back');
  t.deepEqual(
    world.engine.status().reports.map(({ code }) => code),
    ['settings.not-confirmed'],
  );
  t.deepEqual(world.eventIds(), [
    'settings.activation.started',
    'settings.activation.awaiting-confirmation',
    'settings.activation.rolled-back',
  ]);
  t.deepEqual(world.system.units.timers, []);
  assertInForce(t, world);
});

test('a clock that jumps neither shortens nor lengthens the window', async (t) => {
  for (const jump of [-86_400_000, 86_400_000]) {
    const world = await withDraft();
    await world.activate();
    world.system.clock.jump(jump);
    await world.system.clock.advance(30_000);
    t.is(world.engine.status().state, 'awaiting-confirmation');
    await world.restart();
    t.is(world.engine.status().secondsLeft, 27);
    await world.system.clock.advance(30_000);
    t.is(world.engine.status().state, 'rolled-back');
    assertInForce(t, world);
  }
});

test('the window can be set for one activation', async (t) => {
  const world = await withDraft();
  await world.engine.activateDraft({ comment: 'long', force: new Set(), confirmSeconds: 300 }, jane);
  t.is(world.engine.status().secondsLeft, 297);
  t.deepEqual(
    world.system.units.timers.map(({ name, unit }) => [name, unit]),
    [['gemel-guard-2-confirm.timer', 'gemel-rollback@2.service']],
  );
  await world.engine.undo(jane);
});

test('taking back begins the earlier the longer applying took, and a fourth of the window before its end at most', async (t) => {
  for (const [applyTakes, window, left] of [
    [2_000, 60, 55],
    [50_000, 60, 45],
    [1, 10, 8],
  ] as const) {
    const world = await withDraft();
    world.trouble.applyTakes = applyTakes;
    const activated = world.engine.activateDraft({ comment: '', force: new Set(), confirmSeconds: window }, jane);
    await world.system.clock.advance(applyTakes);
    await activated;
    t.is(world.engine.status().secondsLeft, left);
    await world.engine.close();
  }
});

test('a confirmation counts over a new connection, the console and the local CLI only', async (t) => {
  const cases: readonly (readonly [Caller, string | undefined])[] = [
    [{ ...joe, connectedAt: 1 }, undefined],
    [{ ...joe, connectedAt: 10_000 }, undefined],
    [{ ...joe, connectedAt: 20_000 }, 'new-connection'],
    [jane, 'local-cli'],
    [{ ...jane, surface: 'console' }, 'console'],
    [{ ...joe, surface: 'peer', connectedAt: 1 }, undefined],
  ];
  for (const [caller, over] of cases) {
    const world = await withDraft();
    await world.activate();
    if (over === undefined) {
      await t.throwsAsync(world.engine.confirm(caller), {
        instanceOf: ApplianceError,
        code: 'conflict',
        message: /Connect anew/,
      });
      t.is(world.engine.status().state, 'awaiting-confirmation');
    } else {
      t.like(await world.engine.confirm(caller), { over, revision: 2 });
      t.deepEqual(world.events.at(-1), {
        id: 'settings.activation.confirmed',
        payload: { revision: 2, by: caller.name, over },
      });
    }
    await world.engine.close();
  }
});

test('a confirmation that comes too late is refused', async (t) => {
  const world = await withDraft();
  await world.activate();
  world.system.clock.dropTimers();
  await world.system.clock.advance(60_000);
  await t.throwsAsync(world.engine.confirm(jane), { instanceOf: ApplianceError, code: 'conflict', message: /is over/ });
  t.is(world.engine.state.confirmed.meta.number, 1);
});

test('a probe that reports an error rolls back at once', async (t) => {
  const world = await withDraft();
  world.trouble.probe = [reports.report('lan.not-reachable', {})];
  const failed = await t.throwsAsync(world.activate(), { instanceOf: ApplianceError, code: 'engine-failed' });
  t.deepEqual(
    failed.reports.map(({ code, path }) => [code, path]),
    [['lan.not-reachable', 'lan']],
  );
  t.is(world.engine.status().state, 'rolled-back');
  assertInForce(t, world);
});

test('an error of a probe that may be overruled rolls back, and does not with its force code', async (t) => {
  const world = await withDraft();
  world.trouble.probe = [reports.report('lan.port-lost', { port: 'eth7' }), reports.report('lan.not-reachable', {})];
  await t.throwsAsync(world.activate(jane, ['port-lost']), { code: 'engine-failed' });
  assertInForce(t, world);
  world.trouble.probe = world.trouble.probe.slice(0, 1);
  await t.throwsAsync(world.activate(), { code: 'engine-failed', message: /eth7 is not there/ });
  assertInForce(t, world);
  const result = await world.activate(jane, ['port-lost']);
  t.is(result.state, 'awaiting-confirmation');
  t.deepEqual(
    result.reports.map(({ code }) => code),
    ['lan.port-lost'],
  );
});

test('a warning of a probe is told and does not roll back', async (t) => {
  const world = await withDraft();
  world.trouble.probe = [reports.report('lan.mtu-small', { mtu: 1 })];
  const result = await world.activate();
  t.deepEqual(
    result.reports.map(({ code }) => code),
    ['lan.mtu-small'],
  );
  t.is(result.state, 'awaiting-confirmation');
});

test('a section that throws while applying is rolled back, and stuck when the old settings do not apply either', async (t) => {
  const world = await withDraft();
  world.trouble.applyThrows = 'the engine is broken';
  const failed = await t.throwsAsync(world.activate(), { instanceOf: ApplianceError, code: 'engine-failed' });
  t.regex(failed.message, /could not be brought back/);
  t.is(world.engine.status().state, 'stuck');
  t.deepEqual(
    failed.reports.map(({ code }) => code),
    ['settings.apply.failed', 'settings.rollback.failed'],
  );
  t.true(world.eventIds().includes('settings.activation.stuck'));
  await t.throwsAsync(world.activate(), {
    instanceOf: ApplianceError,
    code: 'conflict',
    message: /settings rollback 1/,
  });

  world.trouble.applyThrows = undefined;
  t.is((await world.engine.undo(jane)).state, 'rolled-back');
  assertInForce(t, world);
});

test('a stuck rollback is tried again every 30 s, and told once', async (t) => {
  const world = await withDraft();
  world.trouble.applyThrows = 'the engine is broken';
  await t.throwsAsync(world.activate());
  await world.system.clock.advance(61_000);
  t.is(world.engine.status().state, 'stuck');
  t.is(world.eventIds().filter((id) => id === 'settings.activation.stuck').length, 1);
  world.trouble.applyThrows = undefined;
  await world.system.clock.advance(30_000);
  t.is(world.engine.status().state, 'rolled-back');
  t.true(world.eventIds().includes('settings.activation.rolled-back'));
  assertInForce(t, world);
});

test('a stuck rollback is tried again at the next start', async (t) => {
  const world = await withDraft();
  world.trouble.applyThrows = 'the engine is broken';
  await t.throwsAsync(world.activate());
  world.trouble.applyThrows = undefined;
  await world.restart();
  t.is(world.engine.status().state, 'rolled-back');
  assertInForce(t, world);
});

test('a section that hangs while applying is given up after 60 s', async (t) => {
  const world = await withDraft();
  world.trouble.applyHangs = 'lan';
  const activation = world.activate();
  const failed = t.throwsAsync(activation, {
    instanceOf: ApplianceError,
    code: 'engine-failed',
    message: /did not end within 60 s/,
  });
  await world.system.clock.advance(1_000);
  await t.throwsAsync(world.edit('ntp', { zone: 'X' }), {
    instanceOf: ApplianceError,
    code: 'conflict',
    message: /being applied/,
  });
  await t.throwsAsync(world.activate(joe), { instanceOf: ApplianceError, code: 'conflict' });
  world.trouble.applyHangs = undefined;
  await world.system.clock.advance(59_500);
  await failed;
  t.is(world.engine.status().state, 'rolled-back');
  assertInForce(t, world);
});

test('undo stops a revision that is still being applied', async (t) => {
  const world = await withDraft();
  world.trouble.applyHangs = 'lan';
  const failed = t.throwsAsync(world.activate(), { instanceOf: ApplianceError, code: 'engine-failed' });
  await world.system.clock.advance(1_000);
  world.trouble.applyHangs = undefined;
  t.is((await world.engine.undo(joe)).state, 'rolled-back');
  await failed;
  assertInForce(t, world);
});

test('the guard that asks core gets its rollback, but not before the time is over', async (t) => {
  const world = await withDraft();
  await world.activate();
  await world.engine.rollBackExpired(2);
  t.is(world.engine.status().state, 'awaiting-confirmation');
  await world.engine.rollBackExpired(7);
  t.is(world.engine.status().state, 'awaiting-confirmation');
  world.system.clock.dropTimers();
  await world.system.clock.advance(60_000);
  await world.engine.rollBackExpired(2);
  t.is(world.engine.status().state, 'rolled-back');
});

test('a timer that fires a moment early still rolls back', async (t) => {
  const world = await withDraft();
  await world.activate();
  world.system.clock.dropTimers();
  await world.system.clock.advance(56_900);
  await world.engine.rollBackExpired(2);
  t.is(world.engine.status().state, 'rolled-back');
});

test('a second activation is refused while one awaits confirmation', async (t) => {
  const world = await withDraft();
  await world.activate();
  await world.edit('ntp', { zone: 'Europe/Berlin' });
  await t.throwsAsync(world.activate(joe), {
    instanceOf: ApplianceError,
    code: 'conflict',
    message: /awaits confirmation/,
  });
});

test('nothing is changed when the guard cannot be armed', async (t) => {
  const world = await withDraft();
  const step = 1 + (await guardStep());
  world.system.faults.failAt(step);
  await t.throwsAsync(world.activate(), {
    instanceOf: ApplianceError,
    code: 'unavailable',
    message: /nothing was changed/,
  });
  t.is(world.engine.status().state, 'idle');
  t.deepEqual(world.eventIds(), ['settings.activation.failed']);
  assertInForce(t, world);
  t.is((await world.activate()).state, 'awaiting-confirmation');
});

async function guardStep(phase: 'apply' | 'confirm' = 'apply'): Promise<number> {
  const world = await withDraft();
  await world.activate();
  return world.system.faults.journal.findIndex((step) => step.startsWith('start-timer') && step.includes(`-${phase}.`));
}

test('without a timer for the window it goes back at once and names the timer, not another node', async (t) => {
  const world = await withDraft();
  const step = 1 + (await guardStep('confirm'));
  world.system.faults.failAt(step);
  const failed = await t.throwsAsync(world.activate(), { instanceOf: ApplianceError, code: 'engine-failed' });
  t.deepEqual(
    failed?.reports.map(({ code }) => code),
    ['settings.guard.failed'],
  );
  t.is(world.engine.status().state, 'rolled-back');
  assertInForce(t, world);
});

test('files that are no longer wanted are removed, and those of a crashed activation too', async (t) => {
  const world = await World.started();
  await world.edit('lan', { bonds: { bond0: { mode: '802.3ad', members: ['eth0'] } } });
  await world.activate();
  await world.engine.confirm(jane);
  await world.edit('lan', { bonds: {} });
  await world.activate();
  t.false('/run/systemd/network/30-bond0.netdev' in world.owned());
  await world.engine.undo(jane);
  assertInForce(t, world);
});

test('modes and groups are part of a file', async (t) => {
  const world = await withDraft();
  await world.edit('lan', { key: 'hush' });
  await world.activate();
  const key = world.system.files.entries().get('/run/systemd/network/20-key.network');
  t.deepEqual([key?.content, key?.mode, key?.group], ['Key=hush\n', 0o640, 'systemd-network']);
  const privates = [...world.system.files.entries()].filter(
    ([path, file]) => path.startsWith('/var/lib/gemel/settings/') && file.target === undefined,
  );
  t.true(privates.every(([, file]) => file.mode === 0o600));
});

test('listeners hear of every apply and cannot break one', async (t) => {
  const world = await World.started();
  const { DisposableStore } = await import('@gemel/core/sdk');
  const own = new DisposableStore();
  const access = world.engine.accessFor({ id: 'network', files: ['/'] }, own);
  const heard: number[] = [];
  access.onApplied({ id: 'lan' }, () => {
    throw new Error('a bad listener');
  });
  access.onApplied<{ mtu: number }>({ id: 'lan' }, ({ mtu }) => heard.push(mtu));
  await world.edit('lan', { mtu: 9000 });
  await world.activate();
  await world.engine.undo(jane);
  t.deepEqual(heard, [9000, 1500]);
  await own[Symbol.asyncDispose]();
  await world.activate();
  t.deepEqual(heard, [9000, 1500]);
});

test('an engine that was ended leaves no timer of its own', async (t) => {
  const world = await withDraft();
  await world.activate();
  await world.engine.close();
  world.system.verify();
  t.is(world.system.units.timers.length, 1, 'the guard stays');
});

test('an activation is pending from its start to its end, also over a restart of core within the window', async (t) => {
  const world = await withDraft();
  t.false(world.engine.activationPending);
  const activating = world.activate();
  await Promise.resolve();
  t.true(world.engine.activationPending);
  await activating;
  t.true(world.engine.activationPending);
  await world.restart();
  t.true(world.engine.activationPending);
  await world.engine.confirm(jane);
  t.false(world.engine.activationPending);
});
