/** The kernel's seven modes, in the order of their numbers (Documentation/networking/bonding.rst). */
export const bondModes = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const;

export type BondMode = (typeof bondModes)[number];

export const bondModeSummaries: Readonly<Record<BondMode, string>> = {
  'balance-rr':
    'Packets leave over the members in turn. Needs a static trunk on the switch; packets may arrive out of order',
  'active-backup': 'One member works, the others stand by. Needs nothing of the switch: the safe choice',
  'balance-xor': 'Each connection keeps to one member, chosen by a hash. Needs a static trunk on the switch',
  broadcast: 'Every packet leaves over every member. For special networks only',
  '802.3ad': 'LACP: members negotiate with the switch. Needs LACP there; misconnected cables are noticed',
  'balance-tlb': 'Outgoing traffic is spread by load, incoming traffic uses one member. Needs nothing of the switch',
  'balance-alb': 'As balance-tlb, and incoming IPv4 traffic is spread by ARP. Needs nothing of the switch',
};

const every = bondModes;
const arpCapable = ['balance-rr', 'active-backup', 'balance-xor', 'broadcast'] as const;
const withSpare = ['active-backup', 'balance-tlb', 'balance-alb'] as const;

/**
 * Which option does something in which mode. From the kernel's `unsuppmodes` (drivers/net/bonding/bond_options.c), from its
 * documentation where the driver accepts an option and ignores it, and from what networkd passes on (netdev/bond.c).
 * Keys are property names of the bond schema.
 */
export const bondOptionModes = {
  miiMonitorMs: every,
  upDelayMs: every,
  downDelayMs: every,
  arpMonitor: arpCapable,
  lacpRate: ['802.3ad'],
  transmitHashPolicy: ['balance-xor', '802.3ad', 'balance-tlb'],
  primary: withSpare,
  primaryReselect: withSpare,
  minLinks: ['802.3ad'],
  failOverMac: ['active-backup'],
  adSelect: ['802.3ad'],
  adActorSystemPriority: ['802.3ad'],
  adActorSystem: ['802.3ad'],
  adUserPortKey: ['802.3ad'],
  packetsPerMember: ['balance-rr'],
  gratuitousArp: ['active-backup'],
  peerNotifyDelayMs: ['active-backup'],
  allMembersActive: ['active-backup', '802.3ad', 'balance-tlb', 'balance-alb'],
  resendIgmp: ['balance-rr', 'active-backup', 'balance-tlb', 'balance-alb'],
  learnPacketIntervalSec: ['balance-tlb', 'balance-alb'],
  dynamicTransmitLoadBalancing: ['balance-tlb'],
} as const satisfies Readonly<Record<string, readonly BondMode[]>>;

export type BondOption = keyof typeof bondOptionModes;

// The keys of an object literal that was just typed by itself.
export const bondOptions = Object.keys(bondOptionModes) as readonly BondOption[];

export function fitsMode(option: BondOption, mode: BondMode): boolean {
  const modes: readonly BondMode[] = bondOptionModes[option];
  return modes.includes(mode);
}
