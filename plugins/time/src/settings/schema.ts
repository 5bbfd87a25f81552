import { z } from 'zod';

/** Bounds chrony accepts for poll intervals of network servers, as powers of two: 8 s to 36 h (chrony.conf(5), minpoll). */
const poll = z.int().min(3).max(17);

const options = {
  pool: z.boolean().describe('The name stands for several servers that change, such as 2.debian.pool.ntp.org.'),
  nts: z.boolean().describe('Network Time Security: the server proves its identity by a certificate.'),
  prefer: z.boolean().describe('Chosen before others that agree with it.'),
  iburst: z.boolean().describe('Four quick requests at start, so that the time is right within seconds.'),
  minPoll: poll.describe('Shortest interval between requests, as a power of two in seconds: 6 is 64 s.'),
  maxPoll: poll.describe('Longest interval between requests, as a power of two in seconds: 10 is 1,024 s.'),
};

/** What is said of a server; the rest stays as it is. */
export const ntpServerOptions = z.strictObject(options).partial();

export const ntpServerSchema = z.strictObject({
  pool: options.pool.default(false),
  nts: options.nts.default(false),
  prefer: options.prefer.default(false),
  iburst: options.iburst.default(true),
  minPoll: options.minPoll.default(6),
  maxPoll: options.maxPoll.default(10),
});

export type NtpServer = z.output<typeof ntpServerSchema>;

/** No blank, quote or comment sign can get into chrony's file; what is a valid name or address, `verify` says. */
const serverName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name or an IP address');

export const timeSettingsSchema = z.strictObject({
  timeZone: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, 'must be a time zone name such as Europe/Berlin')
    .default('Etc/UTC')
    .describe('Time zone by its IANA name.')
    .meta({ examples: ['Europe/Berlin'] }),
  servers: z
    .record(serverName, ntpServerSchema)
    .refine((servers) => Object.keys(servers).length <= 32, 'must not be more than 32 servers')
    .default({})
    .describe('NTP servers by name or address.')
    .meta({ examples: [{ 'ntp1.example.org': { nts: true } }] }),
});

export type TimeSettings = z.output<typeof timeSettingsSchema>;
