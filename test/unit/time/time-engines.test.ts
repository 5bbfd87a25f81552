import { readFileSync } from 'node:fs';
import { ScriptedSystem } from '@gemel/core/testing';
import { ApplianceError, hasBlockingReport } from '@gemel/core/sdk';
import { TimeApply } from '#time/settings/apply.js';
import { renderTime } from '#time/settings/render.js';
import { timeSettingsSchema } from '#time/settings/schema.js';
import { parseChronyReport } from '#time/sources/chrony-report.js';
import { compareTime } from '#time/sources/time-events.js';
import type { TimeStatus } from '#time/sources/time-status.js';
import { formatSeconds, timeSynchronisation } from '#time/sources/time-status.js';
import { Chrony } from '#time/system/chrony.js';
import { TimeDate } from '#time/system/timedate.js';
import { TimeServiceImpl } from '#time/time-service.js';
import test from 'ava';

/** As printed by chrony 4.6.1 that follows one of six servers: one tells a time 5 s ahead, one is silent, one has no address. */
const named = readFileSync(new URL('../../../golden/time/chronyc-named.csv', import.meta.url), 'utf8');
const numeric = readFileSync(new URL('../../../golden/time/chronyc-numeric.csv', import.meta.url), 'utf8');

const ask = ['chronyc', '-c', '-N', '-m', 'sources -a', 'selectdata -a', 'authdata -a', 'tracking'];
const askNumeric = ['chronyc', '-c', '-n', 'sources', '-a'];

const timedate = 'org.freedesktop.timedate1';
const settings = timeSettingsSchema.parse({ timeZone: 'Europe/Berlin', servers: { 'a.example.org': {} } });
const rendering = renderTime(settings);
const input = {
  settings,
  facts: { zones: undefined },
  document: { section: () => undefined },
  rendering,
  changes: [{ path: '/run/gemel/chrony/gemel.sources', kind: 'create', before: undefined, after: '' }],
  reason: 'activate',
} as const;

function newWorld(chrony: 'active' | 'inactive' | 'absent', zone = 'Etc/UTC') {
  const system = new ScriptedSystem();
  if (chrony !== 'absent') system.units.add('chrony.service', chrony);
  system.commands.always(['chronyd', '-p', '-f', '/run/gemel/chrony/gemel.sources']);
  system.commands.always(['chronyc', 'reload', 'sources'], '200 OK\n');
  system.dbus.properties(timedate, '/org/freedesktop/timedate1', timedate, { Timezone: zone });
  system.dbus.reply(timedate, `${timedate}.SetTimezone`);
  const engines = new TimeApply(new Chrony(system), new TimeDate(system.dbus), system.clock);
  return { system, engines };
}

const never = new AbortController().signal;

test('checks the file with chronyd, reloads sources and sets the zone; nothing is restarted', async (t) => {
  const { system, engines } = newWorld('active');
  await engines.apply(input);
  t.deepEqual(
    system.faults.journal.filter((step) => !step.startsWith('status')),
    [
      'run chronyd -p -f /run/gemel/chrony/gemel.sources',
      'run chronyc reload sources',
      'call org.freedesktop.timedate1 SetTimezone',
    ],
  );
  t.deepEqual(system.dbus.calls[0]?.arguments, ['Europe/Berlin', false]);
});

test('leaves a zone alone that is already set, and starts a chrony that stands still', async (t) => {
  const { system, engines } = newWorld('inactive', 'Europe/Berlin');
  await engines.apply(input);
  t.is((await system.units.status('chrony.service')).activeState, 'active');
  t.deepEqual(system.dbus.calls, []);
});

test('fails, for the roll back, when chrony refuses the file', async (t) => {
  const { system, engines } = newWorld('active');
  const stderr = '2026-11-21T21:00:53Z Fatal error : Could not parse server directive at line 2\n';
  system.commands.always(['chronyd', '-p', '-f', '/run/gemel/chrony/gemel.sources'], { exitCode: 1, stderr });
  const failure = await t.throwsAsync(() => engines.apply(input), { instanceOf: ApplianceError });
  t.is(failure.code, 'engine-failed');
  t.regex(failure.message, /line 2/);
});

