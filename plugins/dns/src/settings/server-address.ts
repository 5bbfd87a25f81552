import { Address4, Address6 } from 'ip-address';

export type ServerAddress =
  | { readonly kind: 'invalid' }
  | {
      readonly kind: 'address';
      readonly family: 4 | 6;
      /** The one form under which duplicates are found, without interface. */
      readonly canonical: string;
      readonly interfaceName: string | undefined;
      /** Why no DNS server can be asked there. */
      readonly unusable: string | undefined;
    };

export function parseServerAddress(text: string): ServerAddress {
  const [host = '', interfaceName] = text.split('%', 2);
  const isV4 = Address4.isValid(host) && !host.includes('/');
  if (!isV4 && (!host.includes(':') || host.includes('/') || !Address6.isValid(host))) return { kind: 'invalid' };
  const parsed = isV4 ? new Address4(host) : new Address6(host);
  const canonical = parsed.correctForm();
  return {
    kind: 'address',
    family: isV4 ? 4 : 6,
    canonical,
    interfaceName,
    unusable: unusableReason(parsed, canonical, interfaceName),
  };
}

function unusableReason(
  parsed: Address4 | Address6,
  canonical: string,
  interfaceName: string | undefined,
): string | undefined {
  if (canonical === '0.0.0.0' || canonical === '::') return 'this is no address of a host';
  if (canonical === '127.0.0.53' || canonical === '127.0.0.54')
    return 'this is the device’s own resolver, which would ask itself';
  if (parsed.isLoopback()) return 'this is the device itself, which has no DNS server';
  if (parsed.isMulticast()) return 'this is a multicast address';
  const linkLocal = parsed instanceof Address6 && parsed.isLinkLocal();
  if (linkLocal && interfaceName === undefined)
    return `a link-local address needs its interface, such as ${canonical}%bond0`;
  if (!linkLocal && interfaceName !== undefined) return 'only a link-local address takes an interface';
  return undefined;
}
