import { Address4, Address6 } from 'ip-address';

export type ServerName =
  | { readonly kind: 'name'; readonly canonical: string }
  | { readonly kind: 'address'; readonly canonical: string; readonly unusable: string | undefined }
  | { readonly kind: 'invalid' };

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** What the operator entered: a host name (RFC 1123) or an address, in the one form under which duplicates are found. */
export function parseServerName(text: string): ServerName {
  if (Address4.isValid(text)) return address(text, new Address4(text));
  if (text.includes(':')) return Address6.isValid(text) ? address(text, new Address6(text)) : { kind: 'invalid' };
  const canonical = text.toLowerCase().replace(/\.$/, '');
  const labels = canonical.split('.');
  // A last label of digits only would be taken for a part of an address (RFC 1123, 2.1).
  const valid =
    canonical.length <= 253 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '');
  if (!valid) return { kind: 'invalid' };
  return { kind: 'name', canonical };
}

function address(text: string, parsed: Address4 | Address6): ServerName {
  const canonical = parsed.correctForm();
  let unusable: string | undefined;
  if (canonical === '0.0.0.0' || canonical === '::') unusable = 'this is no address of a host';
  else if (parsed.isLoopback()) unusable = 'this is the device itself';
  else if (parsed.isMulticast()) unusable = 'this is a multicast address';
  return text.includes('/') ? { kind: 'invalid' } : { kind: 'address', canonical, unusable };
}
