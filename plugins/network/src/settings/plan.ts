import type { Caller, FileChange, Interruption, SectionPlan } from '@gemel/core/sdk';
import { isLinkLocal, parseAddress } from '../addresses/ip.js';
import { NetworkIndex } from '../addresses/network-index.js';
import { connectionFates, plainAddress } from '../addresses/connection-fate.js';
import { recreatingDifferences, primaryDiffers } from '../bonds/kernel-bond.js';
import { miiMonitorOf } from '../bonds/monitors.js';
import type { BondSettings } from '../bonds/bond-schema.js';
import { LinkIndex } from '../links/link-index.js';
import { interfaceOfFile, networkdUnit } from '../networkd/names.js';
import { parseUnitFile, unitValues } from '../networkd/unit-file.js';
import type { NetworkFacts } from './facts.js';
import { effectiveMtu, type ModelInterface, type NetworkModel, networkModel } from './network-model.js';
import type { NetworkSettings } from './schema.js';

/**
 * Expected lengths, milliseconds. Sources: a copper gigabit port negotiates for 1.5 to 3 s after its link was down, which making a bond
 * does to its members; IEEE 802.1AX waits 2 s (AGGREGATE_WAIT) after the partner was heard, who speaks every 1 s or 30 s; DHCP waits for a
 * carrier and makes two round trips, servers that look for duplicates take a second each; networkd takes an address over within one reload.
 */
const expected = {
  negotiation: 3_000,
  aggregateWait: 2_000,
  lacpFast: 1_000,
  lacpSlow: 30_000,
  lease: 4_000,
  reload: 200,
} as const;

export interface PlanFacts {
  readonly settings: NetworkSettings;
  readonly confirmed: NetworkSettings;
  readonly facts: NetworkFacts;
  readonly caller: Caller | undefined;
  readonly changes: readonly FileChange[];
}

/** Which interfaces a change touches and what their users will notice. Pure. */
export function planNetwork({ settings, confirmed, facts, caller, changes }: PlanFacts): SectionPlan {
  if (changes.length === 0) return { units: [], interruptions: [] };
  const before = networkModel(confirmed, facts);
  const after = networkModel(settings, facts);
  const links = new LinkIndex(facts);
  const byInterface = new Map<string, Interruption>();
  const changesOf = Map.groupBy(changes, (change) => interfaceOfFile(change.path) ?? '');
  for (const [name, own] of changesOf) {
    const was = before.interfaces.get(name);
    const will = after.interfaces.get(name);
    const interruption = interruptionOf(name, was, will, own, before, after, links);
    if (interruption !== undefined) byInterface.set(name, interruption);
  }
  spreadToVlans(after, byInterface);
  const interruptions = [...byInterface.values(), ...connections(before, after, facts, caller, byInterface)];
  return { units: [networkdUnit], interruptions };
}

function interruptionOf(
  name: string,
  was: ModelInterface | undefined,
  will: ModelInterface | undefined,
  changes: readonly FileChange[],
  before: NetworkModel,
  after: NetworkModel,
  links: LinkIndex,
): Interruption | undefined {
  const bond = will?.bonds[0];
  if (will === undefined) {
    return {
      subject: name,
      kind: 'lost',
      expectedMs: null,
      text: `${name} is no longer configured; its addresses go.`,
    };
  }
  if (!will.enabled && (was?.enabled ?? true))
    return { subject: name, kind: 'lost', expectedMs: null, text: `${name} is taken down.` };
  if (bond !== undefined) return was?.bonds[0] === bond ? undefined : joining(name, bond, will, after, links);
  if (will.bond !== undefined) {
    const ready = carrierMs(will.bond);
    const link = links.named(name);
    if (was?.bond === undefined || link === undefined)
      return {
        subject: name,
        kind: 'none',
        expectedMs: ready,
        text: `${name} is made; it carries traffic ${seconds(ready)} later.`,
      };
    const differences = recreatingDifferences(will.bond, link, after);
    if (differences.length > 0 || primaryDiffers(will.bond, link)) {
      const what = differences.map(({ option }) => option).join(', ') || 'primary';
      return {
        subject: name,
        kind: 'short',
        expectedMs: ready + expected.reload,
        text: `${name} is made anew for ${what}.`,
      };
    }
  }
  if (
    will.vlan !== undefined &&
    was?.vlan !== undefined &&
    (will.vlan.id !== was.vlan.id || will.vlan.parent !== was.vlan.parent)
  ) {
    return {
      subject: name,
      kind: 'short',
      expectedMs: expected.reload * 2,
      text: `${name} is made anew with id ${will.vlan.id} on ${will.vlan.parent}.`,
    };
  }
  if (was === undefined)
    return {
      subject: name,
      kind: 'none',
      expectedMs: will.ipv4 === 'dhcp' || will.ipv6 !== 'none' ? expected.lease : expected.reload,
      text: `${name} is configured for the first time.`,
    };
  return changedAddressing(name, will, changes, effectiveMtu(before, name) !== effectiveMtu(after, name));
}

