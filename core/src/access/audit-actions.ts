import { z } from 'zod';
import { type AnyAction, type Cell, defineAction } from '../sdk/index.js';
import type { AuditLog, AuditRecord } from './audit-log.js';

const record = z.object({
  id: z.string(),
  at: z.number().describe('Milliseconds since 1970'),
  caller: z.string(),
  surface: z.string(),
  action: z.string(),
  input: z.unknown(),
  outcome: z.enum(['done', 'failed', 'unfinished', 'refused']),
  message: z.string(),
});

const outcomes = {
  done: { text: 'done', tone: 'ok' },
  failed: { text: 'failed', tone: 'bad' },
  unfinished: { text: 'unfinished', tone: 'warn' },
  refused: { text: 'refused', tone: 'warn' },
} as const satisfies Record<AuditRecord['outcome'], Cell>;

export function auditActions(audit: AuditLog): readonly AnyAction[] {
  return [
    defineAction({
      id: 'audit.show',
      kind: 'call',
      summary: 'Show who did what, newest first.',
      role: 'administrator',
      audited: false,
      input: z.object({
        limit: z.int().min(1).max(10_000).default(50).describe('Records at most'),
        caller: z.string().exactOptional().describe('Only of this caller, such as local:root or user:jane'),
        action: z.string().exactOptional().describe('Only actions whose id starts with this'),
      }),
      output: z.object({
        records: z.array(record),
        damaged: z.number().describe('Lines on disk that could not be read'),
      }),
      run: async ({ limit, caller, action }) => {
        const { records, damaged } = await audit.read(
          limit,
          (entry) => (caller === undefined || entry.caller === caller) && entry.action.startsWith(action ?? ''),
        );
        return { records: [...records], damaged };
      },
      present: ({ records, damaged }) => ({
        kind: 'group',
        views: [
          {
            kind: 'table',
            columns: ['When', 'Who', 'By', 'Action', 'Input', 'Outcome'],
            rows: records.map((entry) => [
              new Date(entry.at).toISOString().slice(0, 19).replace('T', ' '),
              entry.caller,
              entry.surface,
              entry.action,
              JSON.stringify(entry.input),
              entry.message === ''
                ? outcomes[entry.outcome]
                : { ...outcomes[entry.outcome], text: `${entry.outcome}: ${entry.message}` },
            ]),
            empty: 'Nothing was done yet.',
          },
          ...(damaged === 0
            ? []
            : [{ kind: 'text', text: `${damaged} damaged lines were left out.`, tone: 'warn' } as const]),
        ],
      }),
    }),
  ];
}
