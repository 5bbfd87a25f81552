import { ApplianceError, defineReports } from '@gemel/core/sdk';
import { Gate, objections } from '#firmware/gate/judge.js';
import { Rollback } from '#firmware/install/rollback.js';
import { paths } from '#firmware/paths.js';
import test from 'ava';
import { bundle, bundleInfo, jobCall, newWorld, rauc, runningA, slot } from './world.js';

const later = { file: bundle, restart: 'later' } as const;
const refusedWith = async (t: import('ava').ExecutionContext, work: Promise<unknown>) => {
  const failure = await t.throwsAsync(work, { instanceOf: ApplianceError });
  return failure?.reports.map(({ code }) => code);
};
const wasInstalled = ({ system }: ReturnType<typeof newWorld>) =>
  system.dbus.calls.some(({ member }) => member === 'InstallBundle');

test('a patch is installed, tried at the next start and remembered', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  const { call, saved } = jobCall();
  t.deepEqual(await world.installation.run(later, call), { slot: 'B', version: '0.1.1', restartsAt: null });
  t.true(wasInstalled(world));
  t.deepEqual(world.told, [{ id: 'firmware.installed', payload: { slot: 'B', version: '0.1.1', by: 'user:jane' } }]);
  t.is(saved.length, 1);
  const { trial, last } = await world.service.state();
  t.like(trial, { slot: 'B', version: '0.1.1', replaces: '0.1.0', by: 'user:jane' });
  t.like(last, { kind: 'installed', slot: 'B' });
});

test('a minor update wants its step to be named before anything is written', async (t) => {
  const world = newWorld({ version: '0.2.0' });
  t.deepEqual(await refusedWith(t, world.installation.run(later, jobCall().call)), ['firmware.version.unconfirmed']);
  t.deepEqual(await refusedWith(t, world.installation.run({ ...later, confirm: 'major' }, jobCall().call)), [
    'firmware.version.unconfirmed',
  ]);
  t.false(wasInstalled(world));
  t.is((await world.installation.run({ ...later, confirm: 'minor' }, jobCall().call)).version, '0.2.0');
});

test('what would not go on as it is with a version is part of the question, and refuses nothing', async (t) => {
  const world = newWorld({ version: '0.2.0' });
  const { report } = defineReports({
    'shop.old': { severity: 'warning', text: 'The shop is not made for {version}.' },
  });
  const shop = world.warnings.warnAbout(async (version) => [report('shop.old', { version })]);
  world.warnings.warnAbout(() => Promise.reject(new Error('asked too early')));
  const asked = await t.throwsAsync(world.installation.run(later, jobCall().call), { instanceOf: ApplianceError });
  t.regex(
    asked?.message ?? '',
    /^The shop is not made for 0\.2\.0\. .+ Nothing was written\. To go on: --confirm minor\.$/,
  );
  const { call, lines } = jobCall();
  t.is((await world.installation.run({ ...later, confirm: 'minor' }, call)).version, '0.2.0');
  t.true(lines.includes('The shop is not made for 0.2.0.'));
  shop[Symbol.dispose]();
  const { reports } = await world.examination.examine(bundle, 'A', new AbortController().signal, () => undefined);
  t.deepEqual(reports, []);
});

test('a restart is asked of logind when it was wanted now', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  const { restartsAt } = await world.installation.run({ file: bundle, restart: 'now' }, jobCall().call);
  t.is(restartsAt, world.system.clock.now() + 3_000);
  t.deepEqual(world.system.dbus.calls.at(-1)?.arguments, ['reboot', BigInt(restartsAt ?? 0) * 1_000n]);
});

test('one that is cancelled while it is written restarts nothing, and says what is tried next', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  const abort = new AbortController();
  world.system.dbus.reply(rauc, `${rauc}.Installer.InstallBundle`, () => {
    abort.abort(new ApplianceError('cancelled', 'The job was cancelled.'));
    world.written('0.1.1');
    return [];
  });
  const call = { ...jobCall().call, signal: abort.signal };
  await t.throwsAsync(world.installation.run({ file: bundle, restart: 'now' }, call), {
    code: 'cancelled',
    message: /is in slot B and is tried at the next start/,
  });
  t.false(world.system.dbus.calls.some(({ member }) => member === 'ScheduleShutdown'));
  t.like(await world.records.trial(), { slot: 'B', version: '0.1.1' });
});

