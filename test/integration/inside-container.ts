/** Runs inside the container as root: the contract suites, and what only a real systemd, bus and file system can show. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApplianceHost } from '../../core/dist/system/appliance-host.js';
import { SystemBus } from '../../core/dist/system/system-bus.js';
import { SystemClock } from '../../core/dist/system/system-clock.js';
import { SystemdUnits } from '../../core/dist/system/systemd-units.js';
import { commandsContract } from '../dist/contract/commands-contract.js';
import { dbusContract } from '../dist/contract/dbus-contract.js';
import { fileStoreContract } from '../dist/contract/file-store-contract.js';
import { unitsContract } from '../dist/contract/units-contract.js';
import { Checks } from './checks.ts';

const checks = new Checks();
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error };
const host = createApplianceHost(quiet);
const { commands, files, units, dbus } = host.system;
const unit = 'gemel-contract.service';
const pass = (ms: number) => sleep(ms);

async function addUnit(name: string, service: string): Promise<void> {
  await writeFile(`/run/systemd/system/${name}`, `[Service]\n${service}\n`);
  assert.equal((await commands.run(['systemctl', 'daemon-reload'])).exitCode, 0);
}

for (const { title, run } of commandsContract) await checks.check(`commands: ${title}`, () => run(commands));
for (const [index, { title, run }] of fileStoreContract.entries()) {
  await checks.check(`files: ${title}`, () => run({ files, folder: `/var/lib/contract/${index}` }));
}
// It is started more often than systemd allows within ten seconds.
await addUnit(unit, 'ExecStart=/bin/sleep infinity\n[Unit]\nStartLimitIntervalSec=0');
for (const { title, run } of unitsContract) {
  await checks.check(`units: ${title}`, () => run({ units, unit, absent: 'never-installed.service', pass }));
}
for (const { title, run } of dbusContract) await checks.check(`D-Bus: ${title}`, () => run({ dbus, pass }));

await checks.check('units: a unit that fails is named with what to look at', async () => {
  await addUnit('gemel-broken.service', 'Type=oneshot\nExecStart=/bin/false');
  await assert.rejects(units.start('gemel-broken.service'), {
    code: 'engine-failed',
    message:
      'The start of gemel-broken.service ended as failed: it is failed (failed). See `journalctl -u gemel-broken.service`.',
  });
});

await checks.check('units: a start that hangs ends with the time limit', async () => {
  await addUnit('gemel-slow.service', 'Type=oneshot\nExecStart=/bin/sleep 60');
  const impatient = new SystemdUnits(dbus, new SystemClock(), 400);
  await assert.rejects(impatient.start('gemel-slow.service'), { code: 'timeout' });
  await units.stop('gemel-slow.service');
});

// systemd's default would allow a minute. A busy machine delays what the timer starts, so the bound on that is wide.
await checks.check('units: a timer asks for an accuracy of 50 ms and starts its unit about then', async () => {
  const began = performance.now();
  await units.startTimer({ name: 'gemel-exact.timer', unit, afterMs: 1_500 });
  const { stdout } = await commands.run(['systemctl', 'show', '--value', '-p', 'AccuracyUSec', 'gemel-exact.timer']);
  assert.equal(stdout.trim(), '50ms');
  while ((await units.status(unit)).activeState !== 'active') await sleep(10);
  const late = performance.now() - began - 1_500;
  await units.stop(unit);
  assert.ok(late > -50 && late < 2_000, `${Math.round(late)} ms late`);
});

await checks.check('files: a full volume is told with its remedy, and nothing that was there is lost', async () => {
  await mkdir('/run/tiny', { recursive: true });
  assert.equal((await commands.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', '/run/tiny'])).exitCode, 0);
  try {
    await files.write('/run/tiny/settings', 'old');
    await files.append('/run/tiny/log', 'first');
    const full = {
      code: 'storage',
      message:
        '/run/tiny/settings cannot be written: no space is left on its volume. Remove what is not needed there and try again.',
    };
    await assert.rejects(files.write('/run/tiny/settings', 'x'.repeat(200_000)), full);
    await assert.rejects(files.append('/run/tiny/log', 'y'.repeat(200_000)), { code: 'storage' });
    assert.equal(await files.read('/run/tiny/settings'), 'old');
    assert.equal(await files.read('/run/tiny/log'), 'first\n');
    assert.deepEqual(await files.list('/run/tiny'), ['log', 'settings']);
    await files.append('/run/tiny/log', 'second');
    assert.equal((await commands.run(['mount', '-o', 'remount,ro', '/run/tiny'])).exitCode, 0);
    await assert.rejects(files.write('/run/tiny/settings', 'new'), /its volume is read-only/);
    await assert.rejects(files.remove('/run/tiny/settings'), /its volume is read-only/);
  } finally {
    await commands.run(['umount', '/run/tiny']);
  }
});

await checks.check('files: a secret belongs to its group before it has a name', async () => {
  await files.write('/run/contract-secret', 'x', { mode: 0o640, group: 'systemd-network' });
  const { mode, uid, gid } = await stat('/run/contract-secret');
  const { stdout } = await commands.run(['getent', 'group', 'systemd-network']);
  assert.deepEqual([mode & 0o777, uid, gid], [0o640, 0, Number(stdout.split(':')[2])]);
  await assert.rejects(files.write('/run/contract-secret', 'y', { group: 'no-such-group' }), { code: 'unavailable' });
  assert.equal(await files.read('/run/contract-secret'), 'x');
});

await checks.check('commands: programs with network sockets run outside, with output and exit code', async () => {
  const { exitCode, stdout } = await commands.run(['ping', '-c', '1', '-w', '2', '127.0.0.1']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /1 received/);
  await assert.rejects(commands.run(['ping', '127.0.0.1'], { timeoutMs: 1_000 }), {
    code: 'timeout',
    message: 'ping did not end within 1 s and was stopped.',
  });
});

/** A bus of its own, so that the machine's can stay. */
async function startBus(path: string): Promise<() => Promise<void>> {
  await rm(path, { force: true });
  const daemon = spawn(
    '/usr/bin/dbus-daemon',
    ['--session', '--nofork', '--nopidfile', `--address=unix:path=${path}`, '--print-address'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  await new Promise((resolve) => daemon.stdout.once('data', resolve));
  return async () => {
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill('SIGKILL');
    await ended;
  };
}

const ownBus = '/run/contract-bus';
const emit = (name: string) =>
  commands.run(['busctl', `--address=unix:path=${ownBus}`, 'emit', '/a', 'org.example.A', name]);
const names = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' };

await checks.check('D-Bus: subscriptions go on after the bus was killed and started anew', async () => {
  let stopBus = await startBus(ownBus);
  await using bus = new SystemBus({ socketPath: ownBus });
  let heard = 0;
  using _subscription = bus.onSignal({ interface: 'org.example.A', member: 'Ping' }, () => {
    heard += 1;
  });
  await bus.call({ ...names, member: 'ListNames' });
  await emit('Ping');
  await emit('Pong');
  await sleep(50);
  assert.equal(heard, 1);
  await stopBus();
  await sleep(20);
  await assert.rejects(bus.call({ ...names, member: 'ListNames' }), { code: 'unavailable' });
  await sleep(1_000);
  stopBus = await startBus(ownBus);
  await sleep(2_500);
  await emit('Ping');
  await sleep(50);
  assert.equal(heard, 2);
  await stopBus();
});

await checks.check('D-Bus: a signal in the name of another service is not heard', async () => {
  const stopBus = await startBus(ownBus);
  await using bus = new SystemBus({ socketPath: ownBus });
  const heard: string[] = [];
  const match = { interface: 'org.example.A', member: 'Ping' };
  using _any = bus.onSignal(match, () => heard.push('any'));
  using _real = bus.onSignal({ ...match, sender: 'org.example.Real' }, () => heard.push('real'));
  await bus.call({ ...names, member: 'ListNames' });
  await emit('Ping');
  await sleep(50);
  assert.deepEqual(heard, ['any']);
  await stopBus();
});

await checks.check('D-Bus: a call under way when the bus dies, and one without answer, end with an error', async () => {
  const stopBus = await startBus(ownBus);
  await using bus = new SystemBus({ socketPath: ownBus });
  const [own] = await bus.call({ ...names, member: 'GetId' });
  assert.equal(typeof own, 'string');
  const wrong = { ...names, member: 'GetNameOwner', signature: 's', arguments: [42] };
  await assert.rejects(bus.call(wrong), { name: 'ApplianceError', code: 'invalid' });
  await assert.rejects(bus.call({ ...names, member: 'NoSuchMember' }), { code: 'engine-failed' });
  const pending = assert.rejects(bus.call({ ...names, member: 'ListNames' }), { code: 'unavailable' });
  await stopBus();
  await pending.catch(() => {});
});

await host[Symbol.asyncDispose]();
checks.finish();
