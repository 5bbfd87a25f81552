import { z } from 'zod';
import { simpleIpv4Schema, simpleIpv6Schema } from '../addresses/addressing-schema.js';
import { bondSchema } from '../bonds/bond-schema.js';
import { hardwareAddress, interfaceName, linkSchema } from '../links/link-schema.js';
import { routeSchema } from '../routes/route-schema.js';
import { vlanSchema } from '../vlans/vlan-schema.js';

export const simpleSchema = z.strictObject({
  interface: interfaceName.optional().describe('The standard interface. Default: the first wired NIC'),
  hardwareAddress: hardwareAddress
    .optional()
    .describe("The NIC's permanent hardware address, so that the configuration follows it when its name changes"),
  ipv4: simpleIpv4Schema.describe('IPv4 of the standard interface'),
  ipv6: simpleIpv6Schema.describe('IPv6 of the standard interface'),
});

export const networkSchema = z.strictObject({
  mode: z
    .enum(['simple', 'advanced'])
    .describe('Simple Mode: one standard interface. Advanced Mode: every NIC, bonds, VLANs and routes'),
  simple: simpleSchema.describe('The standard interface; in force in Simple Mode'),
  links: z.record(interfaceName, linkSchema).default({}).describe('NICs by name, in Advanced Mode'),
  bonds: z.record(interfaceName, bondSchema).default({}).describe('Bonds by name, in Advanced Mode'),
  vlans: z.record(interfaceName, vlanSchema).default({}).describe('VLANs by name, in Advanced Mode'),
  routes: z.array(routeSchema).max(4096).default([]).describe('Static routes, in Advanced Mode'),
});

export type SimpleSettings = z.infer<typeof simpleSchema>;
export type NetworkSettings = z.infer<typeof networkSchema>;
