import { Address4, Address6 } from 'ip-address';

/** An address, and the network it is in when a prefix was given. */
export interface NetworkAddress {
  readonly family: 4 | 6;
  /** As engines print it. */
  readonly text: string;
  readonly prefix: number;
  readonly value: bigint;
  readonly network: bigint;
}

const longestText = 64;

/** `10.77.0.11/24` or `fd77::11`; a missing prefix means this address alone. Undefined for anything else. */
export function parseNetworkAddress(text: string): NetworkAddress | undefined {
  if (text.length > longestText || text.includes('%')) return undefined;
  try {
    const family = text.includes(':') ? 6 : 4;
    const parsed = family === 6 ? new Address6(text) : new Address4(text);
    const value = parsed.bigInt();
    const hostBits = BigInt((family === 6 ? 128 : 32) - parsed.subnetMask);
    return {
      family,
      text: parsed.correctForm(),
      prefix: parsed.subnetMask,
      value,
      network: (value >> hostBits) << hostBits,
    };
  } catch {
    // The library tells a wrong address by throwing; the caller says which and where.
    return undefined;
  }
}

/** Whether `inner`'s address is in the network of `outer`. */
export function isInNetwork(inner: NetworkAddress, outer: NetworkAddress): boolean {
  if (inner.family !== outer.family) return false;
  const hostBits = BigInt((outer.family === 6 ? 128 : 32) - outer.prefix);
  return (inner.value >> hostBits) << hostBits === outer.network;
}

export function networksOverlap(one: NetworkAddress, other: NetworkAddress): boolean {
  return isInNetwork(one, other) || isInNetwork(other, one);
}