test('a host without engines takes the settings, and the probe says what is absent', async (t) => {
  const system = new ScriptedSystem();
  const engines = new TimeApply(new Chrony(system), new TimeDate(system.dbus), system.clock);
  await engines.apply(input);
  const reports = await engines.probe(input, never);
  t.deepEqual(
    reports.map(({ code, params }) => [code, params['engine']]),
    [
      ['time.engine.absent', 'systemd-timedated'],
      ['time.engine.absent', 'chrony'],
    ],
  );
  t.false(hasBlockingReport(reports));
});

test('the probe is content when a server answers, and warns when none does in time', async (t) => {
  const { system, engines } = newWorld('active', 'Europe/Berlin');
  system.commands.always(ask, named).always(askNumeric, numeric);
  t.deepEqual(await engines.probe(input, never), []);
  const silent = named.replaceAll(',17,', ',0,');
  system.commands.always(ask, silent);
  const probing = engines.probe(input, never);
  await system.clock.advance(10_000);
  t.deepEqual(
    (await probing).map(({ code }) => code),
    ['time.server.none-answering'],
  );
});

test('reads what chrony says of each server, false ticker and missing address included', (t) => {
  const report = parseChronyReport({ named, numeric });
  t.true(report.synchronised);
  t.is(report.stratum, 3);
  t.is(report.offsetSeconds, -0.001663688, 'chronyc is positive for a slow clock');
  t.deepEqual(
    report.servers.map(({ name, address, state, answered }) => [name, address, state, answered]),
    [
      ['10.9.0.1', '10.9.0.1', 'candidate', 4],
      ['10.9.0.2', '10.9.0.2', 'candidate', 4],
      ['10.9.0.3', '10.9.0.3', 'false-ticker', 4],
      ['10.9.0.4', '10.9.0.4', 'selected', 4],
      ['10.9.0.5', '10.9.0.5', 'no-answer', 0],
      ['nosuch.example.org', null, 'no-answer', 0],
    ],
  );
  t.deepEqual(report.servers[2], {
    name: '10.9.0.3',
    address: '10.9.0.3',
    state: 'false-ticker',
    stratum: 2,
    pollSeconds: 64,
    answered: 4,
    lastAnswerSeconds: 2,
    offsetSeconds: -4.998227596,
    errorSeconds: 0.001711764,
    nts: 'off',
  });
});

test('shows one line for the spares of a pool without address, and none once it has one', (t) => {
  const spare = '^,?,pool.example.org,0,6,0,4294967295,0.0,0.0,0.0\n';
  const tracking = '00000000,,0,0,0,0,0,0,0,0,1,1,0.0,Not synchronised\n';
  const row = '^,?,ID#0000000001,0,6,0,4294967295,0.0,0.0,0.0\n';
  const none = parseChronyReport({ named: spare + spare + tracking, numeric: row + row });
  t.deepEqual(
    none.servers.map(({ address }) => address),
    [null],
  );
  const one = parseChronyReport({
    named: spare + spare + tracking,
    numeric: row + row.replace('ID#0000000001', '192.0.2.1'),
  });
  t.deepEqual(
    one.servers.map(({ address }) => address),
    ['192.0.2.1'],
  );
});

test('tells the three states of NTS', (t) => {
  const tracking = '00000000,,0,0,0,0,0,0,0,0,1,1,0.0,Not synchronised\n';
  const source = '^,?,a,0,6,0,4294967295,0.0,0.0,0.0\n';
  const nts = (auth: string) =>
    parseChronyReport({ named: `${source}${auth}\n${tracking}`, numeric: source }).servers[0]?.nts;
  t.is(nts('a,NTS,1,15,256,33,0,0,8,100'), 'established');
  t.is(nts('a,NTS,0,0,0,4294967295,0,0,0,0'), 'pending');
  t.is(nts('a,NTS,0,0,0,4294967295,3,0,0,0'), 'failed');
});

