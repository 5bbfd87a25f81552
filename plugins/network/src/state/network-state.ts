import { LinkIndex } from '../links/link-index.js';
import type { LinkFact } from '../settings/facts.js';
import type { ModelInterface, NetworkModel } from '../settings/network-model.js';
import { hasLacpPartner } from '../bonds/kernel-bond.js';
import type { NetworkdLink } from '../system/networkd.js';

export type Condition =
  | 'ok'
  | 'degraded'
  | 'configuring'
  | 'no-carrier'
  | 'down'
  | 'failed'
  | 'missing'
  | 'unconfigured';

/** What every interface has; JSON. */
interface CommonState {
  /** As the settings call it. */
  readonly name: string;
  readonly condition: Condition;
  /** Kernel name; another one when the NIC was renamed, null when it is missing. */
  readonly link: string | null;
  readonly hardwareAddress: string | null;
  readonly mtu: number | null;
  readonly addresses: readonly string[];
  /** What systemd-networkd says: `configured`, `configuring`, `failed`, `unmanaged`, …; `unknown` when it does not answer. */
  readonly setup: string;
}

export interface LinkState extends CommonState {
  readonly kind: 'link';
  /** Megabits per second. */
  readonly speed: number | null;
  readonly bond: string | null;
}

export interface MemberState {
  readonly name: string;
  readonly state: 'active' | 'standby' | 'down' | 'missing' | 'not-joined';
  readonly speed: number | null;
  /** How often it failed since it joined. */
  readonly failures: number;
  readonly hardwareAddress: string | null;
}

export interface BondState extends CommonState {
  readonly kind: 'bond';
  readonly mode: string;
  readonly speed: number | null;
  /** The member in use, in modes with one. */
  readonly active: string | null;
  readonly members: readonly MemberState[];
  /** Hardware address of the switch in LACP; null in other modes and until it answered. */
  readonly lacpPartner: string | null;
}

export interface VlanState extends CommonState {
  readonly kind: 'vlan';
  readonly parent: string;
  readonly id: number;
}

export type InterfaceState = LinkState | BondState | VlanState;

/** The configured interfaces, and NICs that are there without being configured. Pure. */
export function networkState(
  model: NetworkModel,
  links: readonly LinkFact[],
  networkd: readonly NetworkdLink[] | undefined,
): readonly InterfaceState[] {
  const index = new LinkIndex({ links, connections: [] });
  const setups = networkd === undefined ? undefined : new Map(networkd.map((link) => [link.index, link.setupState]));
  const setupOf = (link: LinkFact | undefined) =>
    setups === undefined || link === undefined ? 'unknown' : (setups.get(link.index) ?? 'unknown');
  const shown = new Set<string>();
  const states: InterfaceState[] = [];
  for (const subject of model.interfaces.values()) {
    const link = index.find(subject);
    if (link !== undefined) shown.add(link.name);
    states.push(stateOf(subject, link, setupOf(link), model, index));
  }
  for (const link of links) {
    if (link.nic && !shown.has(link.name)) states.push(unconfigured(link, setupOf(link)));
  }
  return states;
}

function stateOf(
  subject: ModelInterface,
  link: LinkFact | undefined,
  setup: string,
  model: NetworkModel,
  index: LinkIndex,
): InterfaceState {
  const common = {
    name: subject.name,
    condition: conditionOf(subject, link, setup),
    link: link?.name ?? null,
    hardwareAddress: link?.permanentAddress ?? link?.hardwareAddress ?? subject.hardwareAddress ?? null,
    mtu: link?.mtu ?? null,
    addresses: addressesOf(link),
    setup,
  };
  if (subject.bond !== undefined) return bondState(subject, common, link, model, index);
  if (subject.vlan !== undefined) return { ...common, kind: 'vlan', parent: subject.vlan.parent, id: subject.vlan.id };
  return { ...common, kind: 'link', speed: link?.speed ?? null, bond: link?.master ?? subject.bonds[0] ?? null };
}

function conditionOf(subject: ModelInterface, link: LinkFact | undefined, setup: string): Condition {
  if (link === undefined) return 'missing';
  if (setup === 'failed') return 'failed';
  if (!link.up) return 'down';
  if (!link.carrier) return 'no-carrier';
  if (setup === 'configured' || setup === 'unknown') return 'ok';
  // A lease that does not come must not look like a fault of the link; the address column shows that there is none.
  return subject.bonds.length > 0 ? 'ok' : 'configuring';
}

function bondState(
  subject: ModelInterface,
  common: CommonState,
  link: LinkFact | undefined,
  model: NetworkModel,
  index: LinkIndex,
): BondState {
  const bond = subject.bond;
  const members = (bond?.members ?? []).map((name) => memberState(name, subject.name, model, index));
  const anyDown = members.some(({ state }) => state !== 'active' && state !== 'standby');
  const active = link?.options['active_slave'];
  const partner = link !== undefined && hasLacpPartner(link) ? partnerOf(link) : null;
  return {
    ...common,
    kind: 'bond',
    condition:
      common.condition === 'ok' && anyDown ? 'degraded' : common.condition === 'no-carrier' ? 'down' : common.condition,
    mode: bond?.mode ?? '',
    speed: link?.speed ?? null,
    active: typeof active === 'string' ? active : null,
    members,
    lacpPartner: partner,
  };
}

function memberState(name: string, bond: string, model: NetworkModel, index: LinkIndex): MemberState {
  const subject = model.interfaces.get(name);
  const link = subject === undefined ? undefined : index.find(subject);
  const known = {
    name,
    speed: link?.speed ?? null,
    failures: link?.member?.failures ?? 0,
    hardwareAddress: link?.permanentAddress ?? null,
  };
  if (link === undefined) return { ...known, state: 'missing' };
  if (link.master !== bond || link.member === undefined) return { ...known, state: 'not-joined' };
  if (!link.member.working || !link.carrier) return { ...known, state: 'down' };
  return { ...known, state: link.member.active ? 'active' : 'standby' };
}

function partnerOf(link: LinkFact): string | null {
  const info = link.options['ad_info'];
  return typeof info === 'object' && info !== null && 'partner_mac' in info ? String(info.partner_mac) : null;
}

function unconfigured(link: LinkFact, setup: string): LinkState {
  return {
    kind: 'link',
    name: link.name,
    condition: 'unconfigured',
    link: link.name,
    hardwareAddress: link.permanentAddress ?? link.hardwareAddress,
    mtu: link.mtu,
    addresses: addressesOf(link),
    setup,
    speed: link.speed ?? null,
    bond: link.master ?? null,
  };
}

/** Link-local addresses are everywhere and tell nobody anything. */
function addressesOf(link: LinkFact | undefined): readonly string[] {
  return (link?.addresses ?? [])
    .filter(({ address }) => !address.startsWith('fe80:'))
    .map(({ address, prefix }) => `${address}/${prefix}`);
}
