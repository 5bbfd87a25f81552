import { z } from 'zod';

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;
const address = z.string().regex(new RegExp(`^$|${ipv4.source}`), 'must be an IPv4 address');

/** Names and passwords go into a line for ipmitool: no blanks, quotes or backslashes. Lengths are those of IPMI 2.0. */
export const managementFields = {
  enabled: z.boolean().describe('Let the management controller be reached over its network.'),
  address: address.describe('IPv4 address of the management controller.').meta({ examples: ['192.0.2.9'] }),
  netmask: address.describe('Netmask of its network.').meta({ examples: ['255.255.255.0'] }),
  gateway: address.describe('Gateway of its network; empty for none.').meta({ examples: ['192.0.2.1'] }),
  user: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,16}$/, 'must be at most 16 letters, digits, ".", "_" and "-"')
    .describe('User of the management controller, who may do everything there.')
    .meta({ examples: ['operator'] }),
  password: z
    .string()
    .regex(/^$|^[!#-&(-[\]-~]{8,20}$/, 'must be 8 to 20 characters without blanks, quotes and backslashes')
    .describe('Password of that user, 8 to 20 characters.')
    .meta({ secret: true, repeat: true, examples: ['correct-horse-1'] }),
};

const managementSchema = z.strictObject({
  enabled: managementFields.enabled.default(false),
  address: managementFields.address.default(''),
  netmask: managementFields.netmask.default(''),
  gateway: managementFields.gateway.default(''),
  user: managementFields.user.default(''),
  password: managementFields.password.default(''),
});

export const hardwareSettingsSchema = z.strictObject({
  management: managementSchema
    .prefault({})
    .describe('The management controller (IPMI), with which the device is reached when it is off.'),
});
export type HardwareSettings = z.output<typeof hardwareSettingsSchema>;
export type ManagementSettings = HardwareSettings['management'];
