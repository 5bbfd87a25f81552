import { readFileSync } from 'node:fs';
import { ScriptedSystem } from '@gemel/core/testing';
import {
  ApplianceError,
  type Caller,
  type EventDefinition,
  type EventsAccess,
  type SettingsMaintenance,
} from '@gemel/core/sdk';
import { DeviceServiceImpl } from '#device/device-service.js';
import { deviceIdentity, formatMinutes } from '#device/identity/identity-status.js';
import { factoryResetMarker, Power } from '#device/power/power.js';
import { deviceSettingsSchema } from '#device/settings/schema.js';
import { Hostnamed } from '#device/system/hostnamed.js';
import { Logind } from '#device/system/logind.js';
import { gemelVersion } from '#device/version.js';
import test from 'ava';

const login1 = 'org.freedesktop.login1';
const caller: Caller = { name: 'user:jane', role: 'administrator', surface: 'cli', connectedAt: 0 };
const atOnce = { delaySeconds: 0, force: false };

function newWorld(options: { pending?: boolean; kind?: 'sandbox'; resetFails?: boolean } = {}) {
  const system = new ScriptedSystem();
  system.dbus.reply(login1, `${login1}.Manager.ScheduleShutdown`);
  system.dbus.reply(login1, `${login1}.Manager.CancelScheduledShutdown`, [false]);
  const told: string[] = [];
  const events = {
    publish: (definition: EventDefinition<unknown>) => void told.push(definition.id),
  } as unknown as EventsAccess; // Power only publishes
  const resets: unknown[] = [];
  const maintenance: SettingsMaintenance = {
    activationPending: options.pending ?? false,
    async factoryReset(_caller, { keepScopes }) {
      if (options.resetFails === true) throw new ApplianceError('conflict', 'An activation is under way.');
      resets.push([keepScopes, await system.files.read(factoryResetMarker)]);
      return 2;
    },
    addScopeLock: () => neverCalled(),
    addResetObstacle: () => neverCalled(),
  };
  const power = new Power({
    kind: options.kind ?? 'scripted',
    logind: new Logind(system.dbus),
    clock: system.clock,
    events,
    files: system.files,
    maintenance: () => maintenance,
  });
  return { system, power, told, resets };
}

function neverCalled(): never {
  throw new Error('must not be called');
}

test('schedules a restart late enough for the answer to arrive', async (t) => {
  const { system, power, told } = newWorld();
  const at = await power.reboot(caller, atOnce);
  t.is(at, system.clock.now() + 2_000);
  t.deepEqual(
    system.dbus.calls.map(({ member, signature, arguments: values }) => [member, signature, values]),
    [['ScheduleShutdown', 'st', ['reboot', BigInt(at) * 1_000n]]],
  );
  t.deepEqual(told, ['device.reboot.requested']);
});

test('switches off after the delay that was asked for', async (t) => {
  const { system, power, told } = newWorld();
  t.is(await power.shutdown(caller, { delaySeconds: 60, force: false }), system.clock.now() + 60_000);
  t.is(system.dbus.calls[0]?.arguments?.[0], 'poweroff');
  t.deepEqual(told, ['device.shutdown.requested']);
});

test('refuses while a change awaits confirmation, unless forced', async (t) => {
  const { system, power, told } = newWorld({ pending: true });
  const refused = await t.throwsAsync(() => power.reboot(caller, atOnce), { instanceOf: ApplianceError });
  t.is(refused.code, 'conflict');
  t.deepEqual(
    refused.reports.map(({ code }) => code),
    ['device.power.activation-pending'],
  );
  await t.throwsAsync(() => power.factoryReset(caller), { instanceOf: ApplianceError });
  t.deepEqual([system.dbus.calls, told], [[], []]);
  await power.reboot(caller, { ...atOnce, force: true });
  t.deepEqual(told, ['device.reboot.requested']);
});

test('a failing logind leaves no event behind', async (t) => {
  const { system, power, told } = newWorld();
  system.dbus.reply(login1, `${login1}.Manager.ScheduleShutdown`, new ApplianceError('engine-failed', 'inhibited'));
  await t.throwsAsync(() => power.reboot(caller, atOnce), { instanceOf: ApplianceError });
  t.deepEqual(told, []);
});

test('calls off what is scheduled, and says when nothing is', async (t) => {
  const { system, power, told } = newWorld();
  const nothing = await t.throwsAsync(() => power.cancel(caller), { instanceOf: ApplianceError });
  t.is(nothing.code, 'not-found');
  system.dbus.reply(login1, `${login1}.Manager.CancelScheduledShutdown`, [true]);
  await power.cancel(caller);
  t.deepEqual(told, ['device.shutdown.cancelled']);
});

