import { z } from 'zod';

/** What is a valid name, `verify` says with the reason; the schema only keeps strange characters away. */
const name = z.string().regex(/^[A-Za-z0-9._-]*$/, 'must be letters, digits, "-" and "."');

/** One line for people. systemd-hostnamed and terminals take no control characters. */
const line = z
  .string()
  .max(255)
  .regex(/^\P{Cc}*$/u, 'must be one line of text');

export const deviceSettingsSchema = z.strictObject({
  hostName: name
    .min(1)
    .max(64)
    .default('gemel')
    .describe('Name of this device without domain.')
    .meta({ examples: ['box1'] }),
  domain: name
    .max(253)
    .default('')
    .describe('Domain of this device; together with the host name at most 64 characters.')
    .meta({ examples: ['example.org'] }),
  location: line
    .default('')
    .describe('Where the device stands, for people.')
    .meta({ examples: ['Rack 7, unit 12'] }),
  contact: line
    .default('')
    .describe('Who looks after it, for people.')
    .meta({ examples: ['operations@example.org'] }),
});

export type DeviceSettings = z.output<typeof deviceSettingsSchema>;

/** The name of the device as the kernel, other machines and certificates know it. */
export function fullName({ hostName, domain }: Pick<DeviceSettings, 'hostName' | 'domain'>): string {
  const parts = [hostName, ...(domain === '' ? [] : [domain.replace(/\.$/, '')])];
  return parts.join('.').toLowerCase();
}
