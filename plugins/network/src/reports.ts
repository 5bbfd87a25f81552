import { defineReports, type ReportDefinition } from '@gemel/core/sdk';
import { z } from 'zod';

const nameReports = {
  'network.name.invalid': {
    severity: 'error',
    text: '{name} cannot be the name of an interface: {reason}. Choose 1 to 15 of the letters, digits, ".", "_" and "-", starting with a letter.',
  },
  'network.name.taken': {
    severity: 'error',
    text: 'The name {name} is used for a {first} and for a {second}. Rename one of them.',
  },
  'network.mode.simple-with-advanced': {
    severity: 'error',
    text: 'The appliance is in Simple Mode, in which {what} have no place. Switch with "gemel network mode set advanced", or remove them.',
  },
  'network.simple.no-interface': {
    severity: 'warning',
    text: 'This appliance has no wired network interface. The settings take effect when one is there.',
  },
} as const satisfies Record<string, ReportDefinition>;

const linkReports = {
  'network.link.unknown': {
    severity: 'error',
    forceCode: 'unknown-interface',
    text: 'There is no network interface {interface}. Choose one of: {known}. If it is plugged in later, force it.',
  },
  'network.link.absent': {
    severity: 'warning',
    text: 'The network interface {interface} is missing. Its configuration is kept and takes effect when it is there again.',
  },
  'network.link.replaced': {
    severity: 'warning',
    text: 'The NIC that is now called {interface} has the hardware address {found}, not {expected}. The configuration waits for the NIC with {expected}. If it was replaced: {command}',
  },
  'network.link.renamed': {
    severity: 'info',
    text: 'The NIC configured as {interface} ({hardwareAddress}) is now called {name}. Its configuration follows it.',
  },
  'network.link.not-a-nic': {
    severity: 'error',
    text: '{interface} is a {kind} that something else made, not a NIC. Choose a NIC, or remove the {kind} first.',
  },
  'network.link.hardware-address-twice': {
    severity: 'error',
    text: '{interface} and {other} both name the hardware address {hardwareAddress}. Correct one of them.',
  },
} as const satisfies Record<string, ReportDefinition>;

