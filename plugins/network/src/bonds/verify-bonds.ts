import { parseAddress, unusableReason } from '../addresses/ip.js';
import type { Check } from '../settings/check.js';
import type { ModelInterface } from '../settings/network-model.js';
import { bondOptionModes, bondOptions, fitsMode } from './bond-modes.js';
import type { BondSettings } from './bond-schema.js';
import { miiMonitorOf } from './monitors.js';

export function verifyBonds(check: Check): void {
  const routed = new Map(
    check.model.routes.filter((route) => route.interface !== undefined).map((route) => [route.interface, route]),
  );
  for (const subject of check.model.interfaces.values()) {
    if (subject.bond === undefined) continue;
    verifyMembers(check, subject.name, subject.bond, routed);
    verifyOptions(check, subject.name, subject.bond);
    verifyMonitors(check, subject, subject.bond);
    advise(check, subject.name, subject.bond);
  }
}

function verifyMembers(
  check: Check,
  bond: string,
  settings: BondSettings,
  routed: ReadonlyMap<string | undefined, { readonly destination: string }>,
): void {
  const path = `network/bonds/${bond}/members`;
  const { members } = settings;
  if (members.length === 0) check.report('network.bond.no-members', { bond }, path);
  if (members.length === 1) check.report('network.bond.one-member', { bond }, path);
  const seen = new Set<string>();
  members.forEach((member, index) => {
    const place = `${path}/${index}`;
    if (seen.has(member)) {
      check.report('network.bond.member-twice', { bond, member }, place);
      return;
    }
    seen.add(member);
    const subject = check.model.interfaces.get(member);
    if (subject === undefined) return;
    const other = subject.bonds.find((name) => name !== bond);
    if (other !== undefined) check.report('network.bond.member-in-two-bonds', { bond, member, other }, place);
    if (subject.kind !== 'link')
      check.report('network.bond.member-is-not-a-nic', { bond, member, kind: subject.kind }, place);
    if (subject.ipv4 !== 'none' || subject.ipv6 !== 'none')
      check.report('network.bond.member-has-address', { bond, member }, place);
    const vlan = subject.vlans[0];
    if (vlan !== undefined) check.report('network.bond.member-is-parent', { bond, member, vlan }, place);
    const route = routed.get(member);
    if (route !== undefined)
      check.report('network.bond.member-has-route', { bond, member, destination: route.destination }, place);
    if (!subject.enabled) check.report('network.bond.member-disabled', { bond, member }, place);
  });
}

function verifyOptions(check: Check, bond: string, settings: BondSettings): void {
  const path = `network/bonds/${bond}`;
  const { mode, members, primary, minLinks, hardwareAddress } = settings;
  for (const option of bondOptions) {
    if (settings[option] === undefined || fitsMode(option, mode)) continue;
    const modes = bondOptionModes[option].join(', ');
    check.report('network.bond.option-misfit', { bond, option, mode, modes }, `${path}/${option}`);
  }
  if (primary !== undefined && !members.includes(primary)) {
    const known = members.length === 0 ? '(no members)' : members.join(', ');
    check.report('network.bond.primary-not-member', { bond, primary, members: known }, `${path}/primary`);
  }
  if (minLinks !== undefined && minLinks > members.length) {
    check.report('network.bond.min-links-too-many', { bond, minLinks, members: members.length }, `${path}/minLinks`);
  }
  // The lowest bit of the first byte marks group addresses.
  const unusable =
    hardwareAddress !== undefined && (/^.[13579bdf]/.test(hardwareAddress) || /^[0:]+$/.test(hardwareAddress));
  if (unusable)
    check.report('network.bond.hardware-address-unusable', { bond, hardwareAddress }, `${path}/hardwareAddress`);
}

function verifyMonitors(check: Check, subject: ModelInterface, settings: BondSettings): void {
  const bond = subject.name;
  const path = `network/bonds/${bond}`;
  const { arpMonitor } = settings;
  const interval = miiMonitorOf(settings);
  if (arpMonitor !== undefined && interval > 0)
    check.report('network.bond.two-monitors', { bond }, `${path}/arpMonitor`);
  if (arpMonitor === undefined && interval === 0)
    check.report('network.bond.no-monitor', { bond }, `${path}/miiMonitorMs`);
  for (const option of ['upDelayMs', 'downDelayMs', 'peerNotifyDelayMs'] as const) {
    const value = settings[option];
    if (value === undefined || value === 0) continue;
    if (interval === 0) check.report('network.bond.delay-without-mii', { bond, option }, `${path}/${option}`);
    else if (value % interval !== 0) {
      const rounded = value - (value % interval);
      check.report('network.bond.delay-not-multiple', { bond, option, value, interval, rounded }, `${path}/${option}`);
    }
  }
  arpMonitor?.targets.forEach((target, index) =>
    verifyArpTarget(check, subject, target, `${path}/arpMonitor/targets/${index}`),
  );
}

function verifyArpTarget(check: Check, subject: ModelInterface, target: string, path: string): void {
  const bond = subject.name;
  const address = parseAddress(target);
  const reason =
    address === undefined ? 'it is no address' : address.family === 6 ? 'ARP knows only IPv4' : unusableReason(address);
  if (address === undefined || reason !== undefined) {
    check.report('network.bond.arp-target-invalid', { bond, target, reason: reason ?? 'it is no address' }, path);
    return;
  }
  if (check.networks.owner(address) !== undefined) {
    check.report(
      'network.bond.arp-target-invalid',
      { bond, target, reason: 'it is an address of this appliance' },
      path,
    );
    return;
  }
  const carriers = new Set([bond, ...subject.vlans]);
  const subjects = [...carriers].map((name) => check.model.interfaces.get(name));
  // Networks that come from a DHCP server are not known yet.
  if (subjects.some((each) => each !== undefined && check.isDynamic(each, 4))) return;
  if (check.networks.find(address, (owned) => carriers.has(owned.interface)) === undefined) {
    check.report('network.bond.arp-target-outside', { bond, target }, path);
  }
}

function advise(check: Check, bond: string, settings: BondSettings): void {
  const path = `network/bonds/${bond}`;
  const { mode, purpose } = settings;
  if (mode === '802.3ad' && settings.lacpRate !== 'fast')
    check.report('network.bond.slow-lacp', { bond }, `${path}/lacpRate`);
  const spreads = mode === 'balance-rr' || mode === 'balance-xor' || mode === 'balance-tlb' || mode === 'balance-alb';
  if (purpose !== undefined && (spreads || mode === 'broadcast')) {
    check.report('network.bond.balance-on-cluster-link', { bond, purpose, mode }, `${path}/mode`);
  }
  if (mode === 'active-backup') return;
  const speeds: string[] = [];
  const different = new Set<number>();
  for (const member of settings.members) {
    const subject = check.model.interfaces.get(member);
    const speed = subject === undefined ? undefined : check.links.find(subject)?.speed;
    if (speed === undefined) continue;
    speeds.push(`${member} ${speed} Mbit/s`);
    different.add(speed);
  }
  if (different.size > 1)
    check.report('network.bond.unlike-speeds', { bond, speeds: speeds.join(', ') }, `${path}/members`);
}
