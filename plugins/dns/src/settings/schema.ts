import { z } from 'zod';

/** No blank, quote or new line can get into resolved's file; what is a valid address, `verify` says. */
const addressText = z
  .string()
  .min(2)
  .max(64)
  .regex(/^[0-9A-Fa-f.:]+(%[A-Za-z0-9._-]{1,15})?$/, 'must be an IPv4 or IPv6 address')
  .meta({ examples: ['192.0.2.53', '2001:db8::53'] });

const nameText = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9_.-]+$/, 'must be a domain name')
  .meta({ examples: ['dns.example.org'] });

export const dnsServerSchema = z.strictObject({
  address: addressText.describe('IPv4 or IPv6 address; a link-local one with its interface, fe80::53%bond0.'),
  port: z.int().min(1).max(65_535).optional().describe('Where it is not the usual one (53, with TLS 853).'),
  tlsName: nameText.optional().describe('Name in its certificate, for DNS over TLS.'),
});
export type DnsServer = z.output<typeof dnsServerSchema>;

export const dnsSettingsSchema = z.strictObject({
  servers: z
    .array(dnsServerSchema)
    .max(16)
    .default([])
    .describe('Asked in this order; the next one when one does not answer.')
    .meta({ examples: [[{ address: '192.0.2.53' }]] }),
  searchDomains: z
    .array(nameText)
    .max(32)
    .default([])
    .describe('Appended to names without a dot, in this order.')
    .meta({ examples: [['example.org']] }),
  useLinkServers: z
    .boolean()
    .default(true)
    .describe('Also ask the servers that interfaces learned by DHCP or router advertisement.'),
  dnsOverTls: z
    .enum(['no', 'opportunistic', 'yes'])
    .default('no')
    .describe(
      '`opportunistic`: encrypt where the server can, without proof of identity. `yes`: only encrypted, identity checked.',
    ),
  dnssec: z
    .enum(['no', 'allow-downgrade', 'yes'])
    .default('no')
    .describe('Check signatures. With `yes`, a server without DNSSEC makes every lookup fail.'),
  cache: z
    .enum(['yes', 'no-negative', 'no'])
    .default('yes')
    .describe('Keep answers for their lifetime; `no-negative` does not keep that a name is absent.'),
});
export type DnsSettings = z.output<typeof dnsSettingsSchema>;
