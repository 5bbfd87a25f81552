import { networkModel } from '#network/settings/network-model.js';
import type { LinkFact } from '#network/settings/facts.js';
import { networkState } from '#network/state/network-state.js';
import { BondTeller, linkEvents } from '#network/state/state-events.js';
import { statusValues } from '#network/state/status-values.js';
import { bondsStatus, linksStatus, routesStatus, vlansStatus } from '#network/state/status.js';
import { parseConnections } from '#network/system/facts-reader.js';
import { LinkReader, showLinks } from '#network/system/link-reader.js';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { address, advanced, nic, staticIpv4 } from './network-world.js';

const settings = advanced({
  links: {},
  bonds: { bond0: { mode: 'active-backup', members: ['e0', 'e1'], ...staticIpv4('10.0.0.1/24') } },
  vlans: { v5: { parent: 'bond0', id: 5 } },
  routes: [{ destination: '172.16.0.0/12', gateway: '10.0.0.9' }],
});

function world(second: Partial<LinkFact> = {}, carrier = true): readonly LinkFact[] {
  const member = { active: false, working: true, failures: 0, aggregator: undefined };
  return [
    nic('e0', 0, { master: 'bond0', member: { ...member, active: true, working: carrier }, carrier }),
    nic('e1', 1, { master: 'bond0', member, ...second }),
    nic('e2', 2, { carrier: false, up: false, speed: undefined }),
    nic('bond0', 7, {
      kind: 'bond',
      nic: false,
      carrier: carrier || second.carrier !== false,
      options: { active_slave: 'e0' },
      addresses: [address('10.0.0.1/24'), address('fe80::1/64')],
    }),
  ];
}

const downMember = {
  carrier: false,
  speed: undefined,
  member: { active: false, working: false, failures: 1, aggregator: undefined },
};
const states = (links: readonly LinkFact[]) =>
  networkState(networkModel(settings, { links, connections: [] }), links, undefined);
const conditions = (links: readonly LinkFact[]) =>
  Object.fromEntries(states(links).map(({ name, condition }) => [name, condition]));

test('says how every interface is', (t) => {
  t.deepEqual(conditions(world()), { bond0: 'ok', e0: 'ok', e1: 'ok', e2: 'unconfigured', v5: 'missing' });
  t.deepEqual(conditions(world(downMember)), {
    bond0: 'degraded',
    e0: 'ok',
    e1: 'no-carrier',
    e2: 'unconfigured',
    v5: 'missing',
  });
  t.is(conditions(world(downMember, false))['bond0'], 'down');
  t.is(conditions(world().slice(1))['e0'], 'missing');
});

test('presents rows with what is pending, and values that fit their schemas', (t) => {
  const draft = {
    ...settings,
    bonds: { ...settings.bonds, bond1: { mode: 'balance-rr' as const, members: ['e2'] } },
    vlans: {},
  };
  const route = {
    family: 4 as const,
    destination: '172.16.0.0/12',
    gateway: '10.0.0.9',
    interface: 'bond0',
    metric: null,
    protocol: 'static',
  };
  const values = statusValues(states(world()), [route], settings, draft);
  t.deepEqual(
    values.bonds.bonds.map(({ name, pending }) => [name, pending]),
    [
      ['bond0', ''],
      ['bond1', 'new'],
    ],
  );
  t.deepEqual(
    values.vlans.vlans.map(({ name, pending }) => [name, pending]),
    [['v5', 'removed']],
  );
  t.deepEqual(values.links.links.find(({ name }) => name === 'e2')?.pending, 'new');
  t.deepEqual(
    values.routes.routes.map(({ destination, configured, present }) => [destination, configured, present]),
    [['172.16.0.0/12', true, true]],
  );
  t.deepEqual(values.bonds.bonds[0]?.addresses, ['10.0.0.1/24']);
  linksStatus.schema.parse(values.links);
  bondsStatus.schema.parse(values.bonds);
  vlansStatus.schema.parse(values.vlans);
  routesStatus.schema.parse(values.routes);
  t.deepEqual(bondsStatus.overview?.(values.bonds), [
    ['bond0', { text: 'OK, active-backup, 2 of 2 members', tone: 'ok' }],
  ]);
});

