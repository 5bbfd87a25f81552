import { type NetworkSettings, networkSchema } from '#network/settings/schema.js';
import { verifyNetwork } from '#network/settings/verify.js';
import test from 'ava';
import { address, advanced, fourNics, localRoot, nic, remoteOperator, staticIpv4, verify } from './network-world.js';

const link = (parts: Record<string, unknown>) => advanced({ links: { e0: parts } });
/** The command that the report of an exchanged NIC names. */
const takesUp = (settings: NetworkSettings) =>
  verifyNetwork({ settings, confirmed: advanced(), facts: fourNics, caller: localRoot }).find(
    ({ code }) => code === 'network.link.replaced',
  )?.params['command'];
const ipv4 = (parts: Record<string, unknown>) => link({ ipv4: { method: 'static', ...parts } });
const ipv6 = (parts: Record<string, unknown>) => link({ ipv6: { method: 'static', ...parts } });

test('takes static, automatic and mixed addressing', (t) => {
  t.deepEqual(verify(ipv4({ addresses: ['10.0.0.1/24', '10.0.1.1/255.255.255.0'], gateway: '10.0.1.254' })), []);
  t.deepEqual(verify(ipv6({ addresses: ['fd00::1/64'], gateway: 'fe80::1' })), []);
  t.deepEqual(verify(link({ ipv4: { method: 'dhcp' }, ipv6: { method: 'slaac' } })), []);
  t.deepEqual(verify(ipv4({ addresses: ['192.0.2.0/31'], gateway: '192.0.2.1' })), []);
});

test('refuses what is no address with prefix', (t) => {
  for (const wrong of [
    '10.0.0.1',
    '010.0.0.1/24',
    '10.0.0.1/33',
    '10.0.0.1/255.0.255.0',
    'fd00::1/64',
    '10.0.0.256/24',
    ' 10.0.0.1/24',
    '1/1/1',
  ]) {
    t.deepEqual(verify(ipv4({ addresses: [wrong] })), ['address.invalid links/e0/ipv4/addresses/0'], wrong);
  }
  for (const wrong of ['fd00::1', '10.0.0.1/24', 'fd00::1/129', 'fe80::1%e0/64', 'fd00::g/64']) {
    t.deepEqual(verify(ipv6({ addresses: [wrong] })), ['address.invalid links/e0/ipv6/addresses/0'], wrong);
  }
});

test('refuses addresses no host can have', (t) => {
  for (const wrong of [
    '224.0.0.5/24',
    '127.0.0.1/8',
    '0.0.0.1/24',
    '255.255.255.255/24',
    '10.0.0.0/24',
    '10.0.0.255/24',
    '240.0.0.1/24',
  ]) {
    t.deepEqual(verify(ipv4({ addresses: [wrong] })), ['address.unusable links/e0/ipv4/addresses/0'], wrong);
  }
  for (const wrong of ['ff02::1/64', '::1/128', '::/64', '::ffff:10.0.0.1/96']) {
    t.deepEqual(verify(ipv6({ addresses: [wrong] })), ['address.unusable links/e0/ipv6/addresses/0'], wrong);
  }
});

test('addresses belong to the static method, which needs one', (t) => {
  t.deepEqual(verify(ipv4({})), ['address.missing links/e0/ipv4']);
  t.deepEqual(verify(link({ ipv4: { method: 'dhcp', addresses: ['10.0.0.1/24'] } })), [
    'address.not-static links/e0/ipv4',
  ]);
  t.deepEqual(
    verify(
      link({ ipv4: { method: 'static', addresses: ['10.0.0.1/24'] }, ipv6: { method: 'slaac', gateway: 'fe80::1' } }),
    ),
    ['address.not-static links/e0/ipv6'],
  );
});