/** What the NIC has now and nobody will have is lost; what moves to the bond is back when the bond carries. */
function joining(
  name: string,
  bond: string,
  will: ModelInterface,
  after: NetworkModel,
  links: LinkIndex,
): Interruption {
  const index = NetworkIndex.of(after);
  const gone = (links.find(will)?.addresses ?? []).filter((fact) => {
    const parsed = parseAddress(fact.address);
    return parsed !== undefined && !isLinkLocal(parsed) && index.owner(parsed) === undefined;
  });
  if (gone.length > 0) {
    const addresses = gone.map((fact) => fact.address).join(', ');
    return { subject: name, kind: 'lost', expectedMs: null, text: `${name} joins ${bond} and loses ${addresses}.` };
  }
  return { subject: name, kind: 'short', expectedMs: expected.negotiation, text: `${name} joins ${bond}.` };
}

function changedAddressing(
  name: string,
  will: ModelInterface,
  changes: readonly FileChange[],
  mtuChanged: boolean,
): Interruption {
  if (mtuChanged) {
    return {
      subject: name,
      kind: 'short',
      expectedMs: expected.negotiation,
      text: `${name} gets another MTU; many NICs restart for that.`,
    };
  }
  const gone = changes.flatMap((change) => {
    const values = (text: string | undefined) =>
      text === undefined ? [] : unitValues(parseUnitFile(text), 'Network', 'Address');
    const now = new Set(values(change.after));
    return values(change.before).filter((address) => !now.has(address));
  });
  if (gone.length > 0)
    return {
      subject: name,
      kind: 'lost',
      expectedMs: null,
      text: `${name} loses ${gone.join(', ')}; connections to it end.`,
    };
  const isDynamic = will.ipv4 === 'dhcp' || will.ipv6 === 'dhcp' || will.ipv6 === 'slaac';
  return isDynamic
    ? { subject: name, kind: 'short', expectedMs: expected.lease, text: `${name} asks for its addresses again.` }
    : { subject: name, kind: 'reload', expectedMs: 0, text: `${name} is configured anew; its addresses stay.` };
}

/** From making a bond to its first packet. */
function carrierMs(bond: BondSettings): number {
  const monitor = bond.arpMonitor === undefined ? miiMonitorOf(bond) : bond.arpMonitor.intervalMs;
  const lacp =
    bond.mode === '802.3ad'
      ? expected.aggregateWait + (bond.lacpRate === 'fast' ? expected.lacpFast : expected.lacpSlow)
      : 0;
  return expected.negotiation + monitor + (bond.upDelayMs ?? 0) + lacp;
}

/** What stands on an interrupted interface is interrupted as long. */
function spreadToVlans(after: NetworkModel, byInterface: Map<string, Interruption>): void {
  for (const subject of after.interfaces.values()) {
    const below = byInterface.get(subject.name);
    if (below === undefined || below.kind === 'none' || below.kind === 'reload' || below.expectedMs === null) continue;
    for (const vlan of subject.vlans) {
      const own = byInterface.get(vlan);
      if (own?.kind === 'lost' || (own?.expectedMs ?? 0) > below.expectedMs) continue;
      byInterface.set(vlan, {
        ...below,
        subject: vlan,
        text: `${vlan} stands on ${subject.name} and is interrupted with it.`,
      });
    }
  }
}

function connections(
  before: NetworkModel,
  after: NetworkModel,
  facts: NetworkFacts,
  caller: Caller | undefined,
  byInterface: ReadonlyMap<string, Interruption>,
): readonly Interruption[] {
  if (caller?.remote === undefined) return [];
  const subject = 'management connection';
  const fate = connectionFates(before, after, facts)(plainAddress(caller.remote.localAddress));
  if (fate === undefined) return [];
  if (fate.next === undefined) {
    return [
      {
        subject,
        kind: 'lost',
        expectedMs: null,
        text: `Your connection comes in on ${fate.interface} and ends. Connect again by another address to confirm.`,
      },
    ];
  }
  const next = byInterface.get(fate.next);
  const moves = fate.next === fate.interface ? '' : ` It moves from ${fate.interface} to ${fate.next}.`;
  if (fate.next === fate.interface && (next === undefined || next.kind === 'none' || next.kind === 'reload')) {
    return [{ subject, kind: 'none', expectedMs: 0, text: `Your connection on ${fate.interface} stays.` }];
  }
  const expectedMs = next?.expectedMs ?? expected.negotiation;
  return [{ subject, kind: 'short', expectedMs, text: `Your connection pauses for ${seconds(expectedMs)}.${moves}` }];
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `about ${Math.round(milliseconds / 1_000)} s`;
}
