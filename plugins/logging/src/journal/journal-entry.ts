import { z } from 'zod';
import { severities } from '../settings/forwarding-schema.js';
import type { JournalFields } from './export-reader.js';

export const entrySchema = z.object({
  at: z.number().describe('Wall clock of the node that wrote it, milliseconds since 1970.'),
  node: z.string().describe('Host name of the node that wrote it.'),
  unit: z.string().nullable().describe('Its unit; null for the kernel.'),
  identifier: z.string().describe('The name that the program gives itself.'),
  pid: z.number().nullable().describe('Its process.'),
  severity: z.enum(severities).describe('How bad it is.'),
  message: z.string().describe('What it says; bytes that are no UTF-8 are shown as the replacement character.'),
});
export type JournalEntry = z.output<typeof entrySchema>;

/** The fields that an entry is made of. */
export const entryFields = 'MESSAGE,PRIORITY,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER,_COMM,_PID,SYSLOG_PID,_HOSTNAME';

/** An entry of `journalctl --output=export --output-fields=…`. */
export function parseEntry(fields: JournalFields): JournalEntry {
  const priority = Number(fields.get('PRIORITY') ?? 6);
  const pid = Number(fields.get('_PID') ?? fields.get('SYSLOG_PID') ?? Number.NaN);
  return {
    at: Math.floor(Number(fields.get('__REALTIME_TIMESTAMP')) / 1_000),
    node: text(fields, '_HOSTNAME') ?? '',
    unit: text(fields, '_SYSTEMD_UNIT') ?? null,
    identifier: text(fields, 'SYSLOG_IDENTIFIER') ?? text(fields, '_COMM') ?? '',
    pid: Number.isInteger(pid) ? pid : null,
    severity: severities[priority] ?? 'info',
    message: text(fields, 'MESSAGE') ?? '',
  };
}

// oxlint-disable-next-line no-control-regex -- the others need no decoding
const ascii = /^[\u0000-\u007f]*$/;

function text(fields: JournalFields, name: string): string | undefined {
  const bytes = fields.get(name);
  return bytes === undefined || ascii.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** One line, or several of a message with several, as a person reads it. No control character reaches a terminal. */
export function formatEntry({ at, node, identifier, pid, message }: JournalEntry): string {
  const time = new Date(at).toISOString().replace('T', ' ').slice(0, 23);
  const process = pid === null ? identifier : `${identifier}[${pid}]`;
  return `${time} ${node} ${visible(process)}: ${visible(message).replaceAll('\n', '\n    ')}`;
}

// oxlint-disable-next-line no-control-regex -- to find them is its purpose
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

function visible(value: string): string {
  return value.replace(control, '\uFFFD').replaceAll('\t', '    ');
}

/** Both nodes' entries in the order of time, the newest `limit` of them. */
export function mergeEntries(
  own: readonly JournalEntry[],
  other: readonly JournalEntry[],
  limit: number,
): readonly JournalEntry[] {
  return [...own, ...other].toSorted((one, two) => one.at - two.at).slice(-limit);
}
