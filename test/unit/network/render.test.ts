import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { renderNetwork } from '#network/settings/render.js';
import { networkSchema, type NetworkSettings } from '#network/settings/schema.js';
import test from 'ava';
import { bondCases, settingsWithBond } from './bond-cases.js';
import { fourNics, staticIpv4 } from './network-world.js';

/** All files of a section in one text; `GOLDEN=write` renews the golden files, to be read before they are committed. */
function compare(t: { is(actual: string, expected: string): void }, name: string, settings: NetworkSettings): void {
  const { files } = renderNetwork(settings, fourNics);
  const text = files.map(({ path, content }) => `==> ${path}\n${content}`).join('\n');
  const golden = new URL(`../../../golden/network/${name}.txt`, import.meta.url);
  if (process.env['GOLDEN'] === 'write') {
    mkdirSync(dirname(golden.pathname), { recursive: true });
    writeFileSync(golden, text);
  }
  t.is(text, readFileSync(golden, 'utf8'));
}

for (const [name, bond] of Object.entries(bondCases)) {
  test(`renders the bond ${name}`, (t) => compare(t, `bond-${name}`, settingsWithBond(bond)));
}

const simple = { interface: 'e0', hardwareAddress: '52:54:00:77:00:00' };

test('renders Simple Mode with automatic addresses', (t) => {
  compare(
    t,
    'simple-automatic',
    networkSchema.parse({ mode: 'simple', simple: { ...simple, ipv4: { method: 'dhcp' }, ipv6: { method: 'slaac' } } }),
  );
});

test('renders Simple Mode with static addresses', (t) => {
  const ipv4 = { method: 'static', address: '10.77.0.11/255.255.255.0', gateway: '10.77.0.1' };
  const ipv6 = { method: 'static', address: 'FD77:0::11/64', gateway: 'fe80::1' };
  compare(t, 'simple-static', networkSchema.parse({ mode: 'simple', simple: { ...simple, ipv4, ipv6 } }));
});

test('renders Simple Mode on the first NIC when none is named', (t) => {
  compare(
    t,
    'simple-first-nic',
    networkSchema.parse({ mode: 'simple', simple: { ipv4: { method: 'none' }, ipv6: { method: 'dhcp' } } }),
  );
});

test('renders NICs, VLANs and routes', (t) => {
  const settings = networkSchema.parse({
    mode: 'advanced',
    simple: { ipv4: { method: 'none' }, ipv6: { method: 'none' } },
    links: {
      e0: {
        hardwareAddress: '52:54:00:77:00:00',
        mtu: 9000,
        ipv4: { method: 'static', addresses: ['10.0.0.1/24', '10.0.1.1/24'], gateway: '10.0.0.254', metric: 50 },
      },
      e1: { enabled: false },
      e2: { ipv4: { method: 'dhcp' }, ipv6: { method: 'dhcp' } },
      e3: { ipv4: { method: 'static', addresses: ['198.51.100.2/32'], gateway: '203.0.113.1' } },
    },
    vlans: {
      guests: { parent: 'e0', id: 100, mtu: 1500, ...staticIpv4('10.100.0.1/24') },
      'e0.200': { parent: 'e0', id: 200 },
    },
    routes: [
      { destination: '192.168.0.0/16', gateway: '10.100.0.254' },
      {
        destination: '172.16.0.0/12',
        gateway: '10.9.9.9',
        interface: 'e0',
        onLink: true,
        metric: 7,
        preferredSource: '10.0.1.1',
      },
      { destination: 'fd00::/8', interface: 'e2' },
    ],
  });
  compare(t, 'advanced', settings);
});

test('leaves out what verify refuses instead of writing it wrongly', (t) => {
  const settings = networkSchema.parse({
    mode: 'advanced',
    simple: { ipv4: { method: 'none' }, ipv6: { method: 'none' } },
    links: { '../../etc/passwd': staticIpv4('10.0.0.1/24'), e0: staticIpv4('10.0.0.1/24\nGateway=1.1.1.1', 'x') },
    routes: [{ destination: '0.0.0.0/0\n[Link]', interface: 'e0' }],
  });
  const { files } = renderNetwork(settings, fourNics);
  t.deepEqual(
    files.map(({ path }) => path),
    ['/run/systemd/network/20-gemel-e0.network'],
  );
  t.notRegex(files[0]?.content ?? '', /Address=|Gateway=|Destination=/);
});