test('a factory reset has its marker on disk before settings are reset, and restarts last', async (t) => {
  const { system, power, told, resets } = newWorld();
  await power.factoryReset(caller);
  t.deepEqual(resets, [
    [['hardware'], '{"requestedBy":"user:jane","requestedAt":"2026-01-01T00:00:00.000Z","keepScopes":["hardware"]}\n'],
  ]);
  t.is(system.dbus.calls[0]?.member, 'ScheduleShutdown');
  t.deepEqual(told, ['device.factory-reset.requested']);
});

test('a factory reset that the settings refuse leaves no marker behind', async (t) => {
  const { system, power, told } = newWorld({ resetFails: true });
  const failure = await t.throwsAsync(() => power.factoryReset(caller), { instanceOf: ApplianceError });
  t.is(failure.code, 'conflict');
  t.is(await system.files.read(factoryResetMarker), undefined);
  t.deepEqual(told, []);
});

test('a factory reset that the settings refuse does not end one that is not finished', async (t) => {
  const { system, power } = newWorld({ resetFails: true });
  const unfinished = '{"requestedBy":"user:joe","left":"settings"}\n';
  await system.files.write(factoryResetMarker, unfinished);
  await t.throwsAsync(() => power.factoryReset(caller), { code: 'conflict' });
  t.is(await system.files.read(factoryResetMarker), unfinished);
});

test('a factory reset without its restart says what is left and what to do, and is finished by any start', async (t) => {
  const { system, power, told, resets } = newWorld();
  system.dbus.reply(login1, `${login1}.Manager.ScheduleShutdown`, new ApplianceError('engine-failed', 'Inhibited.'));
  await t.throwsAsync(() => power.factoryReset(caller), {
    code: 'engine-failed',
    message:
      /could not be asked for: Inhibited\. The settings are reset already; .* Restart it now: gemel device reboot/,
  });
  t.is(resets.length, 1);
  t.true((await system.files.read(factoryResetMarker))?.includes('user:jane'));
  t.deepEqual(told, []);
});

test('the sandbox neither restarts nor resets anything', async (t) => {
  const { system, power, resets } = newWorld({ kind: 'sandbox' });
  for (const attempt of [
    () => power.reboot(caller, atOnce),
    () => power.factoryReset(caller),
    () => power.cancel(caller),
  ]) {
    const refused = await t.throwsAsync<ApplianceError>(attempt, { instanceOf: ApplianceError });
    t.is(refused?.code, 'unavailable');
  }
  t.deepEqual([system.faults.journal, resets], [[], []]);
});

test('tells who the device is, from what the host knows', async (t) => {
  const files = {
    '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\n',
    '/proc/sys/kernel/random/boot_id': 'dd30714a-a596-4805-a447-a50e3bec4175\n',
    '/proc/uptime': '93784.12 1000.0\n',
  };
  const system = new ScriptedSystem({ files });
  system.units.add('gemel-maintenance.target', 'active');
  const at = Date.UTC(2026, 0, 1, 12);
  system.dbus.properties(login1, '/org/freedesktop/login1', `${login1}.Manager`, {
    ScheduledShutdown: ['reboot', BigInt(at) * 1_000n],
  });
  const running = deviceSettingsSchema.parse({ hostName: 'box1', domain: 'example.org', contact: 'jane' });
  const access = { running: () => running } as unknown as ConstructorParameters<typeof DeviceServiceImpl>[1]; // only `running` is used
  const device = new DeviceServiceImpl(system, access, new Hostnamed(system.dbus), new Logind(system.dbus), '0.1.0');
  const identity = await device.identity();
  t.deepEqual(identity, {
    hostName: 'box1.example.org',
    version: '0.1.0',
    operatingSystem: 'Debian GNU/Linux 13 (trixie)',
    host: 'scripted',
    bootId: 'dd30714a-a596-4805-a447-a50e3bec4175',
    uptimeMinutes: 1_563,
    maintenance: true,
    shutdown: { kind: 'reboot', at },
    location: '',
    contact: 'jane',
  });
  t.deepEqual(deviceIdentity.overview?.(identity), [
    ['Device', { text: 'box1.example.org (scripted), Gemel 0.1.0, up 1 day 2 h' }],
    ['Maintenance', { text: 'on', tone: 'warn' }],
    ['Scheduled', { text: 'restart at 2026-01-01T12:00:00.000Z', tone: 'pending' }],
  ]);
});

test('says the version that the package has', (t) => {
  const manifest = readFileSync(new URL('../../../../plugins/device/package.json', import.meta.url), 'utf8');
  t.is(gemelVersion, (JSON.parse(manifest) as { version: string }).version); // npm's own format
});

test('uptime reads well', (t) => {
  t.deepEqual([0, 59, 65, 1_440, 4_561].map(formatMinutes), [
    '0 min',
    '59 min',
    '1 h 5 min',
    '1 day 0 h',
    '3 days 4 h',
  ]);
});
