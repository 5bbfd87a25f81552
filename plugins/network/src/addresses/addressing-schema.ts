import { z } from 'zod';

/** Longest text that can be an address with netmask; what it means is for verify to say, with a remedy. */
export const addressText = z.string().min(1).max(64);

const ipv4Address = addressText.meta({ examples: ['10.77.0.11/24', '10.77.0.11/255.255.255.0'] });
const ipv6Address = addressText.meta({ examples: ['fd77::11/64'] });

const metric = z
  .int()
  .min(0)
  .max(4294967295)
  .optional()
  .describe('Metric of the default route; the lowest is preferred. Default: 0 for IPv4, 1024 for IPv6');

const ipv4Method = z
  .enum(['static', 'dhcp', 'none'])
  .describe('Where IPv4 addresses come from: entered here (static), a DHCP server (dhcp), or nowhere (none)');

const ipv6Method = z
  .enum(['static', 'slaac', 'dhcp', 'none'])
  .describe(
    'Where IPv6 addresses come from: entered here (static), router advertisements (slaac), a DHCPv6 server (dhcp), or nowhere (none)',
  );

export const ipv4Schema = z.strictObject({
  method: ipv4Method,
  addresses: z
    .array(ipv4Address)
    .max(64)
    .optional()
    .describe('IPv4 addresses with prefix length or netmask; for method static'),
  gateway: addressText.optional().describe('Default gateway; must be in the network of one of the addresses'),
  metric,
});

export const ipv6Schema = z.strictObject({
  method: ipv6Method,
  addresses: z.array(ipv6Address).max(64).optional().describe('IPv6 addresses with prefix length; for method static'),
  gateway: addressText
    .optional()
    .describe('Default gateway: in the network of one of the addresses, or link-local (fe80::…)'),
  metric,
});

export const simpleIpv4Schema = z.strictObject({
  method: ipv4Method,
  address: ipv4Address.optional().describe('IPv4 address with prefix length or netmask; for method static'),
  gateway: addressText.optional().describe('Default gateway; must be in the network of the address'),
});

export const simpleIpv6Schema = z.strictObject({
  method: ipv6Method,
  address: ipv6Address.optional().describe('IPv6 address with prefix length; for method static'),
  gateway: addressText.optional().describe('Default gateway: in the network of the address, or link-local (fe80::…)'),
});

/** What every kind of interface has in common; spread into its object schema. */
export const interfaceFields = {
  enabled: z.boolean().optional().describe('False keeps the interface down. Default: true'),
  mtu: z
    .int()
    .min(0)
    .max(65535)
    .optional()
    .describe("Largest packet in bytes. Default: 1500, for a member its bond's, for a VLAN its parent's"),
  ipv4: ipv4Schema.optional().describe('IPv4. Default: none'),
  ipv6: ipv6Schema.optional().describe('IPv6. Default: none'),
};

export type Ipv4Settings = z.infer<typeof ipv4Schema>;
export type Ipv6Settings = z.infer<typeof ipv6Schema>;
export type SimpleIpv4Settings = z.infer<typeof simpleIpv4Schema>;
export type SimpleIpv6Settings = z.infer<typeof simpleIpv6Schema>;
