import type { EventDefinition, EventsAccess, Logger } from '@gemel/core/sdk';
import { ApplianceError } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { hashPassword, newSalt } from '#sites/run/password-hash.js';
import { SiteAddress } from '#sites/run/site-address.js';
import { SiteUnits, stateOf } from '#sites/run/site-units.js';
import { SiteWatch } from '#sites/run/site-watch.js';
import { readSite, writeSite } from '#sites/site/site-record.js';
import { siteName } from '#sites/site/site-name.js';
import { sitesList } from '#sites/site/site-status.js';
import test from 'ava';
import { newWorld, withDemo } from './world.js';

const systemd = 'org.freedesktop.systemd1';
const manager = `${systemd}.Manager`;

function newWatch(states: Map<string, readonly [string, string]>) {
  const system = new ScriptedSystem();
  system.dbus.reply(systemd, `${manager}.Subscribe`);
  system.dbus.reply(systemd, `${manager}.ListUnitsByPatterns`, () => [
    [...states].map(([name, [active, sub]]) => [
      `gemel-site@${name}.service`,
      '',
      'loaded',
      active,
      sub,
      '',
      '/',
      0,
      '',
      '/',
    ]),
  ]);
  const told: unknown[] = [];
  const events = {
    publish: ({ id }: EventDefinition<unknown>, payload: { site: string }) => void told.push(`${id} ${payload.site}`),
  } as unknown as EventsAccess; // the watch only publishes
  const log: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const units = new SiteUnits(system.dbus, system.files);
  const watch = new SiteWatch({ dbus: system.dbus, clock: system.clock, units, events, log, changed: () => {} });
  /** systemd says that a job of the unit has ended. */
  const jobEnded = async (unit: string) => {
    system.dbus.emit(manager, 'JobRemoved', [1, '/', unit, 'done'], '/org/freedesktop/systemd1');
    await system.clock.advance(1_000);
  };
  return { system, watch, told, jobEnded };
}

test('tells what became of sites, whoever did it, and nothing of what was there before', async (t) => {
  const states = new Map([['demo', ['active', 'running'] as const]]) as Map<string, readonly [string, string]>;
  const { watch, told, jobEnded, system } = newWatch(states);
  await watch.begin();
  await jobEnded('gemel-site@demo.service');
  t.deepEqual(told, []);
  states.set('demo', ['activating', 'auto-restart']);
  await jobEnded('gemel-site@demo.service');
  states.set('demo', ['active', 'running']).set('shop', ['active', 'running']);
  await jobEnded('gemel-site@shop.service');
  states.delete('shop');
  await jobEnded('gemel-site@shop.service');
  states.set('demo', ['failed', 'failed']);
  await jobEnded('gemel-site@demo.service');
  t.deepEqual(told, [
    'sites.failed demo',
    'sites.started demo',
    'sites.started shop',
    'sites.stopped shop',
    'sites.failed demo',
  ]);
  t.true(watch.ranWithin('shop', 10_000));
  t.false(watch.ranWithin('other', 10_000));
  watch[Symbol.dispose]();
  t.notThrows(() => system.verify());
});

test('units of others are not looked at', async (t) => {
  const { watch, jobEnded, system } = newWatch(new Map());
  await watch.begin();
  const calls = system.dbus.calls.length;
  await jobEnded('chrony.service');
  t.is(system.dbus.calls.length, calls);
  watch[Symbol.dispose]();
});

test('a unit between two tries is restarting, not starting', (t) => {
  t.deepEqual(
    [
      ['active', 'running'],
      ['activating', 'start-post'],
      ['activating', 'auto-restart'],
      ['deactivating', 'stop-sigterm'],
      ['failed', 'failed'],
      ['inactive', 'dead'],
    ].map(([active = '', sub = '']) => stateOf(active, sub)),
    ['running', 'starting', 'restarting', 'stopping', 'failed', 'stopped'],
  );
});

test('a start that fails is told with what the site said last', async (t) => {
  const world = await withDemo(newWorld());
  world.failing.add('demo');
  world.system.commands.otherwise({
    run: ([program]) =>
      Promise.resolve({
        exitCode: 0,
        stdout: program === 'journalctl' ? 'starting\nconfiguration is wrong\n' : '',
        stderr: '',
      }),
  });
  const refused = await t.throwsAsync(world.power.start('demo'), { instanceOf: ApplianceError });
  t.is(refused?.reports[0]?.code, 'sites.site.not-started');
  t.true(refused?.message.includes('It said: configuration is wrong.'));
});

test('a restart renders the site between its end and its start, so that a new port is asked by nobody before', async (t) => {
  const world = await withDemo(newWorld());
  world.running.add('demo');
  world.done.length = 0;
  world.system.commands.otherwise({
    run: async ([program]) => {
      if (program === 'bash') world.done.push('render');
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  });
  await world.power.restart('demo');
  t.deepEqual(world.done, ['stop demo', 'render', 'start demo']);
});

test('site.json has one property a line on its first level, which the renderer reads', async (t) => {
  const world = await withDemo(newWorld());
  const text = writeSite(await world.parts.store.need('demo'));
  for (const line of [
    '  "type": "prometheus",',
    '  "version": "2.53.3",',
    '  "port": 8001,',
    '  "uid": 70000,',
    '  "autostart": true,',
  ])
    t.true(text.split('\n').includes(line), line);
  t.true('record' in readSite('demo', text));
  t.true('problem' in readSite('demo', text.replace('8001', '"8001"')));
});

test('names of sites', (t) => {
  for (const name of ['shop', '_x', 'A-1_b', 'abcdefghijklmnop']) t.true(siteName.safeParse(name).success, name);
  for (const name of ['', '1shop', '-x', 'a b', 'abcdefghijklmnopq', 'ü', 'a/b', '..', 'x\n'])
    t.false(siteName.safeParse(name).success, name);
});

test('the URL has the cluster IP, else an address of the device, else its name', async (t) => {
  const { clock } = new ScriptedSystem();
  const name = () => Promise.resolve('node1');
  const own = (address: string | undefined) => () => Promise.resolve(address);
  t.is(await new SiteAddress(clock, () => '10.0.0.9', own('10.0.0.1'), name).host(), '10.0.0.9');
  t.is(await new SiteAddress(clock, () => undefined, own('fd77::1'), name).host(), '[fd77::1]');
  t.is(await new SiteAddress(clock, () => undefined, own(undefined), name).host(), 'node1');
});

test('the overview counts failed sites, and is silent where there are none', (t) => {
  t.deepEqual(sitesList.overview?.({ active: true, problem: null, sites: [] }), []);
});

test('salts are of the form that bcrypt wants', async (t) => {
  for (let round = 0; round < 50; round++) t.regex(newSalt(), /^\$2y\$10\$[./A-Za-z0-9]{21}[.Oeu]$/);
  const { commands } = new ScriptedSystem();
  commands.always(['perl', '-e', /./], '*0');
  await t.throwsAsync(hashPassword(commands, 'x'), { message: /bcrypt/ });
});
