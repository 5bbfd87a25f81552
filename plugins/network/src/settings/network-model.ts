import type { Ipv4Settings, Ipv6Settings } from '../addresses/addressing-schema.js';
import { type InterfaceAddress, parseInterfaceAddress } from '../addresses/ip.js';
import type { BondSettings } from '../bonds/bond-schema.js';
import type { RouteSettings } from '../routes/route-schema.js';
import type { VlanSettings } from '../vlans/vlan-schema.js';
import { type NetworkFacts, standardNic } from './facts.js';
import type { NetworkSettings } from './schema.js';

export interface ModelAddress {
  readonly text: string;
  readonly family: 4 | 6;
  readonly path: string;
  /** Undefined when the text is no address with prefix. */
  readonly parsed: InterfaceAddress | undefined;
}

export interface ModelGateway {
  readonly text: string;
  readonly family: 4 | 6;
  readonly path: string;
  readonly metric: number | undefined;
}

/** One interface that should exist, whatever part of the settings it comes from. */
export interface ModelInterface {
  readonly name: string;
  readonly kind: 'link' | 'bond' | 'vlan';
  /** Where the settings name it; for a NIC that only a bond or VLAN names, that place. */
  readonly path: string;
  /** Path of an address or gateway field is this, then `ipv4/…` or `ipv6/…`. */
  readonly enabled: boolean;
  readonly mtu: number | undefined;
  readonly hardwareAddress: string | undefined;
  readonly ipv4: Ipv4Settings['method'];
  readonly ipv6: Ipv6Settings['method'];
  /** Those of a `static` method only. */
  readonly addresses: readonly ModelAddress[];
  readonly gateways: readonly ModelGateway[];
  readonly bond: BondSettings | undefined;
  readonly vlan: VlanSettings | undefined;
  /** Bonds that name it as a member; more than one is refused by verify. */
  readonly bonds: readonly string[];
  /** VLANs on top of it, in the order of the settings. */
  readonly vlans: readonly string[];
}

/** The settings of both modes in one shape, so that verify, render, plan and probe need not know the modes. */
export interface NetworkModel {
  readonly interfaces: ReadonlyMap<string, ModelInterface>;
  readonly routes: readonly (RouteSettings & { readonly path: string })[];
}

interface Draft {
  kind: ModelInterface['kind'];
  path: string;
  enabled?: boolean | undefined;
  mtu?: number | undefined;
  hardwareAddress?: string | undefined;
  ipv4?: Ipv4Settings | undefined;
  ipv6?: Ipv6Settings | undefined;
  bond?: BondSettings;
  vlan?: VlanSettings;
  /** Path of the single address and gateway in Simple Mode differ from the lists of Advanced Mode. */
  simple?: boolean;
  readonly bonds: string[];
  readonly vlans: string[];
}

/** Settings are never changed in place, so a model is good for as long as they are: one activation asks for it five times. */
const models = new WeakMap<NetworkSettings, { readonly facts: NetworkFacts; readonly model: NetworkModel }>();

/** Pure and total: wrong names, addresses and references stay in the model for verify to report. */
export function networkModel(settings: NetworkSettings, facts: NetworkFacts): NetworkModel {
  const known = models.get(settings);
  if (known !== undefined && (known.facts === facts || settings.mode === 'advanced')) return known.model;
  const model = buildModel(settings, facts);
  models.set(settings, { facts, model });
  return model;
}

function buildModel(settings: NetworkSettings, facts: NetworkFacts): NetworkModel {
  const drafts = settings.mode === 'simple' ? simpleDrafts(settings, facts) : advancedDrafts(settings);
  const interfaces = new Map<string, ModelInterface>();
  for (const [name, draft] of drafts) interfaces.set(name, finish(name, draft));
  const routes =
    settings.mode === 'simple'
      ? []
      : settings.routes.map((route, index) => ({ ...route, path: `network/routes/${index}` }));
  return { interfaces, routes };
}