test('tells NICs that come, go, change name or carrier, and duplicate addresses', (t) => {
  const before = world();
  t.deepEqual(linkEvents(before, before), []);
  t.deepEqual(linkEvents(before, world(downMember)), [{ kind: 'carrier-lost', interface: 'e1' }]);
  t.deepEqual(linkEvents(world(downMember), before), [{ kind: 'carrier-gained', interface: 'e1', speed: 1000 }]);
  t.deepEqual(linkEvents(before, before.slice(1)), [
    { kind: 'disappeared', interface: 'e0', hardwareAddress: '52:54:00:77:00:00' },
  ]);
  t.deepEqual(linkEvents(before.slice(1), before), [
    { kind: 'appeared', interface: 'e0', hardwareAddress: '52:54:00:77:00:00' },
  ]);
  const renamed = before.map((link) => (link.name === 'e2' ? { ...link, name: 'x2' } : link));
  t.deepEqual(linkEvents(before, renamed), [
    { kind: 'renamed', interface: 'x2', before: 'e2', hardwareAddress: '52:54:00:77:00:02' },
  ]);
  const duplicate = [nic('e0', 0, { addresses: [address('fd00::1/64', { dadFailed: true })] })];
  t.deepEqual(linkEvents([nic('e0', 0)], duplicate), [{ kind: 'duplicate', interface: 'e0', address: 'fd00::1' }]);
});

test('tells each change of a bond once, and is patient with one that was just made', (t) => {
  const teller = new BondTeller();
  const look = (links: readonly LinkFact[], now: number) => teller.look(states(links), links, now);
  t.deepEqual(look(world(downMember, false), 0), []);
  t.deepEqual(look(world(), 5_000), []);
  t.deepEqual(look(world(downMember), 16_000), [
    { kind: 'bond-degraded', bond: 'bond0', working: ['e0'], failed: ['e1'] },
  ]);
  t.deepEqual(look(world(downMember), 17_000), []);
  t.deepEqual(look(world(downMember, false), 18_000), [{ kind: 'bond-down', bond: 'bond0', failed: ['e0', 'e1'] }]);
  t.deepEqual(look(world(), 19_000), [{ kind: 'bond-recovered', bond: 'bond0' }]);
  const anew = (links: readonly LinkFact[]) =>
    links.map((link) => (link.name === 'bond0' ? { ...link, index: 8 } : link));
  t.deepEqual(look(anew(world(downMember, false)), 20_000), []);
  t.deepEqual(look(anew(world(downMember, false)), 31_000).length, 1);
});

test('finds operators among the open connections', (t) => {
  const output =
    '0      0      10.77.0.11:22      10.77.0.1:51234\n0 0 [::ffff:10.77.0.11]:443 [::ffff:10.77.0.9]:4000\n0 0 10.77.0.11:5432 10.77.0.1:1\n';
  t.deepEqual(parseConnections(output), [
    { localAddress: '10.77.0.11', remoteAddress: '10.77.0.1', service: 'ssh' },
    { localAddress: '::ffff:10.77.0.11', remoteAddress: '::ffff:10.77.0.9', service: 'web' },
  ]);
  t.deepEqual(parseConnections(''), []);
});

test('knows the permanent address of a member, of a NIC that left its bond, and of none whose address was made up', async (t) => {
  const link = (ifname: string, special: object) => ({
    ifindex: 2,
    ifname,
    flags: ['UP'],
    mtu: 1500,
    link_type: 'ether',
    address: '52:54:00:77:00:00',
    ...special,
  });
  const member = {
    info_slave_kind: 'bond',
    info_slave_data: { state: 'BACKUP', mii_status: 'UP', perm_hwaddr: '52:54:00:77:00:01' },
  };
  const output = [
    link('plain', {}),
    link('left', {}),
    link('member', { linkinfo: member, master: 'bond0' }),
    link('changed', { permaddr: '52:54:00:77:00:02' }),
    link('random', {}),
    link('vlan', { linkinfo: { info_kind: 'vlan', info_data: { id: 5 } }, link: 'plain' }),
  ];
  const types: Record<string, string> = { plain: '0', left: '3', member: '3', changed: '3', random: '1', vlan: '2' };
  const system = new ScriptedSystem({
    files: Object.fromEntries(
      Object.entries(types).map(([name, type]) => [`/sys/class/net/${name}/addr_assign_type`, `${type}\n`]),
    ),
  });
  system.commands.always([...showLinks], JSON.stringify([...output, {}]));
  const links = await new LinkReader(system.commands, system.files).read();
  t.deepEqual(
    links.map(({ name, permanentAddress }) => [name, permanentAddress]),
    [
      ['plain', '52:54:00:77:00:00'],
      ['left', '52:54:00:77:00:00'],
      ['member', '52:54:00:77:00:01'],
      ['changed', '52:54:00:77:00:02'],
      ['random', undefined],
      ['vlan', undefined],
    ],
  );
  t.deepEqual(links.map(({ kind, nic: isNic, vlanId, parent }) => [kind, isNic, vlanId, parent]).at(-1), [
    'vlan',
    false,
    5,
    'plain',
  ]);
});
