import type { Check } from '../settings/check.js';
import { nameProblem } from './interface-name.js';
import { defaultMtu, effectiveMtu, type ModelInterface } from '../settings/network-model.js';

export function verifyNames(check: Check): void {
  const uses = new Map<string, string>();
  const groups = [
    ['NIC', 'links', check.settings.links],
    ['bond', 'bonds', check.settings.bonds],
    ['VLAN', 'vlans', check.settings.vlans],
  ] as const;
  for (const [noun, key, named] of groups) {
    for (const name of Object.keys(named)) {
      const path = `network/${key}/${name}`;
      const reason = nameProblem(name);
      if (reason !== undefined) check.report('network.name.invalid', { name, reason }, path);
      const first = uses.get(name);
      if (first !== undefined) check.report('network.name.taken', { name, first, second: noun }, path);
      else uses.set(name, noun);
      const present = check.links.named(name);
      if (noun !== 'NIC' && present?.kind === 'physical') {
        check.report('network.name.taken', { name, first: 'NIC', second: noun }, path);
      }
    }
  }
}

export function verifyMode(check: Check): void {
  const { settings } = check;
  if (settings.mode === 'advanced') return;
  const parts = [
    [Object.keys(settings.links).length, 'NICs with their own settings'],
    [Object.keys(settings.bonds).length, 'bonds'],
    [Object.keys(settings.vlans).length, 'VLANs'],
    [settings.routes.length, 'static routes'],
  ] as const;
  const what = parts.filter(([count]) => count > 0).map(([, noun]) => noun);
  if (what.length > 0) check.report('network.mode.simple-with-advanced', { what: what.join(' and ') }, 'network/mode');
  if (check.model.interfaces.size === 0) check.report('network.simple.no-interface', {}, 'network/simple/interface');
}

/** NICs: there or missing, replaced or renamed, one hardware address each. */
export function verifyLinks(check: Check): void {
  const owners = new Map<string, string>();
  for (const subject of check.model.interfaces.values()) {
    if (subject.kind !== 'link') continue;
    const invalid = nameProblem(subject.name);
    // Names in `links` were looked at by verifyNames; here are those that others refer to.
    if (invalid !== undefined && !subject.path.startsWith('network/links/')) {
      check.report('network.name.invalid', { name: subject.name, reason: invalid }, subject.path);
    }
    if (subject.hardwareAddress !== undefined) {
      const other = owners.get(subject.hardwareAddress);
      const { name, hardwareAddress } = subject;
      if (other === undefined) owners.set(hardwareAddress, name);
      else
        check.report(
          'network.link.hardware-address-twice',
          { interface: name, other, hardwareAddress },
          `${subject.path}/hardwareAddress`,
        );
    }
    if (invalid === undefined && !check.links.isEmpty) verifyPresence(check, subject);
  }
}

function verifyPresence(check: Check, subject: ModelInterface): void {
  const { name, hardwareAddress, path } = subject;
  const present = check.links.find(subject);
  const place = path === 'network/simple' ? 'network/simple/interface' : path;
  if (present === undefined) {
    const namesake = hardwareAddress === undefined ? undefined : check.links.named(name);
    const found = namesake?.permanentAddress;
    if (hardwareAddress !== undefined && found !== undefined) {
      check.report(
        'network.link.replaced',
        { interface: name, expected: hardwareAddress, found, command: takeUpCommand(path, name, found) },
        `${path}/hardwareAddress`,
      );
    } else if (check.caller === undefined || check.confirmedModel.interfaces.has(name)) {
      check.report('network.link.absent', { interface: name }, place);
    } else if (subject.vlans.length === 0 || subject.bonds.length > 0 || path.startsWith('network/links/')) {
      check.report('network.link.unknown', { interface: name, known: check.knownNics }, place);
    }
    return;
  }
  if (!present.nic && present.kind !== 'veth' && present.kind !== 'physical') {
    check.report('network.link.not-a-nic', { interface: name, kind: present.kind }, place);
  } else if (present.name !== name && hardwareAddress !== undefined) {
    check.report('network.link.renamed', { interface: name, hardwareAddress, name: present.name }, place);
  }
}

/** What an operator types so that the NIC which has the name now gets its configuration. */
function takeUpCommand(path: string, name: string, hardwareAddress: string): string {
  return path === 'network/simple'
    ? `gemel network simple set --interface ${name}`
    : `gemel network link set ${name} --hardware-address ${hardwareAddress}`;
}

/** RFC 8200 section 5 and RFC 791: the smallest packet every link must carry. */
const minimumMtu = { IPv6: 1280, IPv4: 68 } as const;

export function verifyMtu(check: Check): void {
  for (const subject of check.model.interfaces.values()) {
    const mtu = effectiveMtu(check.model, subject.name);
    const place = subject.mtu === undefined ? subject.path : `${subject.path}/mtu`;
    const [bondName] = subject.bonds;
    if (bondName !== undefined && subject.mtu !== undefined && subject.mtu !== mtu) {
      check.report(
        'network.mtu.of-member',
        { member: subject.name, bond: bondName, bondMtu: mtu, mtu: subject.mtu },
        place,
      );
    }
    const family = subject.ipv6 === 'none' ? 'IPv4' : 'IPv6';
    const minimum = minimumMtu[family];
    if (mtu < minimum) check.report('network.mtu.too-small', { interface: subject.name, mtu, family, minimum }, place);
    if (subject.kind === 'link') verifyMtuOfNic(check, subject, mtu);
    if (subject.vlan !== undefined && subject.mtu !== undefined) {
      const parentMtu = effectiveMtu(check.model, subject.vlan.parent);
      const { parent } = subject.vlan;
      if (subject.mtu > parentMtu)
        check.report('network.mtu.above-parent', { vlan: subject.name, mtu, parentMtu, parent }, place);
    }
  }
}

function verifyMtuOfNic(check: Check, subject: ModelInterface, mtu: number): void {
  const link = check.links.find(subject);
  if (link === undefined || link.maximumMtu === 0 || mtu <= link.maximumMtu || mtu === defaultMtu) return;
  const [bond] = subject.bonds;
  const path = `${bond === undefined ? subject.path : `network/bonds/${bond}`}/mtu`;
  const params = { interface: bond ?? subject.name, mtu, link: link.name, maximum: link.maximumMtu };
  check.report('network.mtu.beyond-link', params, path);
}
