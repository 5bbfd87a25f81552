import { z } from 'zod';

export const protocols = ['udp', 'tcp', 'tls', 'relp', 'relp-tls'] as const;
export type Protocol = (typeof protocols)[number];

/** In the order of their numbers (RFC 5424, 6.2.1), as rsyslog's filters name them. */
export const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

export const facilities = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;

/** No blank, quote or new line can get into rsyslog's file; what is a valid host, `verify` says. */
const host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name or an IP address')
  .meta({ examples: ['logs.example.org', '192.0.2.14'] });

const pem = (label: string) =>
  z
    .string()
    .max(65_536)
    .regex(/^\s*-----BEGIN [A-Z0-9 ]+-----\r?\n[\s\S]+-----END [A-Z0-9 ]+-----\s*$/, 'must be PEM text')
    .meta({ fileContent: true, examples: [`-----BEGIN ${label}-----\nMIIB…\n-----END ${label}-----\n`] });

/** systemd's own names for units; one `*` at the end stands for anything. */
const unitPattern = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9:_.\\@-]+\*?$/, 'must be the name of a unit; a * at its end stands for anything')
  .meta({ examples: ['ssh.service', 'gemel-*'] });

const tlsSchema = z.lazy(() =>
  z.strictObject({
    ca: pem('CERTIFICATE')
      .optional()
      .describe(
        'Certificate of the authority that signed the certificate of the receiver. Default: the usual public authorities.',
      ),
    certificate: pem('CERTIFICATE').optional().describe('Certificate of this device, where the receiver asks for one.'),
    key: pem('PRIVATE KEY').optional().describe('Private key of that certificate.').meta({ secret: true }),
    name: z
      .string()
      .max(253)
      .regex(/^(\*\.)?[A-Za-z0-9._-]+$/, 'must be a name')
      .optional()
      .describe('Name that the certificate of the receiver must carry. Default: the host, where that is a name.')
      .meta({ examples: ['logs.example.org'] }),
  }),
);

const filterSchema = z.lazy(() =>
  z.strictObject({
    severity: z.enum(severities).default('debug').describe('Entries of this severity and worse ones; `debug` is all.'),
    facilities: z
      .array(z.enum(facilities))
      .max(20)
      .default([])
      .describe('Only entries of these facilities; none entered is all.'),
    units: z
      .array(unitPattern)
      .max(64)
      .default([])
      .describe('Only entries of these units; none entered is all.')
      .meta({ examples: [['ssh.service']] }),
  }),
);

export const destinationSchema = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true).describe('Off keeps the settings and what is queued, and sends nothing.'),
    host: host.describe('Host name or IP address of the receiver.'),
    port: z.int().min(1).max(65_535).optional().describe('Default: 514, with TLS 6514, with RELP 2514.'),
    protocol: z
      .enum(protocols)
      .default('tcp')
      .describe(
        '`relp` has every message confirmed by the receiver; `tcp` and `tls` may lose some when the receiver dies; `udp` says nothing of a loss.',
      ),
    format: z
      .enum(['rfc5424', 'rfc3164'])
      .default('rfc5424')
      .describe('RFC 5424 carries structured data, year and time zone.'),
    framing: z
      .enum(['octet-counted', 'newline'])
      .default('octet-counted')
      .describe(
        'How messages are told apart on TCP and TLS (RFC 6587). With `newline`, control characters are written as #012.',
      ),
    filter: filterSchema.prefault({}).describe('What is sent.'),
    tls: tlsSchema.prefault({}).describe('With `tls` and `relp-tls`: who trusts whom.'),
    queueMegabytes: z
      .int()
      .min(16)
      .max(65_536)
      .default(256)
      .describe(
        'Space on the data volume for what waits for this receiver. When it is used up, newer entries are dropped and counted.',
      ),
  }),
);
export type Destination = z.output<typeof destinationSchema>;

export const destinationName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and "-", at most 32')
  .meta({ examples: ['central'] });

export const forwardingSchema = z.strictObject({
  destinations: z
    .record(destinationName, destinationSchema)
    .refine((all) => Object.keys(all).length <= 32, 'must not be more than 32 destinations')
    .default({})
    .describe('Receivers of the log by a name of your own.')
    .meta({ examples: [{ central: { host: 'logs.example.org', protocol: 'tls' } }] }),
});
export type ForwardingSettings = z.output<typeof forwardingSchema>;

const usualPorts: Readonly<Record<Protocol, number>> = { udp: 514, tcp: 514, tls: 6514, relp: 2514, 'relp-tls': 2514 };

export function portOf({ port, protocol }: Destination): number {
  return port ?? usualPorts[protocol];
}

export function usesTls({ protocol }: Pick<Destination, 'protocol'>): boolean {
  return protocol === 'tls' || protocol === 'relp-tls';
}

/** The name that the certificate of the receiver must carry; undefined: any that the authority signed. */
export function expectedName({ host: entered, tls }: Destination): string | undefined {
  return tls.name ?? (isAddress(entered) ? undefined : entered);
}

export function isAddress(text: string): boolean {
  return text.includes(':') || /^\d+(\.\d+){3}$/.test(text);
}
