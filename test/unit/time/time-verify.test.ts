import { readFileSync } from 'node:fs';
import { parseZones } from '#time/settings/facts.js';
import { renderTime } from '#time/settings/render.js';
import { timeSettingsSchema } from '#time/settings/schema.js';
import { verifyTime } from '#time/settings/verify.js';
import test from 'ava';
import fc from 'fast-check';

const facts = { zones: new Set(['Etc/UTC', 'Europe/Berlin']) };
const document = { section: () => undefined };

function verify(input: unknown): readonly string[] {
  const settings = timeSettingsSchema.parse(input);
  const confirmed = timeSettingsSchema.parse({});
  const reports = verifyTime({ settings, confirmed, facts, document, caller: undefined });
  return reports.map(({ code, path }) => `${code} ${path}`);
}

const three = { 'a.example.org': {}, 'b.example.org': {}, 'c.example.org': {} };

test('three servers by name are fine', (t) => {
  t.deepEqual(verify({ servers: three, timeZone: 'Europe/Berlin' }), []);
});

test('refuses a zone that the device does not know', (t) => {
  t.deepEqual(verify({ timeZone: 'Europe/Berlinn' }), ['time.zone.unknown time/timeZone']);
});

test('asks the runtime about the zone where the host has no tz database', (t) => {
  const confirmed = timeSettingsSchema.parse({});
  const check = (timeZone: string) =>
    verifyTime({
      settings: { ...confirmed, timeZone },
      confirmed,
      facts: { zones: undefined },
      document,
      caller: undefined,
    });
  t.is(check('Asia/Tokyo').length, 0);
  t.is(check('Asia/Atlantis').length, 1);
});

test('refuses names that no resolver can take', (t) => {
  for (const name of ['bad..example', '-a.example', '1.2.3', '10.0.0.256', 'fe80::zz'])
    t.deepEqual(verify({ servers: { ...three, [name]: {} } }), [`time.server.invalid-name time/servers/${name}`], name);
});

test('refuses the device itself, no address and multicast', (t) => {
  for (const name of ['127.0.0.1', '::1', '0.0.0.0', '224.0.1.1', 'ff05::101'])
    t.deepEqual(verify({ servers: { ...three, [name]: {} } }), [`time.server.own-address time/servers/${name}`], name);
});

test('finds the same server in two spellings', (t) => {
  const path = (name: string) => [`time.server.duplicate time/servers/${name}`];
  t.deepEqual(verify({ servers: { ...three, 'A.example.org.': {} } }), path('A.example.org.'));
  t.deepEqual(verify({ servers: { ...three, '2001:db8::1': {}, '2001:0db8:0::1': {} } }), path('2001:0db8:0::1'));
});

test('an address is neither a pool nor, without force, good for NTS', (t) => {
  t.deepEqual(verify({ servers: { '192.0.2.1': { pool: true } } }), [
    'time.server.pool-address time/servers/192.0.2.1/pool',
  ]);
  const reports = verify({ servers: { '192.0.2.1': { nts: true }, b: { nts: true }, c: { nts: true } } });
  t.deepEqual(reports, ['time.server.nts-address time/servers/192.0.2.1/nts']);
});

test('refuses a shortest poll interval above the longest', (t) => {
  const servers = { ...three, 'd.example.org': { minPoll: 9, maxPoll: 8 } };
  t.deepEqual(verify({ servers }), ['time.server.poll-range time/servers/d.example.org/minPoll']);
});

test('advises against one or two servers, and a pool counts as four', (t) => {
  t.deepEqual(verify({ servers: { 'a.example.org': {} } }), ['time.server.few time/servers']);
  t.deepEqual(verify({ servers: { 'a.example.org': {}, 'b.example.org': {} } }), ['time.server.few time/servers']);
  t.deepEqual(verify({ servers: { 'a.example.org': { pool: true } } }), []);
  t.deepEqual(verify({ servers: {} }), []);
});

test('advises against a mixture of servers with and without NTS', (t) => {
  const servers = { ...three, 'd.example.org': { nts: true } };
  t.deepEqual(verify({ servers }), ['time.server.mixed-authentication time/servers']);
});

test('the schema keeps everything out of the file that could start another directive', (t) => {
  for (const name of ['a b', 'a\nallow', '#a', '"a"', 'a;b', ''])
    t.false(timeSettingsSchema.safeParse({ servers: { [name]: {} } }).success, JSON.stringify(name));
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`s${index}`, {}]));
  t.false(timeSettingsSchema.safeParse({ servers: many }).success);
});

function golden(name: string): string {
  return readFileSync(new URL(`../../../golden/time/${name}`, import.meta.url), 'utf8');
}

test('renders the servers for chrony and the zone for timedated', (t) => {
  const settings = timeSettingsSchema.parse({
    timeZone: 'Europe/Berlin',
    servers: {
      'ntp1.example.org': { nts: true, prefer: true },
      '2.debian.pool.ntp.org': { pool: true },
      '2001:db8::123': { iburst: false, minPoll: 4, maxPoll: 6 },
      '192.0.2.10': {},
    },
  });
  t.deepEqual(renderTime(settings), {
    files: [{ path: '/run/gemel/chrony/gemel.sources', content: golden('servers.sources') }],
    properties: [{ engine: 'systemd-timedated', name: 'Timezone', value: 'Europe/Berlin' }],
  });
  t.is(renderTime(timeSettingsSchema.parse({})).files[0]?.content, golden('none.sources'));
});

const anyServer = fc.record(
  {
    pool: fc.boolean(),
    nts: fc.boolean(),
    prefer: fc.boolean(),
    iburst: fc.boolean(),
    minPoll: fc.integer({ min: 3, max: 17 }),
    maxPoll: fc.integer({ min: 3, max: 17 }),
  },
  { requiredKeys: [] },
);
const anySettings = fc.dictionary(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.string()), anyServer, { maxKeys: 8 });

test('whatever fits the schema renders to one line per server, in an order that does not depend on entry', (t) => {
  const shape = /^(server|pool) [A-Za-z0-9._:-]+ minpoll \d+ maxpoll \d+( iburst)?( nts)?( prefer)?$/;
  const property = fc.property(anySettings, (servers) => {
    const parsed = timeSettingsSchema.safeParse({ servers });
    if (!parsed.success) return;
    const text = renderTime(parsed.data).files[0]?.content ?? '';
    const lines = text.trimEnd().split('\n').slice(1);
    t.is(lines.length, Object.keys(parsed.data.servers).length);
    for (const line of lines) t.regex(line, shape);
    const reversed = { ...parsed.data, servers: Object.fromEntries(Object.entries(parsed.data.servers).reverse()) };
    t.is(renderTime(reversed).files[0]?.content, text);
  });
  fc.assert(property);
  t.pass();
});

test('reads zones and their other names from the tz database', (t) => {
  const text =
    '# version 2026a\nR A o\nZ Europe/Berlin 0:53:28 - LMT 1893 Ap\n1 c CE%sT 1945\nL Europe/Berlin Arctic/Longyearbyen\n';
  t.deepEqual([...parseZones(text)], ['Europe/Berlin', 'Arctic/Longyearbyen']);
});