const bondReports = {
  'network.bond.no-members': {
    severity: 'error',
    forceCode: 'bond-without-members',
    text: 'Bond {bond} has no members. Add NICs with "gemel network bond add-member", or delete the bond.',
  },
  'network.bond.one-member': {
    severity: 'info',
    text: 'Bond {bond} has only one member, so there is nothing to fail over to. Add a second NIC.',
  },
  'network.bond.member-twice': { severity: 'error', text: 'Bond {bond} names {member} twice. Remove one.' },
  'network.bond.member-in-two-bonds': {
    severity: 'error',
    text: '{member} is a member of bond {bond} and of bond {other}. Remove it from one of them.',
  },
  'network.bond.member-has-address': {
    severity: 'error',
    text: 'Bond {bond}: {member} has addresses of its own. Remove them first with "gemel network link set {member} --ipv4 none --ipv6 none".',
  },
  'network.bond.member-is-parent': {
    severity: 'error',
    text: 'Bond {bond}: {member} carries the VLAN {vlan}. Give the VLAN another parent, for example {bond}, or remove {member} from the bond.',
  },
  'network.bond.member-has-route': {
    severity: 'error',
    text: 'Bond {bond}: the route to {destination} uses {member}. Change the route to {bond}, or remove {member} from the bond.',
  },
  'network.bond.member-is-not-a-nic': {
    severity: 'error',
    text: 'Bond {bond}: {member} is a {kind}. A bond is made of NICs; remove {member}.',
  },
  'network.bond.member-disabled': {
    severity: 'warning',
    text: 'Bond {bond}: {member} is disabled and will not be used. Enable it or remove it.',
  },
  'network.bond.option-misfit': {
    severity: 'error',
    text: 'Bond {bond}: {option} has no meaning in mode {mode}, only in {modes}. Remove the option or change the mode.',
  },
  'network.bond.primary-not-member': {
    severity: 'error',
    text: 'Bond {bond}: the primary {primary} is not a member. Choose one of: {members}.',
  },
  'network.bond.min-links-too-many': {
    severity: 'error',
    text: 'Bond {bond} needs {minLinks} working members but has {members}, so it could never work. Lower minLinks or add members.',
  },
  'network.bond.two-monitors': {
    severity: 'error',
    text: 'Bond {bond} has a MII monitor and an ARP monitor. The kernel uses one; remove miiMonitorMs or arpMonitor.',
  },
  'network.bond.no-monitor': {
    severity: 'error',
    text: 'Bond {bond} watches its members by nothing, so a broken cable would not be noticed. Set miiMonitorMs to 100, or use arpMonitor.',
  },
  'network.bond.delay-without-mii': {
    severity: 'error',
    text: 'Bond {bond}: {option} works only with the MII monitor. Remove {option} or use miiMonitorMs instead of arpMonitor.',
  },
  'network.bond.delay-not-multiple': {
    severity: 'warning',
    text: 'Bond {bond}: {option} of {value} ms is no multiple of miiMonitorMs ({interval} ms); the kernel rounds it down to {rounded} ms.',
  },
  'network.bond.arp-target-invalid': {
    severity: 'error',
    text: 'Bond {bond}: {target} cannot be an ARP target: {reason}. Enter the IPv4 address of a host that always answers, such as the gateway.',
  },
  'network.bond.arp-target-outside': {
    severity: 'error',
    forceCode: 'arp-target-outside',
    text: 'Bond {bond}: the ARP target {target} is in no network of the bond or its VLANs, so nobody would answer. Choose a host in one of them.',
  },
  'network.bond.hardware-address-unusable': {
    severity: 'error',
    text: 'Bond {bond}: {hardwareAddress} is a group address or empty. Enter a unicast hardware address, or none.',
  },
  'network.bond.slow-lacp': {
    severity: 'warning',
    text: 'Bond {bond}: with slow LACP a member that fails silently is noticed after 90 s. Set lacpRate to fast (3 s) if the switch can.',
  },
  'network.bond.balance-on-cluster-link': {
    severity: 'warning',
    text: 'Bond {bond} is used by the cluster ({purpose}). Mode {mode} can lose or reorder its packets when a member fails; choose active-backup or 802.3ad.',
  },
  'network.bond.unlike-speeds': {
    severity: 'warning',
    text: 'Bond {bond}: its members differ in speed ({speeds}). Use NICs of one speed, or mode active-backup.',
  },
} as const satisfies Record<string, ReportDefinition>;

const vlanReports = {
  'network.vlan.id-range': { severity: 'error', text: 'VLAN {vlan}: the id {id} is not possible. Choose 1 to 4094.' },
  'network.vlan.id-taken': {
    severity: 'error',
    text: 'VLAN {vlan}: {parent} already carries id {id} as {other}. Choose another id or another parent.',
  },
  'network.vlan.parent-missing': {
    severity: 'error',
    forceCode: 'unknown-interface',
    text: 'VLAN {vlan}: there is no interface {parent} to carry it. Choose one of: {known}.',
  },
  'network.vlan.parent-is-vlan': {
    severity: 'error',
    text: 'VLAN {vlan}: its parent {parent} is a VLAN itself. Choose the NIC or bond below it.',
  },
  'network.vlan.parent-disabled': {
    severity: 'warning',
    text: 'VLAN {vlan}: its parent {parent} is disabled, so the VLAN will not work. Enable {parent}.',
  },
  'network.mtu.above-parent': {
    severity: 'error',
    text: 'VLAN {vlan}: its MTU of {mtu} is above the {parentMtu} of {parent}. Lower it, or raise that of {parent}.',
  },
  'network.mtu.too-small': {
    severity: 'error',
    text: '{interface}: an MTU of {mtu} is too small for {family}, which needs {minimum}. Raise it.',
  },
  'network.mtu.beyond-link': {
    severity: 'error',
    text: '{interface}: an MTU of {mtu} is more than the NIC {link} can ({maximum}). Lower it.',
  },
  'network.mtu.of-member': {
    severity: 'warning',
    text: '{member} is a member of bond {bond}, whose MTU of {bondMtu} it takes over; its own of {mtu} is ignored. Set the MTU of {bond}.',
  },
} as const satisfies Record<string, ReportDefinition>;

