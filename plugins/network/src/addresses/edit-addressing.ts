import { ApplianceError } from '@gemel/core/sdk';
import { z } from 'zod';
import type { Ipv4Settings, Ipv6Settings } from './addressing-schema.js';
import { addressText } from './addressing-schema.js';
import { formatInterfaceAddress, parseAddress, parseInterfaceAddress } from './ip.js';

/** Options that every action takes that gives an interface addresses. */
export const addressingInput = {
  address: z.array(addressText).max(64).optional().describe('Addresses with prefix length or netmask, IPv4 and IPv6'),
  gateway: z.array(addressText).max(2).optional().describe('Default gateways, at most one of IPv4 and one of IPv6'),
  ipv4: z
    .enum(['static', 'dhcp', 'none'])
    .optional()
    .describe('Where IPv4 addresses come from. Default: static when one is entered'),
  ipv6: z
    .enum(['static', 'slaac', 'dhcp', 'none'])
    .optional()
    .describe('Where IPv6 addresses come from. Default: static when one is entered'),
};

export interface AddressingInput {
  readonly address?: readonly string[] | undefined;
  readonly gateway?: readonly string[] | undefined;
  readonly ipv4?: Ipv4Settings['method'] | undefined;
  readonly ipv6?: Ipv6Settings['method'] | undefined;
}

export interface Addressing {
  readonly ipv4?: Ipv4Settings | undefined;
  readonly ipv6?: Ipv6Settings | undefined;
}

/** Lists come as several values or as one with commas. */
export function listed(values: readonly string[] | undefined): readonly string[] | undefined {
  return values
    ?.flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

/** Applies what was entered to what there is; what was not entered stays. @throws ApplianceError `invalid`. */
export function changeAddressing(before: Addressing, input: AddressingInput): Addressing {
  const addresses = listed(input.address)?.map(canonicalAddress);
  const gateways = listed(input.gateway)?.map(canonicalGateway);
  return { ...family(before, input, 4, addresses, gateways), ...family(before, input, 6, addresses, gateways) };
}

function family(
  before: Addressing,
  input: AddressingInput,
  which: 4 | 6,
  addresses: readonly string[] | undefined,
  gateways: readonly string[] | undefined,
): Addressing {
  const own = (texts: readonly string[] | undefined) => texts?.filter((text) => text.includes(':') === (which === 6));
  const entered = own(addresses);
  const gateway = own(gateways);
  if ((gateway?.length ?? 0) > 1)
    throw new ApplianceError(
      'invalid',
      `Only one IPv${which} gateway is possible. Enter the others as routes to "default" with a metric.`,
    );
  const was = which === 4 ? before.ipv4 : before.ipv6;
  const method =
    (which === 4 ? input.ipv4 : input.ipv6) ?? (entered?.length || gateway?.length ? 'static' : was?.method);
  if (method === undefined) return {};
  if (method !== 'static')
    return which === 4 ? { ipv4: { method: method === 'slaac' ? 'none' : method } } : { ipv6: { method } };
  const kept = was?.method === 'static' ? was : undefined;
  const list = entered?.length ? entered : kept?.addresses;
  const router = gateway?.[0] ?? kept?.gateway;
  const settings = {
    method: 'static' as const,
    ...(list === undefined ? {} : { addresses: [...list] }),
    ...(router === undefined ? {} : { gateway: router }),
    ...(kept?.metric === undefined ? {} : { metric: kept.metric }),
  };
  return which === 4 ? { ipv4: settings } : { ipv6: settings };
}

/** Netmasks become prefix lengths. @throws ApplianceError `invalid`. */
export function canonicalAddress(text: string): string {
  const parsed = parseInterfaceAddress(text);
  if (parsed !== undefined) return formatInterfaceAddress(parsed);
  const bare = parseAddress(text);
  const example = bare === undefined ? '10.77.0.11/24' : `${bare.text}/${bare.family === 4 ? 24 : 64}`;
  throw new ApplianceError('invalid', `${text} is no address with prefix length or netmask. Write it as ${example}.`);
}

function canonicalGateway(text: string): string {
  const parsed = parseAddress(text);
  if (parsed !== undefined) return parsed.text;
  throw new ApplianceError('invalid', `${text} is no address. Write the gateway without prefix, such as 10.77.0.1.`);
}