test('finds an address used twice, in any spelling, and networks that overlap', (t) => {
  const links = { e0: { ipv6: { method: 'static', addresses: ['2001:db8::1/64', '2001:0DB8:0::1/64'] } } };
  t.deepEqual(verify(advanced({ links })), ['address.twice links/e0/ipv6/addresses/1']);
  const two = { e0: staticIpv4('10.0.0.1/24'), e1: staticIpv4('10.0.0.1/24') };
  t.deepEqual(verify(advanced({ links: two })), ['address.twice links/e1/ipv4/addresses/0']);
  const same = { e0: staticIpv4('10.0.0.1/24'), e1: staticIpv4('10.0.0.2/24') };
  t.deepEqual(verify(advanced({ links: same })), ['address.overlap links/e1/ipv4/addresses/0']);
  const inside = { e0: staticIpv4('10.0.7.1/24'), e1: staticIpv4('10.0.0.2/16') };
  t.deepEqual(verify(advanced({ links: inside })), ['address.overlap links/e0/ipv4/addresses/0']);
  t.deepEqual(verify(advanced({ links: { e0: staticIpv4('10.0.0.1/24', '10.0.0.2/24') } })), []);
});

test('gateways: an address of somebody else in a network of the interface', (t) => {
  const gateway = (text: string) => verify(ipv4({ addresses: ['10.0.0.1/24'], gateway: text }));
  t.deepEqual(gateway('10.0.1.1'), ['gateway.outside links/e0/ipv4/gateway']);
  t.deepEqual(gateway('10.0.0.1'), ['gateway.own-address links/e0/ipv4/gateway']);
  for (const wrong of ['nonsense', 'fe80::1', '224.0.0.1', '10.0.0.255', '10.0.0.0'])
    t.deepEqual(gateway(wrong), ['gateway.invalid links/e0/ipv4/gateway'], wrong);
});

test('one default gateway for each metric', (t) => {
  const e0 = { ipv4: { method: 'static', addresses: ['10.0.0.1/24'], gateway: '10.0.0.9' } };
  const e1 = { ipv4: { method: 'static', addresses: ['10.1.0.1/24'], gateway: '10.1.0.9' } };
  t.deepEqual(verify(advanced({ links: { e0, e1 } })), ['gateway.twice links/e1/ipv4/gateway']);
  t.deepEqual(verify(advanced({ links: { e0, e1: { ipv4: { ...e1.ipv4, metric: 10 } } } })), []);
});

test('VLANs: id, parent and MTU', (t) => {
  const vlans = (list: Record<string, unknown>, links = {}) =>
    verify(advanced({ links: { e3: staticIpv4('192.0.2.1/24'), ...links }, vlans: list }));
  t.deepEqual(vlans({ v: { parent: 'e0', id: 100 } }), []);
  t.deepEqual(vlans({ v: { parent: 'e0', id: 0 }, w: { parent: 'e0', id: 4095 } }), [
    'vlan.id-range vlans/v/id',
    'vlan.id-range vlans/w/id',
  ]);
  t.deepEqual(vlans({ v: { parent: 'e0', id: 5 }, w: { parent: 'e0', id: 5 }, x: { parent: 'e1', id: 5 } }), [
    'vlan.id-taken vlans/w/id',
  ]);
  t.deepEqual(vlans({ v: { parent: 'e9', id: 5 } }), ['vlan.parent-missing vlans/v/parent']);
  t.deepEqual(vlans({ v: { parent: 'e0', id: 5 }, w: { parent: 'v', id: 6 } }), ['vlan.parent-is-vlan vlans/w/parent']);
  t.deepEqual(vlans({ v: { parent: 'e0', id: 5, mtu: 9000 } }), ['mtu.above-parent vlans/v/mtu']);
  t.deepEqual(vlans({ v: { parent: 'e0', id: 5, mtu: 9000 } }, { e0: { mtu: 9000 } }), []);
  t.deepEqual(vlans({ v: { parent: 'e0', id: 5 } }, { e0: { enabled: false } }), [
    'vlan.parent-disabled vlans/v/parent',
  ]);
  const loop = { v: { parent: 'w', id: 5 }, w: { parent: 'v', id: 6 } };
  t.deepEqual(vlans(loop), ['vlan.parent-is-vlan vlans/v/parent', 'vlan.parent-is-vlan vlans/w/parent']);
});

