import type { z } from 'zod';
import { formatInterfaceAddress, parseAddress } from '../addresses/ip.js';
import { routeDestination } from '../routes/route-placement.js';
import { noFacts } from '../settings/facts.js';
import { networkModel } from '../settings/network-model.js';
import type { NetworkSettings } from '../settings/schema.js';
import type { RouteFact } from '../system/route-reader.js';
import type { BondState, InterfaceState, LinkState, VlanState } from './network-state.js';
import { type PendingMarks, pendingMarks } from './pending.js';
import type { bondsSchema, linksSchema, routesSchema, vlansSchema } from './status.js';

export interface StatusValues {
  readonly links: z.infer<typeof linksSchema>;
  readonly bonds: z.infer<typeof bondsSchema>;
  readonly vlans: z.infer<typeof vlansSchema>;
  readonly routes: z.infer<typeof routesSchema>;
}

/**
 * The four status items from one look and what the draft would change. Rows that are only in the draft are there too. Pure.
 * @param routes undefined when they could not be read.
 */
export function statusValues(
  states: readonly InterfaceState[],
  routes: readonly RouteFact[] | undefined,
  running: NetworkSettings,
  draft: NetworkSettings,
): StatusValues {
  const marks = pendingMarks(running, draft);
  const links = states.filter((state): state is LinkState => state.kind === 'link');
  const bonds = states.filter((state): state is BondState => state.kind === 'bond');
  const vlans = states.filter((state): state is VlanState => state.kind === 'vlan');
  return {
    links: { links: links.map(({ kind: _, ...link }) => ({ ...link, pending: marks.links.get(link.name) ?? '' })) },
    bonds: {
      bonds: [
        ...bonds.map(({ kind: _, ...bond }) => ({ ...bond, pending: marks.bonds.get(bond.name) ?? ('' as const) })),
        ...fresh(marks.bonds, draft.bonds).map(([name, bond]) => ({
          ...notYet(name),
          mode: bond.mode,
          speed: null,
          active: null,
          lacpPartner: null,
          members: bond.members.map((member) => ({
            name: member,
            state: 'not-joined' as const,
            speed: null,
            failures: 0,
            hardwareAddress: null,
          })),
        })),
      ],
    },
    vlans: {
      vlans: [
        ...vlans.map(({ kind: _, ...vlan }) => ({ ...vlan, pending: marks.vlans.get(vlan.name) ?? ('' as const) })),
        ...fresh(marks.vlans, draft.vlans).map(([name, { parent, id }]) => ({ ...notYet(name), parent, id })),
      ],
    },
    routes: { routes: routeRows(routes, running, draft, marks) },
  };
}

function fresh<Settings>(
  marks: ReadonlyMap<string, string>,
  draft: Readonly<Record<string, Settings>>,
): readonly (readonly [string, Settings])[] {
  return Object.entries(draft).filter(([name]) => marks.get(name) === 'new');
}

function notYet(name: string) {
  return {
    name,
    condition: 'unconfigured' as const,
    link: null,
    hardwareAddress: null,
    mtu: null,
    addresses: [],
    setup: 'unknown',
    pending: 'new' as const,
  };
}

function routeRows(
  known: readonly RouteFact[] | undefined,
  running: NetworkSettings,
  draft: NetworkSettings,
  marks: PendingMarks,
): z.infer<typeof routesSchema>['routes'] {
  const facts = known ?? [];
  const entered = networkModel(running, noFacts).routes;
  const added = draft.mode === 'simple' ? [] : networkModel(draft, noFacts).routes;
  const markOf = (route: (typeof entered)[number]) =>
    marks.routes.get(`${route.destination} ${route.metric ?? ''}`.trim()) ?? '';
  const rows = [...entered, ...added.filter((route) => markOf(route) === 'new')].map((route) => {
    const destination = routeDestination(route);
    const text =
      destination === undefined || destination.prefix === 0 ? 'default' : formatInterfaceAddress(destination);
    const gateway = route.gateway === undefined ? null : (parseAddress(route.gateway)?.text ?? route.gateway);
    return { route, family: destination?.family ?? (4 as const), text, gateway, pending: markOf(route) };
  });
  const found = new Set<RouteFact>();
  const configured = rows.map(({ route, family, text, gateway, pending }) => {
    // ip prints a host's route without its prefix.
    const fact = facts.find(
      (each) =>
        each.family === family &&
        (each.destination === text || `${each.destination}/${family === 4 ? 32 : 128}` === text) &&
        each.gateway === gateway,
    );
    if (fact !== undefined) found.add(fact);
    return {
      family,
      destination: text,
      gateway,
      interface: fact?.interface ?? route.interface ?? null,
      metric: fact?.metric ?? route.metric ?? null,
      protocol: 'static',
      configured: true,
      present: known === undefined ? null : fact !== undefined,
      pending,
    };
  });
  const others = facts
    .filter((fact) => !found.has(fact))
    .map((fact) => ({ ...fact, configured: false, present: true, pending: '' as const }));
  return [...configured, ...others];
}
