import { bondModes, bondOptionModes, bondOptions } from '#network/bonds/bond-modes.js';
import { networkReports } from '#network/reports.js';
import test from 'ava';
import { advanced, fourNics, nic, staticIpv4, verify } from './network-world.js';

const bond0 = { mode: 'active-backup', members: ['e0', 'e1'], ...staticIpv4('10.0.0.1/24') };

function withBond(parts: Record<string, unknown>, others: Record<string, unknown> = {}) {
  return advanced({ bonds: { bond0: { ...bond0, ...parts } }, ...others });
}

test('takes a plain bond of every mode', (t) => {
  for (const mode of bondModes) {
    const lacpRate = mode === '802.3ad' ? { lacpRate: 'fast' } : {};
    t.deepEqual(verify(withBond({ mode, ...lacpRate })), [], mode);
  }
});

test('refuses each option in each mode it does not fit, and only there', (t) => {
  const values: Record<string, unknown> = {
    arpMonitor: { intervalMs: 500, targets: ['10.0.0.9'] },
    lacpRate: 'fast',
    transmitHashPolicy: 'layer3+4',
    primary: 'e0',
    primaryReselect: 'failure',
    failOverMac: 'active',
    adSelect: 'count',
    adActorSystem: '02:00:00:00:00:01',
    allMembersActive: true,
    dynamicTransmitLoadBalancing: false,
    miiMonitorMs: 100,
  };
  for (const option of bondOptions) {
    for (const mode of bondModes) {
      const fits = (bondOptionModes[option] as readonly string[]).includes(mode);
      const found = verify(withBond({ mode, [option]: values[option] ?? 1 })).filter((line) =>
        line.startsWith('bond.option-misfit'),
      );
      t.deepEqual(found, fits ? [] : [`bond.option-misfit bonds/bond0/${option}`], `${option} in ${mode}`);
    }
  }
});

test('refuses a member in two bonds, named twice, or that is no NIC', (t) => {
  const bonds = { bond0, bond1: { mode: 'active-backup', members: ['e1', 'e2'] } };
  t.deepEqual(verify(advanced({ bonds })), [
    'bond.member-in-two-bonds bonds/bond0/members/1',
    'bond.member-in-two-bonds bonds/bond1/members/0',
  ]);
  t.deepEqual(verify(withBond({ members: ['e0', 'e0'] })), ['bond.member-twice bonds/bond0/members/1']);
  const nested = { bond0, bond1: { mode: 'active-backup', members: ['bond0', 'e2'] } };
  t.deepEqual(verify(advanced({ bonds: nested })), [
    'bond.member-has-address bonds/bond1/members/0',
    'bond.member-is-not-a-nic bonds/bond1/members/0',
  ]);
});

test('refuses a member that already has an address, carries a VLAN or a route', (t) => {
  const links = { e0: staticIpv4('10.9.0.1/24') };
  t.deepEqual(verify(withBond({}, { links })), ['bond.member-has-address bonds/bond0/members/0']);
  const vlans = { v5: { parent: 'e1', id: 5 } };
  t.deepEqual(verify(withBond({}, { vlans })), ['bond.member-is-parent bonds/bond0/members/1']);
  const routes = [{ destination: '172.16.0.0/12', interface: 'e0' }];
  t.deepEqual(verify(withBond({}, { routes })), ['bond.member-has-route bonds/bond0/members/0']);
});

test('says what to do about a member with an address', (t) => {
  const { text } = networkReports.report('network.bond.member-has-address', { bond: 'bond0', member: 'e0' });
  t.is(
    text,
    'Bond bond0: e0 has addresses of its own. Remove them first with "gemel network link set e0 --ipv4 none --ipv6 none".',
  );
});

test('a member that is not there: refused when new, kept when confirmed, never a reason not to boot', (t) => {
  const settings = withBond({ members: ['e0', 'e9'] });
  t.deepEqual(verify(settings), ['link.unknown bonds/bond0/members/1']);
  t.deepEqual(verify(settings, { confirmed: settings }), ['link.absent bonds/bond0/members/1']);
  t.deepEqual(verify(settings, { caller: undefined }), ['link.absent bonds/bond0/members/1']);
  t.is(networkReports.definitions['network.link.unknown'].forceCode, 'unknown-interface');
});

