import { z } from 'zod';
import { interfaceFields } from '../addresses/addressing-schema.js';

/** Rules for names are verify's, which can say what is wrong with one; here only its size is bounded. */
export const interfaceName = z
  .string()
  .min(1)
  .max(64)
  .meta({ examples: ['enp1s0'] });

export const hardwareAddress = z
  .string()
  .regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$/, 'A hardware address is six hexadecimal pairs: 52:54:00:12:34:56')
  .toLowerCase()
  .meta({ examples: ['52:54:00:12:34:56'] });

export const linkSchema = z.strictObject({
  hardwareAddress: hardwareAddress
    .optional()
    .describe(
      "The NIC's permanent hardware address. With it the configuration follows the NIC when its name changes; without it the name decides",
    ),
  ...interfaceFields,
});

export type LinkSettings = z.infer<typeof linkSchema>;
