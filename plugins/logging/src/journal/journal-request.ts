import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { Journal } from './journal.js';
import { entrySchema } from './journal-entry.js';
import { querySchema } from './query.js';

/** Entries in one answer of the other node. */
export const mostLines = 10_000;

export const linesSchema = z.int().min(1).max(mostLines);

export const journalRequest = definePeerRequest({
  id: 'logging.journal.read',
  trust: 'pinned',
  input: z.strictObject({
    query: querySchema.describe('Which entries.'),
    lines: linesSchema.describe('At most so many, the newest.'),
  }),
  output: z.object({ entries: z.array(entrySchema).describe('Oldest first.') }),
  timeoutMs: 28_000,
});

/** Gives this node's entries to the other one. */
export function answerJournalRequests(peer: PeerService, journal: () => Promise<Journal>): Disposable {
  return peer.handle(journalRequest, async ({ query, lines }, _origin, signal) => ({
    entries: [...(await (await journal()).newest(query, lines, signal))],
  }));
}
