import { LinkIndex } from '../links/link-index.js';
import type { AddressFact, LinkFact, NetworkFacts } from '../settings/facts.js';
import type { ModelInterface, NetworkModel } from '../settings/network-model.js';
import { parseAddress } from './ip.js';

export interface ConnectionFate {
  /** The link that has the address now. */
  readonly interface: string;
  /** The link that will have it, or undefined when nobody will. */
  readonly next: string | undefined;
}

/** IPv4 addresses of dual-stack sockets come as ::ffff:10.0.0.1, link-local ones with a zone. */
export function plainAddress(text: string): string {
  const plain = text.replace(/^::ffff:(?=[0-9.]+$)/i, '').replace(/%.*$/, '');
  return parseAddress(plain)?.text ?? plain;
}

/** Where the local end of connections is now and will be. Loopback and unknown addresses have no fate: undefined. */
export function connectionFates(before: NetworkModel, after: NetworkModel, facts: NetworkFacts) {
  const holders = new Map<string, { readonly link: LinkFact; readonly address: AddressFact }>();
  for (const link of facts.links) for (const address of link.addresses) holders.set(address.address, { link, address });
  const links = new LinkIndex(facts);
  const next = new Map<string, string>();
  for (const subject of after.interfaces.values()) {
    if (!subject.enabled) continue;
    for (const { parsed } of subject.addresses) if (parsed !== undefined) next.set(parsed.text, subject.name);
  }
  const configuredBefore = byLink(before, links);
  const configuredAfter = byLink(after, links);

  return (localAddress: string): ConnectionFate | undefined => {
    const text = plainAddress(localAddress);
    const holder = holders.get(text);
    if (holder === undefined || holder.link.name === 'lo') return undefined;
    const name = holder.link.name;
    const given = next.get(text);
    if (given !== undefined) return { interface: name, next: given };
    const was = configuredBefore.get(name);
    const will = configuredAfter.get(name);
    // Nobody's business before and after: an interface Gemel does not touch.
    if (was === undefined && will === undefined) return { interface: name, next: name };
    return { interface: name, next: staysByItself(holder.address, was, will) ? name : undefined };
  };
}

function byLink(model: NetworkModel, links: LinkIndex): ReadonlyMap<string, ModelInterface> {
  const found = new Map<string, ModelInterface>();
  for (const subject of model.interfaces.values()) found.set(links.find(subject)?.name ?? subject.name, subject);
  return found;
}

/** Addresses that the settings do not list: leases, link-local ones, and others' such as a cluster's, which networkd keeps. */
function staysByItself(
  address: AddressFact,
  was: ModelInterface | undefined,
  will: ModelInterface | undefined,
): boolean {
  if (will === undefined || !will.enabled || will.bonds.length > 0) return false;
  const method = address.family === 4 ? will.ipv4 : will.ipv6;
  if (address.address.startsWith('fe80:')) return method !== 'none';
  if (address.dynamic) return method === 'dhcp' || method === 'slaac';
  const listed = was?.addresses.some(({ parsed }) => parsed?.text === address.address) ?? false;
  return !listed;
}
