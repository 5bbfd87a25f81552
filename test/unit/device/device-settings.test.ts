import { ScriptedSystem } from '@gemel/core/testing';
import { deviceReports } from '#device/reports.js';
import { deviceSettingsSchema, fullName } from '#device/settings/schema.js';
import { defaultName, deviceSection } from '#device/settings/section.js';
import { verifyDevice } from '#device/settings/verify.js';
import { Hostnamed } from '#device/system/hostnamed.js';
import test from 'ava';
import fc from 'fast-check';

function verify(input: unknown): readonly string[] {
  return verifyDevice({ settings: deviceSettingsSchema.parse(input) }).map(({ code, path }) => `${code} ${path}`);
}

test('host name and domain of usual shapes are fine', (t) => {
  t.deepEqual(verify({ hostName: 'box1' }), []);
  t.deepEqual(verify({ hostName: '3com', domain: 'a-b.example.org.' }), []);
});

test('refuses host names that RFC 1123 does not know, and one that names every machine', (t) => {
  for (const hostName of ['-a', 'a-', 'a_b', 'localhost', 'x'.repeat(64)])
    t.true(verify({ hostName }).includes('device.host-name.invalid device/hostName'), hostName);
});

test('a host name with domain is taken apart for the operator', (t) => {
  const [report] = verifyDevice({ settings: deviceSettingsSchema.parse({ hostName: 'box1.example.org' }) });
  t.is(report?.code, 'device.host-name.has-domain');
  t.deepEqual(report?.params, { name: 'box1.example.org', hostName: 'box1', domain: 'example.org' });
});

test('refuses domains with labels that are empty, too long or strange', (t) => {
  for (const domain of ['a..b', '.example', `${'x'.repeat(64)}.org`, '-a.org', 'a_b.org', '.'])
    t.true(verify({ domain }).includes('device.domain.invalid device/domain'), domain);
});

test('host name and domain together fit into what Linux allows', (t) => {
  const hostName = 'h'.repeat(30);
  t.deepEqual(verify({ hostName, domain: `${'d'.repeat(29)}.org` }), []);
  t.deepEqual(verify({ hostName, domain: `${'d'.repeat(30)}.org` }), ['device.name.too-long device/domain']);
});

test('the schema takes no control characters', (t) => {
  for (const text of ['a\nb', 'a\u0000', '\u001b[2J'])
    for (const field of ['location', 'contact', 'hostName', 'domain'])
      t.false(deviceSettingsSchema.safeParse({ [field]: text }).success);
  t.true(deviceSettingsSchema.safeParse({ location: 'Röntgenstraße 3, Keller' }).success);
});

test('a name that passes is one that the kernel takes', (t) => {
  const property = fc.property(
    fc.string({ maxLength: 70 }),
    fc.oneof(fc.constant(''), fc.domain()),
    (hostName, domain) => {
      const parsed = deviceSettingsSchema.safeParse({ hostName, domain });
      if (!parsed.success || verifyDevice({ settings: parsed.data }).length > 0) return;
      t.regex(fullName(parsed.data), /^(?=.{1,64}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/);
    },
  );
  fc.assert(property, { numRuns: 500 });
  t.pass();
});

test('two fresh devices do not have the same name', (t) => {
  t.is(defaultName('4c7d68fc0f2d642649087bcba67fda48'), 'gemel-4c7d68');
  t.is(defaultName(undefined), 'gemel');
  t.is(defaultName('uninitialized'), 'gemel');
});

const hostname1 = ['org.freedesktop.hostname1', '/org/freedesktop/hostname1', 'org.freedesktop.hostname1'] as const;

function newWorld(name: string, location = '') {
  const system = new ScriptedSystem();
  const values = { Hostname: name, StaticHostname: name, Location: location };
  system.dbus.properties(...hostname1, values);
  const set = (property: 'StaticHostname' | 'Location') => (call: { arguments?: readonly unknown[] }) => {
    const value = String(call.arguments?.[0]);
    values[property] = value;
    if (property === 'StaticHostname') values.Hostname = value;
    system.dbus.properties(...hostname1, values);
    return [];
  };
  system.dbus.reply(hostname1[0], 'org.freedesktop.hostname1.SetStaticHostname', set('StaticHostname'));
  system.dbus.reply(hostname1[0], 'org.freedesktop.hostname1.SetLocation', set('Location'));
  const renamed: string[] = [];
  const section = deviceSection(new Hostnamed(system.dbus), system.files, (before, now) =>
    renamed.push(`${before} ${now}`),
  );
  return { system, section, renamed };
}

const settings = deviceSettingsSchema.parse({ hostName: 'Box1', domain: 'example.org', location: 'rack 3' });
const around = { settings, facts: { machineId: undefined }, document: { section: () => undefined }, changes: [] };
const never = new AbortController().signal;

test('tells hostnamed what differs, and nothing the second time', async (t) => {
  const { system, section, renamed } = newWorld('gemel');
  const rendering = section.render(around);
  t.deepEqual(
    rendering.properties.map(({ name, value }) => `${name} ${value}`),
    ['StaticHostname box1.example.org', 'Location rack 3'],
  );
  const input = { ...around, rendering, reason: 'activate' } as const;
  await section.apply(input, never);
  t.deepEqual(
    system.dbus.calls.map(({ member, arguments: values }) => [member, values]),
    [
      ['SetStaticHostname', ['box1.example.org', false]],
      ['SetLocation', ['rack 3', false]],
    ],
  );
  t.deepEqual(renamed, ['gemel box1.example.org']);
  await section.apply(input, never);
  t.is(system.dbus.calls.length, 2);
  t.deepEqual(await section.probe(input, never), []);
});

test('a host without hostnamed takes the settings, and the probe says so', async (t) => {
  const system = new ScriptedSystem();
  const section = deviceSection(new Hostnamed(system.dbus), system.files, () => t.fail());
  const input = { ...around, rendering: section.render(around), reason: 'boot' } as const;
  await section.apply(input, never);
  t.deepEqual(
    (await section.probe(input, never)).map(({ code }) => code),
    ['device.engine.absent'],
  );
});

test('the probe notices a name that did not take', async (t) => {
  const { section } = newWorld('other');
  const input = { ...around, rendering: section.render(around), reason: 'activate' } as const;
  t.deepEqual(
    (await section.probe(input, never)).map(({ code, params }) => [code, params]),
    [['device.host-name.not-applied', { actual: 'other', wanted: 'box1.example.org' }]],
  );
});

test('a name that others know the device by stays, and the rest may change', (t) => {
  const { system } = newWorld('box1.example.org');
  const held = deviceReports.report('device.host-name.invalid', { name: 'x', reason: 'held' }, 'device/hostName');
  const asked: string[] = [];
  const section = deviceSection(
    new Hostnamed(system.dbus),
    system.files,
    () => t.fail(),
    (name) => {
      asked.push(name);
      return [held];
    },
  );
  const input = { ...around, confirmed: settings, caller: undefined };
  t.deepEqual(section.verify({ ...input, settings: { ...settings, location: 'rack 4' } }), []);
  t.deepEqual(section.verify({ ...input, settings: { ...settings, hostName: 'box2' } }), [held]);
  t.deepEqual(asked, ['box2.example.org']);
});
