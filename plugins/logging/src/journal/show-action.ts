import { type AnyAction, asApplianceError, defineAction, type View } from '@gemel/core/sdk';
import type { PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { Journal } from './journal.js';
import { entrySchema, formatEntry, mergeEntries } from './journal-entry.js';
import { journalRequest, linesSchema } from './journal-request.js';
import { querySchema } from './query.js';

const nodes = ['both', 'this', 'other'] as const;

export const nodeChoice = z
  .enum(nodes)
  .default('both')
  .describe('Whose entries: of this node, the other one, or of both in the order of time.');

const output = z.object({
  entries: z.array(entrySchema).describe('Oldest first.'),
  missing: z.string().nullable().describe('What is not in it, and why; null when nothing is missing.'),
});

/** `gemel log show`. */
export function showAction(journal: Journal, peer: PeerService | undefined): AnyAction {
  return defineAction({
    kind: 'call',
    id: 'log.show',
    summary: 'Show the newest entries of the log, of both nodes where there are two.',
    role: 'operator',
    audited: false,
    input: querySchema.extend({
      lines: linesSchema.default(100).describe('At most so many, the newest.'),
      node: nodeChoice,
    }),
    output,
    present,
    async run({ lines, node, ...query }, { signal }) {
      const paired = peer?.paired !== undefined;
      const fromOther =
        paired && node !== 'this'
          ? peer.call(journalRequest, { query, lines, order: 'newest', after: null }, { signal })
          : undefined;
      const other = fromOther?.then(
        ({ entries, cut }) => ({ entries, missing: cut ? tooLong('the other node', entries.length) : null }),
        (failure: unknown) => ({ entries: [], missing: `all of the other node: ${asApplianceError(failure).message}` }),
      );
      const own = node === 'other' ? undefined : await journal.newest(query, { lines }, signal);
      const alone = node === 'other' ? 'all of it: this device is connected to no other node.' : null;
      const { entries, missing } = (await other) ?? { entries: [], missing: alone };
      const cut = own?.cut === true ? tooLong('this node', own.entries.length) : null;
      const merged = [...mergeEntries(own?.entries ?? [], entries, lines)];
      return {
        entries: merged,
        missing: cut !== null && missing !== null ? `${cut} And ${missing}` : (cut ?? missing),
      };
    },
  });
}

function tooLong(node: string, count: number): string {
  return `all but the newest ${count} of ${node}, which are too long for one answer. To have them: gemel log download.`;
}

function present({ entries, missing }: z.output<typeof output>): View {
  const text = entries.length === 0 ? 'No entry fits.\n' : `${entries.map(formatEntry).join('\n')}\n`;
  const log: View = { kind: 'raw', text };
  if (missing === null) return log;
  const note = `Not in this list: ${missing}`;
  return { kind: 'group', views: [log, { kind: 'text', text: note, tone: 'warn' }] };
}