const addressReports = {
  'network.address.invalid': {
    severity: 'error',
    text: '{interface}: {address} is no IPv{family} address with prefix. Write it as {example}.',
  },
  'network.address.missing': {
    severity: 'error',
    text: '{interface}: IPv{family} is static but has no address. Enter one, or choose another method.',
  },
  'network.address.not-static': {
    severity: 'error',
    text: '{interface}: addresses or a gateway are entered for IPv{family}, but its method is {method}. Remove them, or choose static.',
  },
  'network.address.unusable': {
    severity: 'error',
    text: '{interface}: {address} cannot be used: {reason}. Enter an address of a host in your network.',
  },
  'network.address.twice': {
    severity: 'error',
    text: '{interface}: {address} is also entered for {other}. An address can be on one interface only, once.',
  },
  'network.address.overlap': {
    severity: 'error',
    forceCode: 'overlapping-networks',
    text: '{interface}: the network of {address} overlaps with {otherAddress} on {other}. Answers could leave by the wrong interface; use separate networks.',
  },
  'network.gateway.invalid': {
    severity: 'error',
    text: '{interface}: {gateway} cannot be an IPv{family} gateway: {reason}. Enter the address of the router.',
  },
  'network.gateway.outside': {
    severity: 'error',
    forceCode: 'gateway-outside',
    text: '{interface}: the gateway {gateway} is in none of its networks ({networks}). Correct the gateway, the address or the prefix; force it only if the router is on that link all the same.',
  },
  'network.gateway.own-address': {
    severity: 'error',
    text: '{interface}: the gateway {gateway} is an address of this appliance. Enter the address of the router.',
  },
  'network.gateway.twice': {
    severity: 'error',
    text: '{interface} and {other} both have an IPv{family} default gateway with metric {metric}. Keep one, or give them different metrics.',
  },
} as const satisfies Record<string, ReportDefinition>;

const routeReports = {
  'network.route.destination-invalid': {
    severity: 'error',
    text: 'Route to {destination}: {reason}. Write a network with prefix such as 192.168.0.0/16, or default.',
  },
  'network.route.no-next-hop': {
    severity: 'error',
    text: 'Route to {destination}: neither gateway nor interface is entered. Enter at least one.',
  },
  'network.route.gateway-invalid': {
    severity: 'error',
    text: 'Route to {destination}: {gateway} cannot be its gateway: {reason}. Enter the address of the router.',
  },
  'network.route.unreachable': {
    severity: 'error',
    text: 'Route to {destination}: the gateway {gateway} is in no network of {where}. Correct it, or set onLink if the router really is on that link.',
  },
  'network.route.interface-unknown': {
    severity: 'error',
    text: 'Route to {destination}: the interface {interface} is not configured. Choose one of: {known}.',
  },
  'network.route.source-not-own': {
    severity: 'error',
    text: 'Route to {destination}: {source} is no address of this appliance. Enter one of its own, or none.',
  },
  'network.route.twice': {
    severity: 'error',
    text: 'The route to {destination} with metric {metric} is entered twice. Remove one.',
  },
  'network.route.is-gateway': {
    severity: 'error',
    text: 'The route to {destination} with metric {metric} is the one that the gateway of {interface} already makes. Remove one of them, or give one another metric.',
  },
} as const satisfies Record<string, ReportDefinition>;

