import { z } from 'zod';
import { facilities, severities } from '../settings/forwarding-schema.js';

/** journald's own for clusters: what Gemel calls the cluster view. */
const clusterUnits = [
  'corosync.service',
  'corosync-qdevice.service',
  'pacemaker.service',
  'drbd@*.service',
  'gemel-cluster*.service',
  'gemel-split-brain@*.service',
  'gemel-peer.service',
] as const;

const unit = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9:_.\\@*?-]+$/, 'must be the name of a unit, with * for anything');

const moment = z
  .string()
  .min(1)
  .max(64)
  // journalctl(1) reads more; these are the forms that cannot be taken for an option
  .regex(
    /^(now|today|yesterday|\d+ ?(s|min|h|d|w|seconds?|minutes?|hours?|days?|weeks?)( ago)?|\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d| UTC)?)?|\d\d:\d\d(:\d\d)?)$/,
    'must be a time such as 2026-11-22 04:00, 04:00, yesterday or 2h',
  );

/** Which entries; every filter that is given must fit. */
export const querySchema = z.strictObject({
  unit: z
    .array(unit)
    .max(64)
    .default([])
    .describe('Only entries of these units; * stands for anything.')
    .meta({ examples: [['ssh.service']] }),
  facility: z.array(z.enum(facilities)).default([]).describe('Only entries of these facilities.'),
  severity: z.enum(severities).default('debug').describe('Entries of this severity and worse ones.'),
  since: moment
    .optional()
    .describe('Not older than this.')
    .meta({ examples: ['2026-11-22 04:00', '2h'] }),
  until: moment
    .optional()
    .describe('Not newer than this.')
    .meta({ examples: ['today', '10min'] }),
  grep: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .describe('Only messages that this regular expression (PCRE2) finds; case counts if it has capitals.'),
  kernel: z.boolean().default(false).describe('Only messages of the kernel.'),
  cluster: z.boolean().default(false).describe('Only entries of the engines of the cluster.'),
  boot: z
    .int()
    .min(0)
    .max(1_000)
    .optional()
    .describe('Only entries since one start of the device: 0 is the last one, 1 the one before.'),
});
export type Query = z.output<typeof querySchema>;

/** A query without any filter. */
export const everything: Query = querySchema.parse({});

/** The filters as arguments of journalctl. */
export function filterArguments(query: Query): readonly string[] {
  const { facility, severity, since, until, grep, kernel, cluster, boot } = query;
  const units = cluster ? [...query.unit, ...clusterUnits] : query.unit;
  return [
    ...units.map((each) => `--unit=${each}`),
    ...(facility.length === 0 ? [] : [`--facility=${facility.join(',')}`]),
    ...(severity === 'debug' ? [] : [`--priority=${severity}`]),
    ...(since === undefined ? [] : [`--since=${journalTime(since)}`]),
    ...(until === undefined ? [] : [`--until=${journalTime(until)}`]),
    ...(grep === undefined ? [] : [`--grep=${grep}`]),
    // --dmesg would imply this boot
    ...(boot === undefined ? [] : [`--boot=-${boot}`]),
    ...(kernel ? ['_TRANSPORT=kernel'] : []),
  ];
}

/** `2h` is two hours ago; ISO 8601 becomes what systemd.time(7) reads. */
function journalTime(text: string): string {
  if (/^\d+ ?[a-z]+$/.test(text)) return `${text.replace(' ', '')} ago`;
  if (!text.includes('T')) return text;
  return `@${Date.parse(text) / 1_000}`;
}
