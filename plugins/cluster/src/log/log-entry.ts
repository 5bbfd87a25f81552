import { z } from 'zod';

export const logKinds = [
  'takeover',
  'role',
  'node',
  'resource',
  'maintenance',
  'action',
  'data',
  'membership',
  'readiness',
] as const;

export const logEntrySchema = z.lazy(() =>
  z.object({
    at: z.number().describe('Wall clock of the node that wrote it, milliseconds since 1970.'),
    node: z.string().describe('Which node wrote it.'),
    kind: z.enum(logKinds).describe('What it is about.'),
    severity: z.enum(['info', 'warning', 'error']).describe('How bad it is.'),
    text: z.string().describe('What happened.'),
    details: z.array(z.string()).describe('Why, and step by step; may be empty.'),
  }),
);
export type LogEntry = z.output<typeof logEntrySchema>;

/** What is known to whoever makes an entry; the log adds the rest. */
export type NewLogEntry = Omit<LogEntry, 'at' | 'node' | 'details'> & { readonly details?: readonly string[] };

/** Both nodes' entries in the order of time; the clocks of a pair are kept close. Pure. */
export function mergeEntries(own: readonly LogEntry[], other: readonly LogEntry[], limit: number): readonly LogEntry[] {
  return [...own, ...other].toSorted((one, two) => one.at - two.at).slice(-limit);
}

/** Lines of a log file. A line that a power loss tore is left out. */
export function parseEntries(text: string): readonly LogEntry[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    try {
      return [logEntrySchema.parse(JSON.parse(line))];
    } catch {
      // Only this line is unreadable; the others still tell what happened.
      return [];
    }
  });
}
