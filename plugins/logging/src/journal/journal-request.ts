import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { Journal } from './journal.js';
import { entrySchema } from './journal-entry.js';
import { querySchema } from './query.js';

/** Entries in one answer of the other node. */
export const mostLines = 10_000;

/** The other node takes 4 MiB. */
const answerBytes = 3 * 1024 * 1024;

export const linesSchema = z.int().min(1).max(mostLines);

export const journalRequest = definePeerRequest({
  id: 'logging.journal.read',
  trust: 'pinned',
  input: z.strictObject({
    query: querySchema.describe('Which entries.'),
    lines: linesSchema.describe('At most so many.'),
    order: z.enum(['newest', 'oldest']).default('newest').describe('Which of those that fit.'),
    after: z
      .string()
      .max(512)
      .regex(/^[a-z0-9=;]+$/)
      .nullable()
      .default(null)
      .describe('With `oldest`: only what comes after this place.'),
  }),
  output: z.object({
    entries: z.array(entrySchema).describe('Oldest first.'),
    cursor: z.string().nullable().describe('Place of the newest of them; null when there is none.'),
    // a Gemel that is older than this one does not say
    cut: z.boolean().default(false).describe('More would fit, and have no room in one answer.'),
  }),
  timeoutMs: 28_000,
});

/** Gives this node's entries to the other one. */
export function answerJournalRequests(peer: PeerService, journal: Journal): Disposable {
  return peer.handle(journalRequest, async ({ query, lines, order, after }, _origin, signal) => {
    const limits = { lines, bytes: answerBytes };
    const { entries, cursor, cut } =
      order === 'newest'
        ? await journal.newest(query, limits, signal)
        : await journal.oldest(query, limits, after, signal);
    return { entries: [...entries], cursor, cut };
  });
}
