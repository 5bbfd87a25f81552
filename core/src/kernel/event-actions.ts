import { z } from 'zod';
import { type AnyAction, defineAction, type View } from '../sdk/index.js';
import { keptEvents, type RecentEvents } from './recent-events.js';

const eventSchema = z.object({
  id: z.string(),
  at: z.number().describe('Milliseconds since 1970.'),
  sequence: z.number(),
  source: z.string(),
  payload: z.unknown(),
});

/** `gemel events list`; `gemel events` itself follows over a subscription. */
export function eventActions(recent: RecentEvents): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'events.list',
      summary: 'List the latest events, oldest first, without changes of status and progress of jobs.',
      role: 'viewer',
      audited: false,
      input: z.object({
        prefix: z.string().default('').describe('Only events whose id starts with this, such as network.bond.'),
        limit: z.int().min(1).max(keptEvents).default(50).describe('At most so many.'),
      }),
      output: z.object({ events: z.array(eventSchema) }),
      present: ({ events }): View => ({
        kind: 'table',
        columns: ['Time', 'Event', 'From', 'What'],
        rows: events.map(({ at, id, source, payload }) => [
          new Date(at).toISOString(),
          id,
          source,
          JSON.stringify(payload),
        ]),
        empty: 'No events since core started.',
      }),
      run: async ({ prefix, limit }) => ({ events: [...recent.list(prefix, limit)] }),
    }),
  ];
}