test('MTU: what IPv4 and IPv6 need and what the NIC can', (t) => {
  t.deepEqual(verify(link({ mtu: 67, ipv4: { method: 'dhcp' } })), ['mtu.too-small links/e0/mtu']);
  t.deepEqual(verify(link({ mtu: 1279, ipv6: { method: 'slaac' } })), ['mtu.too-small links/e0/mtu']);
  t.deepEqual(verify(link({ mtu: 1279, ipv4: { method: 'dhcp' } })), []);
  t.deepEqual(verify(link({ mtu: 9001, ipv4: { method: 'dhcp' } })), ['mtu.beyond-link links/e0/mtu']);
  const bonds = { bond0: { mode: 'active-backup', members: ['e0', 'e1'], mtu: 9500 } };
  t.deepEqual(verify(advanced({ bonds })), ['mtu.beyond-link bonds/bond0/mtu', 'mtu.beyond-link bonds/bond0/mtu']);
});

test('routes: destination, next hop and interface', (t) => {
  const routes = (...list: object[]) => verify(advanced({ routes: list }));
  t.deepEqual(
    routes({ destination: '172.16.0.0/12', gateway: '192.0.2.9' }, { destination: 'fd00::/48', interface: 'e3' }),
    [],
  );
  t.deepEqual(routes({ destination: '172.16.0.1/12', gateway: '192.0.2.9' }), [
    'route.destination-invalid routes/0/destination',
  ]);
  t.deepEqual(routes({ destination: 'x', gateway: '192.0.2.9' }), ['route.destination-invalid routes/0/destination']);
  t.deepEqual(routes({ destination: '172.16.0.0/12' }), ['route.no-next-hop routes/0']);
  t.deepEqual(routes({ destination: '172.16.0.0/12', gateway: '198.51.100.1' }), [
    'route.unreachable routes/0/gateway',
  ]);
  t.deepEqual(routes({ destination: '172.16.0.0/12', gateway: '198.51.100.1', interface: 'e3', onLink: true }), []);
  t.deepEqual(routes({ destination: '172.16.0.0/12', gateway: 'fe80::1', interface: 'e3' }), [
    'route.gateway-invalid routes/0/gateway',
  ]);
  t.deepEqual(routes({ destination: 'fd00::/48', gateway: 'fe80::1' }), ['route.unreachable routes/0/gateway']);
  t.deepEqual(routes({ destination: '172.16.0.0/12', interface: 'e9' }), [
    'route.interface-unknown routes/0/interface',
  ]);
  t.deepEqual(routes({ destination: '172.16.0.0/12', interface: 'e3', preferredSource: '192.0.2.7' }), [
    'route.source-not-own routes/0/preferredSource',
  ]);
  const twice = { destination: '172.16.0.0/12', gateway: '192.0.2.9' };
  t.deepEqual(routes(twice, twice), ['route.twice routes/1']);
});

test('a default route that is a gateway already needs a metric of its own', (t) => {
  const e0 = { ipv4: { method: 'static', addresses: ['10.0.0.1/24'], gateway: '10.0.0.9' } };
  const e1 = { ipv6: { method: 'static', addresses: ['fd00::1/64'], gateway: 'fd00::9', metric: 7 } };
  const routes = (...list: object[]) => verify(advanced({ links: { e0, e1 }, routes: list }));
  t.deepEqual(routes({ destination: 'default', gateway: '10.0.0.8' }), ['route.is-gateway routes/0']);
  t.deepEqual(routes({ destination: '0.0.0.0/0', gateway: '10.0.0.8', metric: 0 }), ['route.is-gateway routes/0']);
  t.deepEqual(routes({ destination: 'default', gateway: 'fd00::8', metric: 7 }), ['route.is-gateway routes/0']);
  t.deepEqual(routes({ destination: 'default', gateway: '10.0.0.8', metric: 7 }), []);
  t.deepEqual(routes({ destination: 'default', gateway: 'fd00::8' }), []);
});

test('names: what kernel and networkd take, each once', (t) => {
  const bonds = (name: string) =>
    verify(advanced({ bonds: { [name]: { mode: 'active-backup', members: ['e0', 'e1'] } } }));
  for (const wrong of [
    'all',
    'default',
    'lo',
    'a b',
    'a/b',
    '1',
    'sixteencharacter',
    'bonding_masters',
    'a%d',
    'ä',
    '../x',
    'a\nb',
  ]) {
    t.deepEqual(bonds(wrong), [`name.invalid bonds/${wrong}`], wrong);
  }
  t.deepEqual(bonds('fifteen-letters'), []);
  t.deepEqual(bonds('e2'), ['name.taken bonds/e2']);
  const both = {
    bonds: { x: { mode: 'active-backup', members: ['e0', 'e1'] } },
    vlans: { x: { parent: 'e2', id: 4 } },
  };
  t.true(verify(advanced(both)).includes('name.taken vlans/x'));
});

