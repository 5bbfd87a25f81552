import { MemoryFileStore } from '@gemel/core/testing';
import { SandboxLinks } from '#core/system/sandbox/sandbox-links.js';
import test from 'ava';

const folder = '/run/systemd/network';
const bond = {
  [`${folder}/20-bond0.netdev`]: '[NetDev]\nName=bond0\nKind=bond\n\n[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\n',
  [`${folder}/20-bond0.network`]:
    '[Match]\nName=bond0\n[Link]\nMTUBytes=9000\n[Network]\nAddress=192.0.2.1/24\nVLAN=v5\n',
  [`${folder}/20-eth0.network`]: '[Match]\nPermanentMACAddress=02:67:65:6d:00:00\nKind=!*\n[Network]\nBond=bond0\n',
  [`${folder}/20-eth1.network`]: '[Match]\nName=eth1\n[Network]\nBond=bond0\nPrimarySlave=yes\n',
  [`${folder}/20-v5.netdev`]: '[NetDev]\nName=v5\nKind=vlan\n[VLAN]\nId=5\n',
  [`${folder}/20-v5.network`]: '[Match]\nName=v5\n[Network]\nDHCP=ipv4\n',
};

interface Printed {
  ifname: string;
  flags: string[];
  mtu: number;
  master?: string;
  link?: string;
  linkinfo?: { info_kind?: string; info_data?: Record<string, unknown>; info_slave_data?: Record<string, unknown> };
  addr_info: { local: string; prefixlen: number; dynamic?: boolean }[];
}

function printed(links: SandboxLinks): Readonly<Record<string, Printed>> {
  // The model's own output, in the shape of `ip -json`.
  const list: Printed[] = JSON.parse(links.addressShow());
  return Object.fromEntries(list.map((link) => [link.ifname, link]));
}

test('starts with four NICs that are down', (t) => {
  const links = printed(new SandboxLinks());
  t.deepEqual(Object.keys(links), ['lo', 'eth0', 'eth1', 'eth2', 'eth3']);
  t.deepEqual(links['eth0']?.flags, ['BROADCAST']);
});

test('makes the bond and the VLAN that the files ask for', async (t) => {
  const links = new SandboxLinks();
  await links.reload(new MemoryFileStore(bond));
  const { bond0, eth0, eth1, v5 } = printed(links);
  t.is(bond0?.linkinfo?.info_data?.['mode'], 'active-backup');
  t.is(bond0?.linkinfo?.info_data?.['miimon'], 100);
  t.is(bond0?.linkinfo?.info_data?.['primary'], 'eth1');
  t.deepEqual([bond0?.mtu, eth0?.mtu], [9000, 9000]);
  t.deepEqual([eth0?.master, eth0?.linkinfo?.info_slave_data?.['state']], ['bond0', 'BACKUP']);
  t.is(eth1?.linkinfo?.info_slave_data?.['state'], 'ACTIVE');
  t.deepEqual(
    bond0?.addr_info.map(({ local, prefixlen }) => [local, prefixlen]),
    [['192.0.2.1', 24]],
  );
  t.deepEqual([v5?.link, v5?.linkinfo?.info_data?.['id'], v5?.addr_info[0]?.dynamic], ['bond0', 5, true]);
});

test('keeps a bond without files until it is deleted, as networkd does', async (t) => {
  const links = new SandboxLinks();
  await links.reload(new MemoryFileStore(bond));
  await links.reload(new MemoryFileStore({}));
  t.true('bond0' in printed(links));
  t.is(printed(links)['eth0']?.master, undefined);
  t.true(links.delete('bond0'));
  t.false('bond0' in printed(links));
  t.false(links.delete('eth0'));
});