test('settings that the new version cannot take over stop it, in its own words', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  world.system.commands.always(world.trial, '{"reports":[{"text":"Section network cannot be migrated."}]}\n');
  const failure = await t.throwsAsync(world.installation.run(later, jobCall().call), { instanceOf: ApplianceError });
  t.deepEqual(
    failure?.message,
    'Version 0.1.1 could not take over the settings: Section network cannot be migrated. Nothing was written. Change them, or choose another version.',
  );
  t.false(wasInstalled(world));
});

test('code that does not get to the settings stops it as well', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  world.system.commands.always(world.trial, { exitCode: 1, stderr: 'SyntaxError: Unexpected token\n' });
  t.deepEqual(await refusedWith(t, world.installation.run(later, jobCall().call)), ['firmware.settings.refused']);
});

test('a damaged bundle is found before RAUC writes', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  world.system.commands.always(['gemel-node', '/check.js', /./, 'bb', 'aa', '4096'], {
    exitCode: 1,
    stdout: 'its content differs from what was signed',
  });
  t.deepEqual(await refusedWith(t, world.installation.run(later, jobCall().call)), ['firmware.bundle.damaged']);
  t.false(wasInstalled(world));
});

test('a bundle that was hashed once is hashed again only when the file changed', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  const hashed = () => world.system.commands.runs.filter(({ argv }) => argv[1] === '/check.js').length;
  const { signal } = new AbortController();
  const look = () => world.examination.examine(bundle, 'A', signal, () => undefined);
  await look();
  await look();
  t.is(hashed(), 1);
  world.system.commands.always(['stat', '--format=%F %s %Y %i', /./], 'regular file 250000000 1795321740 12\n');
  await look();
  t.is(hashed(), 2);
});

test('the settings are tried once for each bundle and revision', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  const tried = () =>
    world.system.commands.runs.filter(({ argv }) => argv[1]?.endsWith('gemel-settings-trial.js')).length;
  const { signal } = new AbortController();
  const look = () => world.examination.examine(bundle, 'A', signal, () => undefined);
  await world.system.files.link('revisions/3', paths.confirmedSettings);
  await look();
  await look();
  t.is(tried(), 1);
  await world.system.files.link('revisions/4', paths.confirmedSettings);
  await look();
  t.is(tried(), 2);
});

test('what RAUC could not write is told with its reason, and nothing is tried', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  world.raucIs('idle', 'Installation error: No space left on device.');
  const failure = await t.throwsAsync(world.installation.run(later, jobCall().call), { instanceOf: ApplianceError });
  t.regex(failure?.message ?? '', /could not install .*: Installation error: No space left on device\. The running/);
  t.is(await world.records.trial(), undefined);
});

test('after a restart of core the job waits for RAUC, which went on', async (t) => {
  const world = newWorld();
  const saved = { version: '0.2.0', running: '0.1.0', slot: 'B', unhealthyBefore: [] };
  world.raucIs('installing');
  const ended = world.installation.resume(later, saved, jobCall().call);
  await world.system.clock.advance(2_500);
  t.is(await world.records.trial(), undefined);
  world.raucIs('idle');
  world.written('0.2.0');
  await world.system.clock.advance(1_000);
  t.is((await ended).version, '0.2.0');
  t.is((await world.records.trial())?.version, '0.2.0');
  t.false(wasInstalled(world), 'it is not installed a second time');
});

const begun = { version: '0.2.0', running: '0.1.0', slot: 'B', unhealthyBefore: [], installationsBefore: 0 };

test('a power failure in the middle of writing is no installation, and nothing waits for its first start', async (t) => {
  const world = newWorld();
  // RAUC was started anew and knows nothing of it
  t.deepEqual(await refusedWith(t, world.installation.resume({ ...later, restart: 'now' }, begun, jobCall().call)), [
    'firmware.install.interrupted',
  ]);
  t.like(await world.service.state(), { trial: null, last: null });
  t.false(world.system.dbus.calls.some(({ member }) => member === 'ScheduleShutdown'));
});

