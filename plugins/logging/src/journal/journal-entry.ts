import { z } from 'zod';
import { severities } from '../settings/forwarding-schema.js';

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

/** One line of `journalctl --output=json --output-fields=…`. Undefined for a line that is no entry. */
export function parseEntry(line: string): JournalEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...Object(JSON.parse(line)) };
  const priority = Number(text(fields['PRIORITY']) ?? 6);
  const pid = Number(text(fields['_PID']) ?? text(fields['SYSLOG_PID']) ?? Number.NaN);
  return {
    at: Math.floor(Number(fields['__REALTIME_TIMESTAMP']) / 1_000),
    node: text(fields['_HOSTNAME']) ?? '',
    unit: text(fields['_SYSTEMD_UNIT']) ?? null,
    identifier: text(fields['SYSLOG_IDENTIFIER']) ?? text(fields['_COMM']) ?? '',
    pid: Number.isInteger(pid) ? pid : null,
    severity: severities[priority] ?? 'info',
    message: text(fields['MESSAGE']) ?? '',
  };
}

/** journalctl gives a value that is no UTF-8 as a list of bytes, and a field that an entry has twice as a list of values. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const values: readonly unknown[] = value;
  if (values.every((each) => typeof each === 'number')) return Buffer.from(values).toString('utf8');
  return text(values[0]);
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