test('Simple Mode has no place for what belongs to Advanced Mode', (t) => {
  const simple = { mode: 'simple', simple: { interface: 'e0', ipv4: { method: 'dhcp' }, ipv6: { method: 'none' } } };
  t.deepEqual(verify(networkSchema.parse(simple)), []);
  t.deepEqual(verify(networkSchema.parse({ ...simple, vlans: { v: { parent: 'e0', id: 1 } } })), [
    'mode.simple-with-advanced mode',
  ]);
  const noNics = { links: [nic('docker0', 1, { kind: 'bridge', nic: false })], connections: [] };
  const nowhere = networkSchema.parse({ ...simple, simple: { ...simple.simple, interface: undefined } });
  t.deepEqual(verify(nowhere, { facts: noNics }), ['simple.no-interface simple/interface', 'way-in.none network']);
});

test('NICs that were renamed or replaced, and what is no NIC', (t) => {
  const settings = advanced({ links: { old: { hardwareAddress: '52:54:00:77:00:00', ipv4: { method: 'dhcp' } } } });
  t.deepEqual(verify(settings), ['link.renamed links/old']);
  const replaced = advanced({ links: { e0: { hardwareAddress: '52:54:00:77:00:99', ipv4: { method: 'dhcp' } } } });
  t.deepEqual(verify(replaced), ['link.replaced links/e0/hardwareAddress']);
  t.is(takesUp(replaced), 'gemel network link set e0 --hardware-address 52:54:00:77:00:00');
  const simple = {
    interface: 'e0',
    hardwareAddress: '52:54:00:77:00:99',
    ipv4: { method: 'dhcp' },
    ipv6: { method: 'none' },
  };
  t.is(takesUp(networkSchema.parse({ mode: 'simple', simple })), 'gemel network simple set --interface e0');
  const facts = { ...fourNics, links: [...fourNics.links, nic('br0', 9, { kind: 'bridge', nic: false })] };
  t.deepEqual(verify(advanced({ links: { br0: { ipv4: { method: 'dhcp' } } } }), { facts }), [
    'link.not-a-nic links/br0',
  ]);
  const twice = {
    e0: { hardwareAddress: '52:54:00:77:00:00' },
    e1: { hardwareAddress: '52:54:00:77:00:00' },
    e3: staticIpv4('192.0.2.1/24'),
  };
  t.true(verify(advanced({ links: twice })).includes('link.hardware-address-twice links/e1/hardwareAddress'));
});

const confirmed = advanced({ links: { e0: staticIpv4('10.0.0.1/24'), e1: staticIpv4('10.1.0.1/24') } });
const facts = {
  links: [
    nic('e0', 0, { addresses: [address('10.0.0.1/24')] }),
    nic('e1', 1, { addresses: [address('10.1.0.1/24')] }),
    nic('e2', 2),
    nic('e3', 3),
  ],
  connections: [{ localAddress: '10.0.0.1', remoteAddress: '10.0.0.77', service: 'ssh' as const }],
};

test("tells the operator when his own connection's address goes", (t) => {
  const gone = advanced({ links: { e1: staticIpv4('10.1.0.1/24') } });
  t.deepEqual(verify(gone, { confirmed, facts, caller: remoteOperator('10.0.0.1') }), [
    'connection.lost links/e0',
    'connection.other-lost links/e0',
  ]);
  t.deepEqual(verify(gone, { confirmed, facts, caller: remoteOperator('::ffff:10.1.0.1') }), [
    'connection.other-lost links/e0',
  ]);
  const moved = advanced({
    links: { e1: staticIpv4('10.1.0.1/24') },
    bonds: { b: { mode: 'active-backup', members: ['e0', 'e2'], ...staticIpv4('10.0.0.1/24') } },
  });
  t.deepEqual(verify(moved, { confirmed, facts, caller: remoteOperator('10.0.0.1') }), []);
});

test('warns when no way in is left', (t) => {
  t.deepEqual(verify(advanced({ links: {} }), { confirmed, facts: { ...facts, connections: [] }, caller: localRoot }), [
    'way-in.none network',
  ]);
});
