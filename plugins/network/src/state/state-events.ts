import type { LinkFact } from '../settings/facts.js';
import type { BondState, InterfaceState } from './network-state.js';

/** What happened between two looks; names are those of the event definitions. */
export type StateEvent =
  | { readonly kind: 'carrier-gained'; readonly interface: string; readonly speed: number | null }
  | { readonly kind: 'carrier-lost'; readonly interface: string }
  | { readonly kind: 'appeared' | 'disappeared'; readonly interface: string; readonly hardwareAddress: string }
  | { readonly kind: 'renamed'; readonly interface: string; readonly before: string; readonly hardwareAddress: string }
  | { readonly kind: 'duplicate'; readonly interface: string; readonly address: string }
  | {
      readonly kind: 'bond-degraded';
      readonly bond: string;
      readonly working: readonly string[];
      readonly failed: readonly string[];
    }
  | { readonly kind: 'bond-recovered'; readonly bond: string }
  | { readonly kind: 'bond-down'; readonly bond: string; readonly failed: readonly string[] };

/** NICs that came, went, changed name or carrier, and addresses that were found to have another owner. Pure. */
export function linkEvents(before: readonly LinkFact[], after: readonly LinkFact[]): readonly StateEvent[] {
  const events: StateEvent[] = [];
  const previous = new Map(before.map((link) => [link.index, link]));
  const current = new Set(after.map((link) => link.index));
  for (const link of after) {
    const was = previous.get(link.index);
    const hardwareAddress = link.permanentAddress ?? link.hardwareAddress;
    if (link.nic && was === undefined) events.push({ kind: 'appeared', interface: link.name, hardwareAddress });
    if (link.nic && was !== undefined) {
      if (was.name !== link.name)
        events.push({ kind: 'renamed', interface: link.name, before: was.name, hardwareAddress });
      // A NIC that is taken up or down on purpose gains or loses its carrier too; that is no fault to tell.
      if (was.up && !was.carrier && link.carrier)
        events.push({ kind: 'carrier-gained', interface: link.name, speed: link.speed ?? null });
      if (was.carrier && !link.carrier && link.up) events.push({ kind: 'carrier-lost', interface: link.name });
    }
    const known = new Set(was?.addresses.filter(({ dadFailed }) => dadFailed).map(({ address }) => address));
    for (const { address, dadFailed } of link.addresses) {
      if (dadFailed && !known.has(address)) events.push({ kind: 'duplicate', interface: link.name, address });
    }
  }
  for (const link of before) {
    if (!link.nic || current.has(link.index)) continue;
    events.push({
      kind: 'disappeared',
      interface: link.name,
      hardwareAddress: link.permanentAddress ?? link.hardwareAddress,
    });
  }
  return events;
}

/** Members need some seconds after a bond was made; telling that it is "down" then would be a false alarm. */
const settlingMs = 10_000;

/** Tells changes of bonds' conditions: each once, and of a bond that was just made only when it does not settle. */
export class BondTeller {
  readonly #known = new Map<string, { index: number; since: number; told: 'ok' | 'degraded' | 'down' | undefined }>();

  look(states: readonly InterfaceState[], links: readonly LinkFact[], now: number): readonly StateEvent[] {
    const bonds = states.filter((state): state is BondState => state.kind === 'bond');
    const names = new Set(bonds.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    const indexes = new Map(links.map((link) => [link.name, link.index]));
    return bonds.flatMap((bond) => this.#lookAt(bond, indexes.get(bond.name), now));
  }

  #lookAt(bond: BondState, index: number | undefined, now: number): readonly StateEvent[] {
    const { condition } = bond;
    // Being made or configured says nothing about the members.
    if (index === undefined || (condition !== 'ok' && condition !== 'degraded' && condition !== 'down')) return [];
    let known = this.#known.get(bond.name);
    if (known === undefined) this.#known.set(bond.name, (known = { index, since: now, told: undefined }));
    if (known.index !== index) Object.assign(known, { index, since: now });
    if (condition === known.told || (condition !== 'ok' && now - known.since < settlingMs)) return [];
    const wasFirst = known.told === undefined;
    known.told = condition;
    return wasFirst && condition === 'ok' ? [] : [bondEvent(bond, condition)];
  }
}

function bondEvent(bond: BondState, condition: 'ok' | 'degraded' | 'down'): StateEvent {
  const works = ({ state }: BondState['members'][number]) => state === 'active' || state === 'standby';
  const working = bond.members.filter(works).map(({ name }) => name);
  const failed = bond.members.filter((member) => !works(member)).map(({ name }) => name);
  if (condition === 'ok') return { kind: 'bond-recovered', bond: bond.name };
  return condition === 'degraded'
    ? { kind: 'bond-degraded', bond: bond.name, working, failed }
    : { kind: 'bond-down', bond: bond.name, failed };
}