test('what was in the slot before does not pass for what should have been written over it', async (t) => {
  const world = newWorld({ version: '0.2.0' });
  world.written('0.2.0', 3);
  await t.throwsAsync(world.installation.resume(later, { ...begun, installationsBefore: 3 }, jobCall().call));
  t.is(await world.records.trial(), undefined);
});

test('what waited for its first start is forgotten when it was overwritten in vain', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  await world.installation.run(later, jobCall().call);
  world.system.dbus.reply(rauc, `${rauc}.Installer.InstallBundle`, () => {
    world.other.now = { status: 'pending', 'boot-status': 'bad' };
    return [];
  });
  t.deepEqual(await refusedWith(t, world.installation.run(later, jobCall().call)), ['firmware.install.interrupted']);
  t.is(await world.records.trial(), undefined);
});

test('a job that is found again during the first start is not restarted into a failed one', async (t) => {
  const world = newWorld();
  world.system.files.put(paths.kernelCommandLine, 'rauc.slot=B gemel.choice=counted rw\n');
  const running = { state: 'booted', status: 'ok', 'bundle.version': '0.2.0', 'installed.count': 1 };
  const slots = (more: object) =>
    world.system.dbus.reply(rauc, `${rauc}.Installer.GetSlotStatus`, [
      [slot('rootfs.1', 'B', { ...running, ...more })],
    ]);
  slots({ 'boot-status': 'bad' });
  const now = { ...later, restart: 'now' } as const;
  t.deepEqual(await world.installation.resume(now, begun, jobCall().call), {
    slot: 'B',
    version: '0.2.0',
    restartsAt: null,
  });
  t.like(await world.records.trial(), { slot: 'B', version: '0.2.0' });
  await world.records.end();
  slots({ 'boot-status': 'good' });
  await world.installation.resume(now, begun, jobCall().call);
  t.is(await world.records.trial(), undefined, 'it was judged already');
});

test('the end of the writing is noticed when RAUC tells it, not at the next look', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  const { clock, dbus } = world.system;
  dbus.reply(rauc, `${rauc}.Installer.InstallBundle`, () => {
    world.raucIs('installing');
    world.written('0.1.1');
    return [];
  });
  const began = clock.monotonic();
  const installing = world.installation.run(later, jobCall().call);
  await clock.advance(200);
  dbus.emit(`${rauc}.Installer`, 'Completed', [0]);
  world.raucIs('idle');
  await clock.advance(50);
  t.like(await installing, { slot: 'B', version: '0.1.1' });
  t.is(clock.monotonic() - began, 250);
});

test('a job that core lost before anything was written says so', async (t) => {
  const world = newWorld();
  await t.throwsAsync(world.installation.resume(later, null, jobCall().call), {
    message: /before anything was written/,
  });
});

test('a slot on its first start keeps the other one as the way back', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  world.system.dbus.reply(rauc, `${rauc}.Installer.GetSlotStatus`, [
    [slot('rootfs.0', 'A', { state: 'booted' }), slot('rootfs.1', 'B', { 'boot-status': 'good' })],
  ]);
  t.deepEqual(await refusedWith(t, world.installation.run(later, jobCall().call)), ['firmware.trial.under-way']);
});

test('while RAUC is busy, or the cluster is not fit, nothing begins', async (t) => {
  const world = newWorld({ version: '0.1.1' });
  world.raucIs('installing');
  t.deepEqual(await refusedWith(t, world.installation.run(later, jobCall().call)), ['firmware.install.busy']);
  world.raucIs('idle');
  world.cluster.refuses = new ApplianceError('conflict', 'The other node is away.');
  await t.throwsAsync(world.installation.run(later, jobCall().call), { message: 'The other node is away.' });
  t.is(world.system.commands.runs.length, 0);
});

test('a machine without slots installs nothing and still says its version', async (t) => {
  const world = newWorld();
  world.system.files.put(paths.kernelCommandLine, 'root=/dev/vda1 rw\n');
  t.deepEqual(await refusedWith(t, world.installation.run(later, jobCall().call)), ['firmware.slots.absent']);
  t.like(await world.service.status(), { version: '0.1.0', slot: null, slots: [] });
  t.is(world.system.dbus.calls.length, 0);
});

