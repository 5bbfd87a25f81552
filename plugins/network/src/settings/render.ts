import type { RenderedFile, Rendering } from '@gemel/core/sdk';
import { formatInterfaceAddress, isInNetwork, isLinkLocal, parseAddress } from '../addresses/ip.js';
import { NetworkIndex } from '../addresses/network-index.js';
import { bondNetdev } from '../bonds/render-bond.js';
import { nameProblem } from '../links/interface-name.js';
import { gemelLinkGroup, netdevFile, networkFile } from '../networkd/names.js';
import { renderUnitFile, type UnitSection } from '../networkd/unit-file.js';
import { placeRoutes, type PlacedRoute } from '../routes/route-placement.js';
import type { NetworkFacts } from './facts.js';
import { effectiveMtu, type ModelInterface, type NetworkModel, networkModel } from './network-model.js';
import type { NetworkSettings } from './schema.js';

/** The files of systemd-networkd for the settings. Pure; what verify would refuse is left out rather than written wrongly. */
export function renderNetwork(settings: NetworkSettings, facts: NetworkFacts): Rendering {
  const model = networkModel(settings, facts);
  const routes = placeRoutes(model, NetworkIndex.of(model));
  const files: RenderedFile[] = [];
  for (const subject of model.interfaces.values()) {
    if (nameProblem(subject.name) !== undefined) continue;
    const netdev = netdevSections(subject, model);
    if (netdev !== undefined) files.push({ path: netdevFile(subject.name), content: renderUnitFile(netdev) });
    const network = networkSections(subject, model, routes.get(subject.name) ?? []);
    files.push({ path: networkFile(subject.name), content: renderUnitFile(network) });
  }
  files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { files, properties: [] };
}

function netdevSections(subject: ModelInterface, model: NetworkModel): readonly UnitSection[] | undefined {
  if (subject.bond !== undefined) return bondNetdev(subject.name, subject.bond, model);
  if (subject.vlan === undefined) return undefined;
  return [
    {
      name: 'NetDev',
      entries: [
        ['Name', subject.name],
        ['Kind', 'vlan'],
      ],
    },
    { name: 'VLAN', entries: [['Id', String(subject.vlan.id)]] },
  ];
}

type Entry = readonly [string, string];

function networkSections(
  subject: ModelInterface,
  model: NetworkModel,
  routes: readonly PlacedRoute[],
): readonly UnitSection[] {
  const isMember = subject.bonds.length > 0;
  return [
    { name: 'Match', entries: matchEntries(subject) },
    { name: 'Link', entries: linkEntries(subject, model, isMember) },
    { name: 'Network', entries: isMember ? memberEntries(subject, model) : networkEntries(subject) },
    ...(isMember ? [] : [...gatewaySections(subject), ...routes.map(routeSection), ...dynamicSections(subject)]),
  ];
}

/** `Kind=!*` is a real NIC: VLANs and bonds can carry the hardware address of one. */
function matchEntries(subject: ModelInterface): readonly Entry[] {
  return subject.kind === 'link' && subject.hardwareAddress !== undefined
    ? [
        ['PermanentMACAddress', subject.hardwareAddress],
        ['Kind', '!*'],
      ]
    : [['Name', subject.name]];
}

function linkEntries(subject: ModelInterface, model: NetworkModel, isMember: boolean): readonly Entry[] {
  const entries: Entry[] = [['Group', String(gemelLinkGroup)]];
  // The kernel gives a member its bond's MTU, and its own back when it leaves.
  if (!isMember) entries.push(['MTUBytes', String(effectiveMtu(model, subject.name))]);
  // Nothing may wait for the network at boot: an appliance without cable still starts.
  entries.push(['RequiredForOnline', 'no']);
  if (!subject.enabled) entries.push(['ActivationPolicy', 'always-down']);
  return entries;
}

function memberEntries(subject: ModelInterface, model: NetworkModel): readonly Entry[] {
  const [bondName = ''] = subject.bonds;
  const isPrimary = model.interfaces.get(bondName)?.bond?.primary === subject.name;
  return [
    ['Bond', bondName],
    ...(isPrimary ? [['PrimarySlave', 'yes'] as const] : []),
    ['LinkLocalAddressing', 'no'],
    ['IPv6AcceptRA', 'no'],
  ];
}