test('refuses a bond without members and mentions one with a single member', (t) => {
  t.deepEqual(verify(withBond({ members: [] })), ['bond.no-members bonds/bond0/members']);
  t.deepEqual(verify(withBond({ members: ['e0'] })), ['bond.one-member bonds/bond0/members']);
});

test('refuses a primary that is no member and more needed links than members', (t) => {
  t.deepEqual(verify(withBond({ primary: 'e2' })), ['bond.primary-not-member bonds/bond0/primary']);
  const lacp = { mode: '802.3ad', lacpRate: 'fast' };
  t.deepEqual(verify(withBond({ ...lacp, minLinks: 3 })), ['bond.min-links-too-many bonds/bond0/minLinks']);
  t.deepEqual(verify(withBond({ ...lacp, minLinks: 2 })), []);
});

test('wants exactly one monitor, and delays only with the MII one', (t) => {
  const arpMonitor = { intervalMs: 500, targets: ['10.0.0.9'] };
  t.deepEqual(verify(withBond({ arpMonitor })), []);
  t.deepEqual(verify(withBond({ arpMonitor, miiMonitorMs: 100 })), ['bond.two-monitors bonds/bond0/arpMonitor']);
  t.deepEqual(verify(withBond({ miiMonitorMs: 0 })), ['bond.no-monitor bonds/bond0/miiMonitorMs']);
  t.deepEqual(verify(withBond({ arpMonitor, upDelayMs: 200 })), ['bond.delay-without-mii bonds/bond0/upDelayMs']);
  t.deepEqual(verify(withBond({ downDelayMs: 250 })), ['bond.delay-not-multiple bonds/bond0/downDelayMs']);
});

test('ARP targets: IPv4 hosts of others, in a network of the bond or its VLANs', (t) => {
  const targets = (...list: string[]) => verify(withBond({ arpMonitor: { intervalMs: 500, targets: list } }));
  const place = 'bonds/bond0/arpMonitor/targets/0';
  for (const wrong of ['nonsense', 'fd00::1', '224.0.0.1', '10.0.0.1'])
    t.deepEqual(targets(wrong), [`bond.arp-target-invalid ${place}`], wrong);
  t.deepEqual(targets('10.1.0.1'), [`bond.arp-target-outside ${place}`]);
  const vlans = { v5: { parent: 'bond0', id: 5, ...staticIpv4('10.1.0.2/24') } };
  t.deepEqual(verify(withBond({ arpMonitor: { intervalMs: 500, targets: ['10.1.0.1'] } }, { vlans })), []);
});

test('advises on slow LACP, balance modes on cluster links and unlike speeds', (t) => {
  t.deepEqual(verify(withBond({ mode: '802.3ad' })), ['bond.slow-lacp bonds/bond0/lacpRate']);
  t.deepEqual(verify(withBond({ mode: 'balance-rr', purpose: 'sync' })), [
    'bond.balance-on-cluster-link bonds/bond0/mode',
  ]);
  t.deepEqual(verify(withBond({ purpose: 'sync' })), []);
  const facts = { ...fourNics, links: [nic('e0', 0), nic('e1', 1, { speed: 10000 }), ...fourNics.links.slice(2)] };
  t.deepEqual(verify(withBond({ mode: 'balance-xor' }), { facts }), ['bond.unlike-speeds bonds/bond0/members']);
  t.deepEqual(verify(withBond({}), { facts }), []);
});

test('refuses hardware addresses no bond can have', (t) => {
  for (const hardwareAddress of ['01:00:5e:00:00:01', '00:00:00:00:00:00']) {
    t.deepEqual(verify(withBond({ hardwareAddress })), ['bond.hardware-address-unusable bonds/bond0/hardwareAddress']);
  }
  t.deepEqual(verify(withBond({ hardwareAddress: '52:54:00:01:02:03' })), []);
});
