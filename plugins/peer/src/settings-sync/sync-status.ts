import { type Cell, defineStatus, type View } from '@gemel/core/sdk';
import { z } from 'zod';

const side = z.lazy(() =>
  z.object({
    revision: z.number().describe('Confirmed on that node.'),
    author: z.string().describe('Who made it.'),
    at: z.number().describe('When: wall clock of that node, milliseconds since 1970.'),
  }),
);

const syncSchema = z.lazy(() =>
  z.object({
    state: z
      .enum(['not-paired', 'not-compared', 'same', 'different', 'conflict'])
      .describe('`different`: they are being made the same. `conflict`: a person must decide.'),
    conflicts: z.array(z.string()).describe('Sections that were changed on both nodes.'),
    waiting: z.array(z.string()).describe('Sections that differ and will be taken over by one of the nodes.'),
    mine: side.nullable().describe("This node's settings."),
    theirs: side.nullable().describe("The other node's settings when they were compared last."),
    comparedAt: z.number().nullable().describe('Wall clock, milliseconds since 1970.'),
    reason: z.string().nullable().describe('Why settings were not taken over.'),
  }),
);
export type SyncStatus = z.output<typeof syncSchema>;

export const settingsSync = defineStatus<SyncStatus>({
  id: 'peer.settings',
  title: 'Shared settings',
  schema: syncSchema,
  present: presentSync,
  overview: (status) =>
    status.state === 'different' || status.state === 'conflict' ? [['Shared settings', summary(status)]] : [],
});

export function presentSync(status: SyncStatus): View {
  const { mine, theirs, comparedAt, reason } = status;
  return {
    kind: 'fields',
    fields: [
      ['Shared settings', summary(status)],
      ['This node', sideText(mine)],
      ['Other node', sideText(theirs)],
      ['Compared', comparedAt === null ? '-' : new Date(comparedAt).toISOString()],
      ...(reason === null ? [] : [['Failed', { text: reason, tone: 'warn' }] as const]),
    ],
  };
}

function summary({ state, conflicts, waiting }: SyncStatus): Cell {
  switch (state) {
    case 'not-paired':
      return { text: 'this node is not paired', tone: 'muted' };
    case 'not-compared':
      return { text: 'not compared yet', tone: 'pending' };
    case 'same':
      return { text: 'the same on both nodes', tone: 'ok' };
    case 'different':
      return { text: `being taken over: ${waiting.join(', ')}`, tone: 'pending' };
    case 'conflict':
      return {
        text: `${conflicts.join(', ')} changed on both nodes. Decide: gemel peer settings take-mine, or take-theirs`,
        tone: 'bad',
      };
  }
}

function sideText(side: SyncStatus['mine']): string {
  return side === null ? '-' : `revision ${side.revision} by ${side.author}, ${new Date(side.at).toISOString()}`;
}