test('the status shows what RAUC shows', async (t) => {
  const world = newWorld();
  world.system.dbus.reply(rauc, `${rauc}.Installer.GetSlotStatus`, [
    [slot('rootfs.1', 'B', { 'boot-status': 'good', 'bundle.version': '0.2.0', 'installed.timestamp': 'T' }), runningA],
  ]);
  world.system.dbus.reply(rauc, `${rauc}.Installer.GetPrimary`, ['rootfs.1']);
  t.like(await world.service.status(), {
    slot: 'A',
    next: 'B',
    operation: 'idle',
    slots: [
      { slot: 'A', running: true, good: true, version: null, installedAt: null },
      { slot: 'B', running: false, good: true, version: '0.2.0', installedAt: 'T' },
    ],
  });
});

test('a roll back by hand chooses the other slot, if it was written to the end', async (t) => {
  const world = newWorld();
  const rollback = new Rollback(world.parts);
  t.deepEqual(await refusedWith(t, rollback.run('user:jane', 'later')), ['firmware.rollback.nothing']);
  world.system.dbus.reply(rauc, `${rauc}.Installer.GetSlotStatus`, [
    [runningA, slot('rootfs.1', 'B', { status: 'ok', 'bundle.version': '0.0.9' })],
  ]);
  t.like(await rollback.run('user:jane', 'later'), { slot: 'B', version: '0.0.9' });
  t.deepEqual(world.system.dbus.calls.at(-1)?.arguments, ['active', 'other']);
  t.like(await world.records.trial(), { slot: 'B', version: '0.0.9', replaces: '0.1.0' });
});

test('a roll back that RAUC refused leaves nothing that waits for its first start', async (t) => {
  const world = newWorld();
  world.written('0.0.9');
  world.system.dbus.reply(rauc, `${rauc}.Installer.Mark`, new ApplianceError('engine-failed', 'No space left.'));
  await t.throwsAsync(new Rollback(world.parts).run('user:jane', 'later'), { message: 'No space left.' });
  t.is(await world.records.trial(), undefined);
});

test('only checks that were healthy before count against a firmware', (t) => {
  const items = [
    { name: 'hardware.raid', healthy: false, reason: 'degraded' },
    { name: 'network.engine', healthy: false, reason: 'networkd does not answer.' },
    { name: 'time.chrony', healthy: true, reason: 'chrony answers' },
  ];
  t.deepEqual(objections({ healthy: false, items }, ['hardware.raid']), ['network.engine: networkd does not answer']);
});

test('the gate waits until the health was looked at, and ends a trial with its story', async (t) => {
  const world = newWorld();
  const { records, events, told } = world;
  let known = false;
  const health = async () => (known ? world.health.now : undefined);
  const gate = new Gate({ records, events, clock: world.system.clock, health, running: async () => '0.2.0' });
  await t.throwsAsync(gate.judge(), { instanceOf: ApplianceError, code: 'unavailable' });
  known = true;
  t.is(await gate.judge(), 0);
  world.health.now = { healthy: false, items: [{ name: 'core.plugin.dns', healthy: false, reason: 'failed: x' }] };
  await t.throwsAsync(gate.judge(), { message: 'Not healthy: core.plugin.dns: failed: x.' });
  await records.begin({ slot: 'B', version: '0.2.0', replaces: '0.1.0', by: 'user:jane', at: 0, unhealthyBefore: [] });
  await gate.conclude('fell-back', 'B', 'core did not answer');
  t.deepEqual(told, [
    { id: 'firmware.fell-back', payload: { slot: 'B', version: '0.2.0', reason: 'core did not answer' } },
  ]);
  t.is(await records.trial(), undefined);
  t.like((await records.history())[0], { kind: 'fell-back', version: '0.2.0', by: 'gate' });
  await gate.conclude('good', 'B', '');
  t.like((await records.history())[0], { kind: 'good', version: '0.2.0' }, 'installed by RAUC alone');
});

test('a bundle of another product, as RAUC describes it, is refused by name', async (t) => {
  const world = newWorld();
  world.system.commands.always(['rauc', 'info', '--output-format=json-2', /./], bundleInfo({ compatible: 'toaster' }));
  t.deepEqual(await refusedWith(t, world.installation.run(later, jobCall().call)), ['firmware.bundle.other-product']);
});