const reachReports = {
  'network.connection.lost': {
    severity: 'error',
    forceCode: 'connection-lost',
    text: 'Your own connection comes in at {address} on {interface}, which this change takes away. Connect by another address first, or force it and confirm from there or the console.',
  },
  'network.connection.other-lost': {
    severity: 'warning',
    text: 'An open {service} connection from {remote} comes in at {address} on {interface}, which this change takes away.',
  },
  'network.way-in.none': {
    severity: 'warning',
    text: 'No interface would have an address: the appliance could be reached only at its console. Without a confirmation there, the present network comes back.',
  },
} as const satisfies Record<string, ReportDefinition>;

const probeReports = {
  'network.probe.link-absent': { severity: 'warning', text: '{interface} is missing; its configuration waits for it.' },
  'network.probe.not-configured': {
    severity: 'error',
    text: '{interface} was not configured by systemd-networkd (it says {state}). See "networkctl status {interface}".',
  },
  'network.probe.address-missing': { severity: 'error', text: '{interface} does not have its address {address}.' },
  'network.probe.address-duplicate': {
    severity: 'error',
    text: '{interface}: another host on the network already uses {address}. Choose a free address.',
  },
  'network.probe.address-in-use': {
    severity: 'error',
    forceCode: 'address-in-use',
    text: '{interface}: {hardwareAddress} on the network also answers for {address}. Choose a free address, or switch the other host off; force it only if that host is about to give the address up.',
  },
  'network.probe.no-carrier': {
    severity: 'warning',
    text: '{interface} has no carrier. Check the cable and the switch port.',
  },
  'network.probe.no-lease': {
    severity: 'warning',
    text: '{interface} has not got an address by {method} yet. Check that a server answers there.',
  },
  'network.probe.member-not-joined': { severity: 'error', text: '{member} did not become a member of bond {bond}.' },
  'network.probe.bond-differs': {
    severity: 'error',
    text: 'Bond {bond}: {option} is {found} in the kernel, not {expected}.',
  },
  'network.probe.no-lacp-partner': {
    severity: 'warning',
    text: 'Bond {bond}: no LACP partner answers. Check that the switch ports are set up for LACP.',
  },
  'network.probe.gateway-silent': {
    severity: 'warning',
    text: '{interface}: the gateway {gateway} does not answer. Check the gateway address, the VLAN and the cabling.',
  },
  'network.probe.connection-gone': {
    severity: 'warning',
    text: 'The open {service} connection from {remote} came in at {address}, which is no longer there.',
  },
  'network.probe.unavailable': { severity: 'warning', text: '{what} could not be checked: {reason}' },
} as const satisfies Record<string, ReportDefinition>;

const checkReports = {
  'network.check.fine': { severity: 'info', text: '{what}: nothing wrong was found.' },
  'network.check.not-possible': { severity: 'info', text: '{what} cannot be checked before it is activated: {reason}' },
  'network.check.mtu': {
    severity: 'warning',
    text: '{interface}: packets of {mtu} bytes do not reach the gateway {gateway} and back. Lower the MTU, or raise it on the switch.',
  },
  'network.check.one-way': {
    severity: 'warning',
    text: '{interface} sends but nothing comes back. Check the cable, and that the switch port is in the right VLAN.',
  },
} as const satisfies Record<string, ReportDefinition>;

export const networkReports = defineReports({
  ...nameReports,
  ...linkReports,
  ...bondReports,
  ...vlanReports,
  ...addressReports,
  ...routeReports,
  ...reachReports,
  ...probeReports,
  ...checkReports,
});

/** A report inside an action's output. */
export const reportSchema = z.object({
  code: z.string().describe('What kind of finding'),
  severity: z.enum(['error', 'warning', 'info']).describe('How bad it is'),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).describe('What fills the text'),
  path: z.string().describe('Place in the settings; empty when it concerns none'),
  text: z.string().describe('The sentence for people'),
  forceCode: z.string().optional().describe('Overrules it, given to activate'),
});
