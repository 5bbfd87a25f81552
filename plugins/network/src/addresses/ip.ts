import { Address4, Address6 } from 'ip-address';

export type Family = 4 | 6;

/** One host's address. `text` is the canonical form that engines print. */
export interface IpAddress {
  readonly family: Family;
  readonly value: bigint;
  readonly text: string;
}

/** An address together with the network it is in, as an interface carries it. */
export interface InterfaceAddress extends IpAddress {
  readonly prefix: number;
  /** The network's first address. */
  readonly network: bigint;
}

/** IPv6 with IPv4 dots at full length has 45 characters; with a prefix or netmask nothing valid is longer than this. */
const longestText = 64;

const ones = { 4: (1n << 32n) - 1n, 6: (1n << 128n) - 1n } as const;

export function widthOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** `10.0.0.1` or `fd00::1`, without prefix or zone; undefined for anything else. */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.length > longestText || text.includes('/') || text.includes('%')) return undefined;
  try {
    if (text.includes(':')) {
      const address = new Address6(text);
      return { family: 6, value: address.bigInt(), text: address.correctForm() };
    }
    const address = new Address4(text);
    return { family: 4, value: address.bigInt(), text: address.correctForm() };
  } catch {
    // The library tells a wrong address by throwing; the caller reports it with its place.
    return undefined;
  }
}

/**
 * Texts parsed lately. Every edit verifies the whole draft, and with thousands of VLANs parsing is half of that.
 * Emptied when full: 20,000 entries are about 5 MB, and more than the largest settings have.
 */
const parsed = new Map<string, InterfaceAddress | undefined>();
const mostParsed = 20_000;

/** `10.0.0.1/24`, `10.0.0.1/255.255.255.0` or `fd00::1/64`; undefined for anything else. */
export function parseInterfaceAddress(text: string): InterfaceAddress | undefined {
  const known = parsed.get(text);
  if (known !== undefined || parsed.has(text)) return known;
  const address = parseUncached(text);
  if (parsed.size >= mostParsed) parsed.clear();
  parsed.set(text, address);
  return address;
}

function parseUncached(text: string): InterfaceAddress | undefined {
  const slash = text.indexOf('/');
  if (slash === -1 || text.length > longestText) return undefined;
  const address = parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
  const prefix = parsePrefix(text.slice(slash + 1), address.family);
  if (prefix === undefined) return undefined;
  return { ...address, prefix, network: networkOf(address, prefix) };
}

/** `default`, or a network whose host bits are as given (the caller refuses a destination with host bits set). */
export function parseDestination(text: string, familyOfDefault: Family): InterfaceAddress | undefined {
  if (text === 'default') {
    return {
      family: familyOfDefault,
      value: 0n,
      text: familyOfDefault === 4 ? '0.0.0.0' : '::',
      prefix: 0,
      network: 0n,
    };
  }
  if (text.includes('/')) return parseInterfaceAddress(text);
  const host = parseAddress(text);
  return host === undefined ? undefined : { ...host, prefix: widthOf(host.family), network: host.value };
}

export function networkOf(address: IpAddress, prefix: number): bigint {
  const hostBits = BigInt(widthOf(address.family) - prefix);
  return (address.value >> hostBits) << hostBits;
}

/** The network's last address; of an IPv4 network its broadcast address. */
export function lastOf(address: InterfaceAddress): bigint {
  return address.network | (ones[address.family] >> BigInt(address.prefix));
}

export function isInNetwork(address: IpAddress, network: InterfaceAddress): boolean {
  return address.family === network.family && networkOf(address, network.prefix) === network.network;
}

export function formatInterfaceAddress(address: InterfaceAddress): string {
  return `${address.text}/${address.prefix}`;
}

/** Why a host cannot use the address for itself or as a gateway; undefined when it can. */
export function unusableReason(address: IpAddress): string | undefined {
  const { value } = address;
  if (address.family === 4) {
    if (value >> 24n === 0n) return 'it is in 0.0.0.0/8, which means "this network"';
    if (value >> 24n === 127n) return 'it is a loopback address';
    if (value >> 28n === 14n) return 'it is a multicast address';
    if (value >> 28n === 15n) return 'it is in the reserved range 240.0.0.0/4';
    return undefined;
  }
  if (value === 0n) return 'it is the unspecified address';
  if (value === 1n) return 'it is the loopback address';
  if (value >> 120n === 0xffn) return 'it is a multicast address';
  if (value >> 32n === 0xffffn) return 'it is an IPv4 address written as IPv6';
  return undefined;
}

/** fe80::/10: valid on its own link only, so never "in a network" of another interface. */
export function isLinkLocal(address: IpAddress): boolean {
  return address.family === 6 && address.value >> 118n === 0x3fan;
}

function parsePrefix(text: string, family: Family): number | undefined {
  if (/^(0|[1-9][0-9]{0,2})$/.test(text)) {
    const prefix = Number(text);
    return prefix <= widthOf(family) ? prefix : undefined;
  }
  if (family === 6) return undefined;
  const mask = parseAddress(text);
  if (mask === undefined || mask.family !== 4) return undefined;
  const hostPart = mask.value ^ ones[4];
  // A netmask is ones, then zeros: its complement plus one is a power of two.
  if ((hostPart & (hostPart + 1n)) !== 0n) return undefined;
  return 32 - hostPart.toString(2).replace(/^0$/, '').length;
}
