import { z } from 'zod';
import { interfaceFields } from '../addresses/addressing-schema.js';
import { interfaceName } from '../links/link-schema.js';

export const vlanSchema = z.strictObject({
  parent: interfaceName.describe('NIC or bond that carries the VLAN'),
  id: z
    .int()
    .min(0)
    .max(65535)
    .describe('VLAN id, 1 to 4094')
    .meta({ examples: [100] }),
  ...interfaceFields,
});

export type VlanSettings = z.infer<typeof vlanSchema>;
