import { isLinkLocal, parseAddress, parseDestination, type InterfaceAddress, type IpAddress } from '../addresses/ip.js';
import type { NetworkIndex } from '../addresses/network-index.js';
import type { NetworkModel } from '../settings/network-model.js';

type ModelRoute = NetworkModel['routes'][number];

export interface PlacedRoute {
  readonly route: ModelRoute;
  readonly destination: InterfaceAddress;
  readonly gateway: IpAddress | undefined;
  readonly source: IpAddress | undefined;
  /** The configured interface whose file carries the route. */
  readonly interface: string;
}

/** `default` has the family of the gateway; without one it is IPv4's. */
export function routeDestination(route: ModelRoute): InterfaceAddress | undefined {
  const gateway = route.gateway === undefined ? undefined : parseAddress(route.gateway);
  return parseDestination(route.destination, gateway?.family ?? 4);
}

/** The interface a route leaves by: the entered one, or the one whose network holds its gateway. */
export function routeInterface(route: ModelRoute, index: NetworkIndex): string | undefined {
  if (route.interface !== undefined) return route.interface;
  const gateway = route.gateway === undefined ? undefined : parseAddress(route.gateway);
  if (gateway === undefined || isLinkLocal(gateway)) return undefined;
  return index.find(gateway)?.interface;
}

/** Routes that can be placed, by interface. Those that cannot are verify's to report. */
export function placeRoutes(model: NetworkModel, index: NetworkIndex): ReadonlyMap<string, readonly PlacedRoute[]> {
  const placed = new Map<string, PlacedRoute[]>();
  for (const route of model.routes) {
    const destination = routeDestination(route);
    const outgoing = routeInterface(route, index);
    const gateway = route.gateway === undefined ? undefined : parseAddress(route.gateway);
    const source = route.preferredSource === undefined ? undefined : parseAddress(route.preferredSource);
    if (destination === undefined || outgoing === undefined || (route.gateway !== undefined && gateway === undefined))
      continue;
    const entry = { route, destination, gateway, source, interface: outgoing };
    const others = placed.get(outgoing);
    if (others === undefined) placed.set(outgoing, [entry]);
    else others.push(entry);
  }
  return placed;
}
