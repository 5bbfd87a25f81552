/** An address as the kernel has it. */
export interface AddressFact {
  /** Canonical text without prefix. */
  readonly address: string;
  readonly prefix: number;
  readonly family: 4 | 6;
  /** From DHCP or router advertisements. */
  readonly dynamic: boolean;
  /** IPv6: the duplicate address detection has not ended (`tentative`) or found another owner (`dadFailed`). */
  readonly tentative: boolean;
  readonly dadFailed: boolean;
}

export interface MemberFact {
  /** Carries traffic now, as opposed to standing by. */
  readonly active: boolean;
  /** The monitor finds it working. */
  readonly working: boolean;
  readonly failures: number;
  /** LACP: members with one number work together. */
  readonly aggregator: number | undefined;
}

/** A network interface as the kernel has it now. */
export interface LinkFact {
  readonly name: string;
  readonly index: number;
  /** `physical` for a real NIC, else the kernel's word: `bond`, `vlan`, `veth`, `bridge`, … */
  readonly kind: string;
  /** True for what an operator may configure as a NIC: physical ones and, where there are none (containers), veths. */
  readonly nic: boolean;
  readonly hardwareAddress: string;
  readonly permanentAddress: string | undefined;
  readonly mtu: number;
  /** 0 when the driver does not say. */
  readonly maximumMtu: number;
  readonly up: boolean;
  readonly carrier: boolean;
  /** Megabits per second; undefined without carrier or when the driver does not say. */
  readonly speed: number | undefined;
  readonly master: string | undefined;
  readonly parent: string | undefined;
  readonly vlanId: number | undefined;
  /** The kernel's link group: Gemel's marks what Gemel made, see networkd/names. */
  readonly group: number;
  readonly addresses: readonly AddressFact[];
  /** What the bonding driver says of a member. */
  readonly member: MemberFact | undefined;
  /** Driver options of a bond or VLAN as `ip -details -json` prints them; empty for others. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** An established connection of an operator's: SSH or the web interface. */
export interface ConnectionFact {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly service: 'ssh' | 'web';
}

/** All that the pure parts of the section know of the live system. */
export interface NetworkFacts {
  readonly links: readonly LinkFact[];
  readonly connections: readonly ConnectionFact[];
}

export const noFacts: NetworkFacts = { links: [], connections: [] };

/** Kernel order: the first NIC on the board, which is what the console's first set-up means. */
export function standardNic(facts: NetworkFacts): LinkFact | undefined {
  return facts.links.filter((link) => link.nic).toSorted((one, other) => one.index - other.index)[0];
}
