import { readFileSync } from 'node:fs';
import { renderDns } from '#dns/settings/render.js';
import { type DnsSettings, dnsSettingsSchema } from '#dns/settings/schema.js';
import { parseServerAddress } from '#dns/settings/server-address.js';
import { verifyDns } from '#dns/settings/verify.js';
import test from 'ava';
import fc from 'fast-check';

function verify(input: unknown): readonly string[] {
  return verifyDns({ settings: dnsSettingsSchema.parse(input) }).map(({ code, path }) => `${code} ${path}`);
}

const good = { address: '192.0.2.53' };

test('one server, or none with those of the interfaces, is fine', (t) => {
  t.deepEqual(verify({ servers: [good] }), []);
  t.deepEqual(verify({}), []);
});

test('refuses what is not an address', (t) => {
  for (const address of ['1.2.3', '10.0.0.256', 'fe80:::1', '010.0.0.1', 'abc'])
    t.deepEqual(
      verify({ servers: [good, { address }] }),
      ['dns.server.invalid-address dns/servers/1/address'],
      address,
    );
});

test('refuses addresses where no server can be', (t) => {
  for (const address of [
    '127.0.0.1',
    '127.0.0.53',
    '::1',
    '0.0.0.0',
    '::',
    '224.0.0.251',
    'ff02::fb',
    'fe80::53',
    '192.0.2.1%bond0',
  ])
    t.deepEqual(verify({ servers: [{ address }] }), ['dns.server.unusable-address dns/servers/0/address'], address);
  t.deepEqual(verify({ servers: [{ address: 'fe80::53%bond0' }] }), []);
});

test('finds a server twice, in any spelling, and lets one address have two ports', (t) => {
  const spelled = [{ address: '2001:db8::1' }, { address: '2001:0DB8:0::1' }];
  t.deepEqual(verify({ servers: spelled }), ['dns.server.duplicate dns/servers/1']);
  t.deepEqual(verify({ servers: [good, { ...good, port: 5353 }] }), []);
});

test('refuses to be left without any server', (t) => {
  t.deepEqual(verify({ useLinkServers: false }), ['dns.server.none dns/servers']);
});

test('advises against more than three servers', (t) => {
  const servers = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'].map((address) => ({ address }));
  t.deepEqual(verify({ servers }), ['dns.server.many dns/servers']);
});

test('warns when TLS and TLS names do not go together', (t) => {
  t.deepEqual(verify({ servers: [good], dnsOverTls: 'yes' }), ['dns.server.tls-name-missing dns/servers/0/tlsName']);
  const named = { ...good, tlsName: 'dns.example.org' };
  t.deepEqual(verify({ servers: [named] }), ['dns.server.tls-name-unused dns/servers/0/tlsName']);
  t.deepEqual(verify({ servers: [named], dnsOverTls: 'opportunistic' }), []);
  t.deepEqual(verify({ dnsOverTls: 'yes' }), ['dns.tls.no-servers dns/dnsOverTls']);
});

test('checks search domains', (t) => {
  const searchDomains = ['example.org', 'Example.org.', 'a..b', `${'x'.repeat(64)}.org`, '_msdcs.example.org'];
  t.deepEqual(verify({ servers: [good], searchDomains }), [
    'dns.domain.duplicate dns/searchDomains/1',
    'dns.domain.invalid dns/searchDomains/2',
    'dns.domain.invalid dns/searchDomains/3',
  ]);
});

test('the schema keeps everything out of the file that could start another assignment', (t) => {
  for (const address of ['1.2.3.4\nDNS=6.6.6.6', '1.2.3.4 6.6.6.6', '1.2.3.4#x', '', 'fe80::1%', '%'])
    t.false(dnsSettingsSchema.safeParse({ servers: [{ address }] }).success, JSON.stringify(address));
  for (const domain of ['a b', 'a\nDNS=1.2.3.4', '~.', ''])
    t.false(dnsSettingsSchema.safeParse({ searchDomains: [domain] }).success, JSON.stringify(domain));
});

function golden(name: string): string {
  return readFileSync(new URL(`../../../golden/dns/${name}`, import.meta.url), 'utf8');
}

function contentOf(settings: DnsSettings): string {
  return renderDns(settings).files[0]?.content ?? '';
}

test('renders a drop-in for resolved that clears what was there before', (t) => {
  t.is(contentOf(dnsSettingsSchema.parse({})), golden('default.conf'));
  const full = dnsSettingsSchema.parse({
    servers: [
      { address: '10.9.0.1' },
      { address: '10.9.0.2', port: 5353, tlsName: 'dns.example.org' },
      { address: '2001:0db8::53', port: 853, tlsName: 'DNS.example.org.' },
      { address: 'fe80::53%lo' },
    ],
    searchDomains: ['Example.org', 'corp.example.'],
    useLinkServers: false,
    dnsOverTls: 'opportunistic',
    dnssec: 'allow-downgrade',
    cache: 'no-negative',
  });
  t.is(contentOf(full), golden('full.conf'));
});

test('whatever fits the schema and passes verification renders one server per line, in the order entered', (t) => {
  const server = fc.record(
    { address: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.integer({ min: 1, max: 65_535 }), tlsName: fc.domain() },
    { requiredKeys: ['address'] },
  );
  const property = fc.property(
    fc.array(server, { maxLength: 6 }),
    fc.array(fc.domain(), { maxLength: 4 }),
    (servers, searchDomains) => {
      const parsed = dnsSettingsSchema.safeParse({ servers, searchDomains });
      if (!parsed.success || verifyDns({ settings: parsed.data }).some(({ severity }) => severity === 'error')) return;
      const text = contentOf(parsed.data);
      const entered = [...text.matchAll(/^DNS=(.+)$/gm)].map((match) => match[1] ?? '');
      t.is(entered.length, servers.length);
      for (const [index, line] of entered.entries()) {
        const host = line
          .replace(/#.*$/, '')
          .replace(/^\[(.*)\]:\d+$/, '$1')
          .replace(/^([\d.]+):\d+$/, '$1');
        t.deepEqual(parseServerAddress(host), parseServerAddress(servers[index]?.address ?? ''));
      }
    },
  );
  fc.assert(property);
  t.pass();
});