function simpleDrafts({ simple }: NetworkSettings, facts: NetworkFacts): Map<string, Draft> {
  const name = simple.interface ?? standardNic(facts)?.name;
  if (name === undefined) return new Map();
  const { address: address4, ...ipv4 } = simple.ipv4;
  const { address: address6, ...ipv6 } = simple.ipv6;
  const draft: Draft = {
    kind: 'link',
    path: 'network/simple',
    simple: true,
    hardwareAddress: simple.hardwareAddress,
    ipv4: { ...ipv4, ...(address4 === undefined ? {} : { addresses: [address4] }) },
    ipv6: { ...ipv6, ...(address6 === undefined ? {} : { addresses: [address6] }) },
    bonds: [],
    vlans: [],
  };
  return new Map([[name, draft]]);
}

function advancedDrafts(settings: NetworkSettings): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  for (const [name, link] of Object.entries(settings.links)) {
    drafts.set(name, { ...link, kind: 'link', path: `network/links/${name}`, bonds: [], vlans: [] });
  }
  for (const [name, bond] of Object.entries(settings.bonds)) {
    drafts.set(name, { ...addressing(bond), kind: 'bond', path: `network/bonds/${name}`, bond, bonds: [], vlans: [] });
  }
  for (const [name, vlan] of Object.entries(settings.vlans)) {
    drafts.set(name, { ...addressing(vlan), kind: 'vlan', path: `network/vlans/${name}`, vlan, bonds: [], vlans: [] });
  }
  const named = (name: string, path: string): Draft => {
    const known = drafts.get(name);
    if (known !== undefined) return known;
    const draft: Draft = { kind: 'link', path, bonds: [], vlans: [] };
    drafts.set(name, draft);
    return draft;
  };
  for (const [name, bond] of Object.entries(settings.bonds)) {
    bond.members.forEach((member, index) => {
      const { bonds } = named(member, `network/bonds/${name}/members/${index}`);
      if (!bonds.includes(name)) bonds.push(name);
    });
  }
  for (const [name, vlan] of Object.entries(settings.vlans)) {
    named(vlan.parent, `network/vlans/${name}/parent`).vlans.push(name);
  }
  return drafts;
}

function addressing(
  from: BondSettings | VlanSettings,
): Pick<Draft, 'enabled' | 'mtu' | 'ipv4' | 'ipv6' | 'hardwareAddress'> {
  const { enabled, mtu, ipv4, ipv6 } = from;
  return { enabled, mtu, ipv4, ipv6, ...('hardwareAddress' in from ? { hardwareAddress: from.hardwareAddress } : {}) };
}

function finish(name: string, draft: Draft): ModelInterface {
  const addresses: ModelAddress[] = [];
  const gateways: ModelGateway[] = [];
  for (const [family, settings] of [
    [4, draft.ipv4],
    [6, draft.ipv6],
  ] as const) {
    if (settings?.method !== 'static') continue;
    const place = `${draft.path}/ipv${family}`;
    settings.addresses?.forEach((text, index) => {
      const path = draft.simple === true ? `${place}/address` : `${place}/addresses/${index}`;
      addresses.push({ text, family, path, parsed: parseInterfaceAddress(text) });
    });
    if (settings.gateway !== undefined) {
      gateways.push({ text: settings.gateway, family, path: `${place}/gateway`, metric: settings.metric });
    }
  }
  return {
    name,
    kind: draft.kind,
    path: draft.path,
    enabled: draft.enabled ?? true,
    mtu: draft.mtu,
    hardwareAddress: draft.hardwareAddress,
    ipv4: draft.ipv4?.method ?? 'none',
    ipv6: draft.ipv6?.method ?? 'none',
    addresses,
    gateways,
    bond: draft.bond,
    vlan: draft.vlan,
    bonds: draft.bonds,
    vlans: draft.vlans,
  };
}

/** Ethernet's; every interface is told its MTU, so that taking a larger one back really takes it back. */
export const defaultMtu = 1500;

/** What the interface's MTU will be: its own, a member's bond's, a VLAN's parent's, or Ethernet's. */
export function effectiveMtu(model: NetworkModel, interfaceName: string): number {
  const subject = model.interfaces.get(interfaceName);
  if (subject === undefined) return defaultMtu;
  const [bond] = subject.bonds;
  if (bond !== undefined) return model.interfaces.get(bond)?.mtu ?? defaultMtu;
  if (subject.mtu !== undefined) return subject.mtu;
  const parent = subject.vlan === undefined ? undefined : model.interfaces.get(subject.vlan.parent);
  // A VLAN on a VLAN is refused by verify; one step is enough and cannot run in circles.
  return parent?.mtu ?? defaultMtu;
}