function networkEntries(subject: ModelInterface): readonly Entry[] {
  const { ipv4, ipv6 } = subject;
  const dhcp = ipv4 === 'dhcp' ? (ipv6 === 'dhcp' ? 'yes' : 'ipv4') : ipv6 === 'dhcp' ? 'ipv6' : 'no';
  const isDynamic = dhcp !== 'no' || ipv6 === 'slaac';
  const isStatic = ipv4 === 'static' || ipv6 === 'static';
  const entries: Entry[] = [
    ['DHCP', dhcp],
    ['LinkLocalAddressing', ipv6 === 'none' ? 'no' : 'ipv6'],
    ['IPv6AcceptRA', ipv6 === 'slaac' || ipv6 === 'dhcp' ? 'yes' : 'no'],
    // static: addresses that others put there, such as a cluster's, survive a reload or restart of networkd.
    ['KeepConfiguration', isDynamic && !isStatic ? 'dynamic-on-stop' : 'static'],
  ];
  // Services can bind to a static address also while the cable is out, and an activation does not wait for a switch.
  if (isStatic || !isDynamic) entries.push(['ConfigureWithoutCarrier', 'yes']);
  for (const { parsed, family } of subject.addresses) {
    if (parsed?.family === family) entries.push(['Address', formatInterfaceAddress(parsed)]);
  }
  for (const vlan of subject.vlans) if (nameProblem(vlan) === undefined) entries.push(['VLAN', vlan]);
  return entries;
}

function gatewaySections(subject: ModelInterface): readonly UnitSection[] {
  return subject.gateways.flatMap((gateway) => {
    const address = parseAddress(gateway.text);
    if (address?.family !== gateway.family) return [];
    const entries: Entry[] = [['Gateway', address.text]];
    // verify refuses a gateway outside unless the operator insists that it is on the link.
    const isInside =
      isLinkLocal(address) ||
      subject.addresses.some(({ parsed }) => parsed !== undefined && isInNetwork(address, parsed));
    if (!isInside) entries.push(['GatewayOnLink', 'yes']);
    if (gateway.metric !== undefined) entries.push(['Metric', String(gateway.metric)]);
    return [{ name: 'Route', entries }];
  });
}

function routeSection({ route, destination, gateway, source }: PlacedRoute): UnitSection {
  const entries: Entry[] = [['Destination', formatInterfaceAddress(destination)]];
  if (gateway !== undefined) entries.push(['Gateway', gateway.text]);
  if (gateway !== undefined && route.onLink === true) entries.push(['GatewayOnLink', 'yes']);
  if (source !== undefined) entries.push(['PreferredSource', source.text]);
  if (route.metric !== undefined) entries.push(['Metric', String(route.metric)]);
  return { name: 'Route', entries };
}

function dynamicSections(subject: ModelInterface): readonly UnitSection[] {
  const sections: UnitSection[] = [];
  // By hardware address, the lease stays the same after a new installation; the host name is a setting, not the server's to give.
  if (subject.ipv4 === 'dhcp') {
    sections.push({
      name: 'DHCPv4',
      entries: [
        ['ClientIdentifier', 'mac'],
        ['UseHostname', 'no'],
      ],
    });
  }
  // A router may send networkd to a DHCPv6 server too: its name servers are welcome, an address from it was not asked for.
  if (subject.ipv6 === 'slaac') {
    sections.push({
      name: 'DHCPv6',
      entries: [
        ['UseHostname', 'no'],
        ['UseAddress', 'no'],
      ],
    });
  }
  if (subject.ipv6 === 'dhcp') {
    sections.push({
      name: 'DHCPv6',
      entries: [
        ['UseHostname', 'no'],
        ['WithoutRA', 'solicit'],
      ],
    });
    sections.push({
      name: 'IPv6AcceptRA',
      entries: [
        ['UseAutonomousPrefix', 'no'],
        ['DHCPv6Client', 'always'],
      ],
    });
  }
  return sections;
}
