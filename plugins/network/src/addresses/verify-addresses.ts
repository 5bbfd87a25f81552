import type { Check } from '../settings/check.js';
import type { ModelAddress, ModelGateway, ModelInterface } from '../settings/network-model.js';
import {
  formatInterfaceAddress,
  type InterfaceAddress,
  isInNetwork,
  isLinkLocal,
  lastOf,
  parseAddress,
  unusableReason,
} from './ip.js';

const example = { 4: '10.77.0.11/24', 6: 'fd77::11/64' } as const;

export function verifyAddresses(check: Check): void {
  const gateways = new Map<string, string>();
  for (const subject of check.model.interfaces.values()) {
    verifyMethods(check, subject);
    for (const address of subject.addresses) verifyAddress(check, subject, address);
    for (const gateway of subject.gateways) verifyGateway(check, subject, gateway, gateways);
  }
}

/** Addresses with method static and only with it. */
function verifyMethods(check: Check, subject: ModelInterface): void {
  const settings = rawAddressing(check, subject);
  for (const [family, part] of [
    [4, settings.ipv4],
    [6, settings.ipv6],
  ] as const) {
    if (part === undefined) continue;
    const path = `${subject.path}/ipv${family}`;
    const entered = part.addresses > 0 || part.gateway;
    if (part.method === 'static' && part.addresses === 0)
      check.report('network.address.missing', { interface: subject.name, family }, path);
    if (part.method !== 'static' && entered) {
      check.report('network.address.not-static', { interface: subject.name, family, method: part.method }, path);
    }
  }
}

interface Part {
  readonly method: string;
  readonly addresses: number;
  readonly gateway: boolean;
}

/** The model keeps what is in force; what was entered beside it is in the settings. */
function rawAddressing(
  check: Check,
  subject: ModelInterface,
): { readonly ipv4: Part | undefined; readonly ipv6: Part | undefined } {
  const { settings } = check;
  if (settings.mode === 'simple') {
    const part = (of: { method: string; address?: string | undefined; gateway?: string | undefined }): Part => ({
      method: of.method,
      addresses: of.address === undefined ? 0 : 1,
      gateway: of.gateway !== undefined,
    });
    return { ipv4: part(settings.simple.ipv4), ipv6: part(settings.simple.ipv6) };
  }
  const group = subject.kind === 'link' ? settings.links : subject.kind === 'bond' ? settings.bonds : settings.vlans;
  const entry = Object.hasOwn(group, subject.name) ? group[subject.name] : undefined;
  const part = (
    of: { method: string; addresses?: readonly string[] | undefined; gateway?: string | undefined } | undefined,
  ) =>
    of === undefined
      ? undefined
      : { method: of.method, addresses: of.addresses?.length ?? 0, gateway: of.gateway !== undefined };
  return { ipv4: part(entry?.ipv4), ipv6: part(entry?.ipv6) };
}

function verifyAddress(check: Check, subject: ModelInterface, { text, family, path, parsed }: ModelAddress): void {
  const name = subject.name;
  if (parsed === undefined || parsed.family !== family) {
    check.report('network.address.invalid', { interface: name, address: text, family, example: example[family] }, path);
    return;
  }
  const reason = unusableReason(parsed) ?? edgeReason(parsed);
  if (reason !== undefined) check.report('network.address.unusable', { interface: name, address: text, reason }, path);
  const first = check.networks.owner(parsed);
  if (first !== undefined && first.address.path !== path) {
    check.report('network.address.twice', { interface: name, address: parsed.text, other: first.interface }, path);
    return;
  }
  if (isLinkLocal(parsed)) return;
  const other = check.networks.overlap({ interface: name, address: { text, family, path, parsed }, parsed });
  if (other === undefined) return;
  const otherAddress = formatInterfaceAddress(other.parsed);
  check.report(
    'network.address.overlap',
    { interface: name, address: text, otherAddress, other: other.interface },
    path,
  );
}

/** Network and broadcast address; networks of one or two addresses (RFC 3021) have neither. */
function edgeReason(address: InterfaceAddress): string | undefined {
  if (address.prefix === 0) return 'a network of all addresses is no network';
  if (address.family === 6 || address.prefix >= 31) return undefined;
  if (address.value === address.network) return 'it is the address of the network itself';
  return address.value === lastOf(address) ? 'it is the broadcast address of the network' : undefined;
}

function verifyGateway(
  check: Check,
  subject: ModelInterface,
  { text, family, path, metric }: ModelGateway,
  seen: Map<string, string>,
): void {
  const name = subject.name;
  const gateway = parseAddress(text);
  const wrong =
    gateway === undefined || gateway.family !== family ? `it is no IPv${family} address` : unusableReason(gateway);
  if (gateway === undefined || wrong !== undefined) {
    check.report('network.gateway.invalid', { interface: name, gateway: text, family, reason: wrong ?? '' }, path);
    return;
  }
  if (check.networks.owner(gateway) !== undefined) {
    check.report('network.gateway.own-address', { interface: name, gateway: text }, path);
  } else if (!isLinkLocal(gateway)) {
    const holder = subject.addresses.find(({ parsed }) => parsed !== undefined && isInNetwork(gateway, parsed));
    const edge = holder?.parsed === undefined ? undefined : edgeReason({ ...holder.parsed, value: gateway.value });
    if (edge !== undefined)
      check.report('network.gateway.invalid', { interface: name, gateway: text, family, reason: edge }, path);
    if (holder === undefined) {
      const networks = subject.addresses.filter((address) => address.family === family).map((address) => address.text);
      check.report(
        'network.gateway.outside',
        { interface: name, gateway: text, networks: networks.join(', ') || 'none' },
        path,
      );
    }
  }
  const usual = metric ?? (family === 4 ? 0 : 1024);
  const other = seen.get(`${family} ${usual}`);
  if (other === undefined) seen.set(`${family} ${usual}`, name);
  else check.report('network.gateway.twice', { interface: name, other, family, metric: usual }, path);
}