function newService(system: ScriptedSystem, servers: Record<string, unknown>): TimeServiceImpl {
  const running = timeSettingsSchema.parse({ servers });
  const access = { running: () => running } as unknown as ConstructorParameters<typeof TimeServiceImpl>[2]; // only `running` is used
  return new TimeServiceImpl(new Chrony(system), new TimeDate(system.dbus), access);
}

test('sums up for the overview which server is followed and which one is wrong', async (t) => {
  const { system } = newWorld('active', 'Europe/Berlin');
  system.commands.always(ask, named).always(askNumeric, numeric);
  const status = await newService(system, {}).status();
  t.is(status.state, 'synchronised');
  t.is(status.source, '10.9.0.4');
  t.deepEqual(timeSynchronisation.overview?.(status), [
    ['Time', { text: 'follows 10.9.0.4, -1.7 ms off, wrong time from 10.9.0.3', tone: 'warn' }],
  ]);
  t.deepEqual(timeSynchronisation.schema.parse(status), status);
});

test('a chrony that is absent, stopped or without servers is a state and no error', async (t) => {
  t.is((await newService(newWorld('absent').system, {}).status()).state, 'absent');
  t.is((await newService(newWorld('inactive').system, {}).status()).state, 'stopped');
  const { system } = newWorld('active');
  system.commands.always(ask, '00000000,,0,0,0,0,0,0,0,0,1,1,0.0,Not synchronised\n').always(askNumeric, '');
  t.is((await newService(system, {}).status()).state, 'by-hand');
});

test('sets the clock by hand only without servers, and brings chrony back also when that fails', async (t) => {
  const { system } = newWorld('active');
  const denied = new ApplianceError('engine-failed', 'org.freedesktop.DBus.Error.AccessDenied');
  system.dbus.reply(timedate, `${timedate}.SetTime`, denied);
  const refused = await t.throwsAsync(() => newService(system, { a: {} }).setByHand(0), { instanceOf: ApplianceError });
  t.is(refused.code, 'conflict');
  t.deepEqual(
    refused.reports.map(({ code }) => code),
    ['time.set.servers-configured'],
  );
  await t.throwsAsync(() => newService(system, {}).setByHand(1_000), { is: denied });
  t.is((await system.units.status('chrony.service')).activeState, 'active');
  t.deepEqual(system.dbus.calls[0]?.arguments, [1_000_000n, false, false]);
});

test('events name what changed between two looks and nothing else', (t) => {
  const base: TimeStatus = {
    state: 'unsynchronised',
    timeZone: null,
    source: null,
    stratum: null,
    offsetSeconds: null,
    servers: [],
  };
  const liar = parseChronyReport({ named, numeric }).servers.filter(({ state }) => state === 'false-ticker');
  const good: TimeStatus = { ...base, state: 'synchronised', source: 'a', offsetSeconds: 0.5, servers: liar };
  t.deepEqual(compareTime(undefined, base), { falseTickers: [] });
  t.deepEqual(compareTime(base, good), {
    synchronised: { server: 'a', offsetSeconds: 0.5 },
    falseTickers: [{ server: '10.9.0.3', offsetSeconds: -4.998227596 }],
  });
  t.deepEqual(compareTime(good, good), { falseTickers: [] });
  t.deepEqual(compareTime(good, { ...base, state: 'stopped' }), { lost: { reason: 'stopped' }, falseTickers: [] });
});

test('offsets read well', (t) => {
  t.deepEqual([null, 0, 0.000363, -0.0018, -4.998].map(formatSeconds), ['-', '+0 µs', '+363 µs', '-1.8 ms', '-5.00 s']);
});
