import {
  type InterfaceAddress,
  type IpAddress,
  isInNetwork,
  isLinkLocal,
  parseAddress,
  unusableReason,
} from '../addresses/ip.js';
import type { Check } from '../settings/check.js';
import type { ModelInterface, NetworkModel } from '../settings/network-model.js';
import { routeDestination } from './route-placement.js';

type ModelRoute = NetworkModel['routes'][number];

export function verifyRoutes(check: Check): void {
  const seen = new Set<string>();
  const gateways = gatewayRoutes(check);
  for (const route of check.model.routes) {
    const destination = routeDestination(route);
    const problem = destinationProblem(destination);
    if (destination === undefined || problem !== undefined) {
      const params = { destination: route.destination, reason: problem ?? 'it is no network' };
      check.report('network.route.destination-invalid', params, `${route.path}/destination`);
      continue;
    }
    const metric = route.metric ?? (destination.family === 4 ? 0 : 1024);
    const key = `${destination.family} ${destination.network}/${destination.prefix} ${metric}`;
    if (seen.has(key)) check.report('network.route.twice', { destination: route.destination, metric }, route.path);
    seen.add(key);
    const owner = destination.prefix === 0 ? gateways.get(`${destination.family} ${metric}`) : undefined;
    if (owner !== undefined) {
      const params = { destination: route.destination, metric, interface: owner };
      check.report('network.route.is-gateway', params, route.path);
    }
    verifyNextHop(check, route, destination);
    verifySource(check, route, destination);
  }
}

/** The kernel keeps one default route for each metric: a second one would silently take the place of the gateway's. */
function gatewayRoutes(check: Check): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, gateways } of check.model.interfaces.values()) {
    for (const { family, metric } of gateways) found.set(`${family} ${metric ?? (family === 4 ? 0 : 1024)}`, name);
  }
  return found;
}

function destinationProblem(destination: InterfaceAddress | undefined): string | undefined {
  if (destination === undefined) return 'it is no network';
  if (destination.value !== destination.network) return 'its host part is not zero';
  if (destination.prefix === 0) return undefined;
  return unusableReason(destination);
}

function verifyNextHop(check: Check, route: ModelRoute, destination: InterfaceAddress): void {
  const outgoing = route.interface === undefined ? undefined : check.model.interfaces.get(route.interface);
  if (route.interface !== undefined && outgoing === undefined) {
    const params = { destination: route.destination, interface: route.interface, known: check.knownInterfaces };
    check.report('network.route.interface-unknown', params, `${route.path}/interface`);
    return;
  }
  if (route.gateway === undefined) {
    if (outgoing === undefined)
      check.report('network.route.no-next-hop', { destination: route.destination }, route.path);
    return;
  }
  const path = `${route.path}/gateway`;
  const gateway = parseAddress(route.gateway);
  const reason = gatewayProblem(check, gateway, destination);
  if (gateway === undefined || reason !== undefined) {
    const params = { destination: route.destination, gateway: route.gateway, reason: reason ?? 'it is no address' };
    check.report('network.route.gateway-invalid', params, path);
    return;
  }
  if (isReachable(check, gateway, outgoing, route.onLink === true)) return;
  const where =
    outgoing?.name ?? (isLinkLocal(gateway) ? 'any interface, and a link-local gateway needs one' : 'any interface');
  check.report('network.route.unreachable', { destination: route.destination, gateway: route.gateway, where }, path);
}

function gatewayProblem(
  check: Check,
  gateway: IpAddress | undefined,
  destination: InterfaceAddress,
): string | undefined {
  if (gateway === undefined) return 'it is no address';
  if (gateway.family !== destination.family) return `the destination is IPv${destination.family}`;
  if (check.networks.owner(gateway) !== undefined) return 'it is an address of this appliance';
  return unusableReason(gateway);
}

function isReachable(check: Check, gateway: IpAddress, outgoing: ModelInterface | undefined, onLink: boolean): boolean {
  if (outgoing === undefined) return !isLinkLocal(gateway) && check.networks.find(gateway) !== undefined;
  if (onLink || isLinkLocal(gateway) || check.isDynamic(outgoing, gateway.family)) return true;
  return outgoing.addresses.some(({ parsed }) => parsed !== undefined && isInNetwork(gateway, parsed));
}

function verifySource(check: Check, route: ModelRoute, destination: InterfaceAddress): void {
  if (route.preferredSource === undefined) return;
  const source = parseAddress(route.preferredSource);
  if (source !== undefined && source.family === destination.family && check.networks.owner(source) !== undefined)
    return;
  const params = { destination: route.destination, source: route.preferredSource };
  check.report('network.route.source-not-own', params, `${route.path}/preferredSource`);
}
