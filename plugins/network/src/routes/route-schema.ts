import { z } from 'zod';
import { addressText } from '../addresses/addressing-schema.js';
import { interfaceName } from '../links/link-schema.js';

export const routeSchema = z.strictObject({
  destination: addressText
    .describe('Network with prefix length, or default')
    .meta({ examples: ['192.168.0.0/16', 'fd78::/48', 'default'] }),
  gateway: addressText
    .optional()
    .describe('Next hop. Without it the destination is on the link itself and interface must be given'),
  interface: interfaceName.optional().describe('Outgoing interface. Default: the one whose network holds the gateway'),
  metric: z
    .int()
    .min(0)
    .max(4294967295)
    .optional()
    .describe('The lowest is preferred. Default: 0 for IPv4, 1024 for IPv6'),
  onLink: z
    .boolean()
    .optional()
    .describe('The gateway is on the link although no address is in its network. Default: false'),
  preferredSource: addressText.optional().describe('Own address that packets to the destination come from'),
});

export type RouteSettings = z.infer<typeof routeSchema>;
