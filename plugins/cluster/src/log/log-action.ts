import { type AnyAction, asApplianceError, defineAction, type View } from '@gemel/core/sdk';
import type { PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { ClusterLog } from './cluster-log.js';
import { type LogEntry, logEntrySchema, mergeEntries } from './log-entry.js';
import { logLimit, logRequest } from './log-request.js';

const logOutput = z.object({
  entries: z.array(logEntrySchema).describe('Of both nodes, oldest first.'),
  missing: z
    .string()
    .nullable()
    .describe("Why the other node's entries are not in it; null when they are, or there is none."),
});

/** `gemel cluster log`. */
export function logAction(peer: PeerService, log: ClusterLog): AnyAction {
  return defineAction({
    kind: 'call',
    id: 'cluster.log',
    summary: 'Show the Cluster Log of both nodes: takeovers and why they happened, failures, what was done by hand.',
    role: 'viewer',
    audited: false,
    input: z.strictObject({ limit: logLimit.default(50).describe('At most so many entries, the newest.') }),
    output: logOutput,
    present: presentLog,
    async run(input, { signal }) {
      const own = await log.newest(input.limit);
      if (peer.paired === undefined) return { entries: [...own], missing: null };
      try {
        const { entries } = await peer.call(logRequest, input, { signal });
        return { entries: [...mergeEntries(own, entries, input.limit)], missing: null };
      } catch (failure) {
        return { entries: [...own], missing: asApplianceError(failure).message };
      }
    },
  });
}

function presentLog({ entries, missing }: z.output<typeof logOutput>): View {
  const lines = entries.flatMap((entry) => [
    row(entry),
    ...entry.details.map((detail) => ['', '', { text: `  ${detail}`, tone: 'muted' } as const]),
  ]);
  const table: View = { kind: 'table', columns: ['At', 'Node', 'What'], rows: lines, empty: 'Nothing happened yet.' };
  if (missing === null) return table;
  const text = `The other node's entries are not in this list: ${missing}`;
  return { kind: 'group', views: [table, { kind: 'text', text, tone: 'warn' }] };
}

const tones = { info: 'plain', warning: 'warn', error: 'bad' } as const;

function row({ at, node, severity, text }: LogEntry) {
  return [new Date(at).toISOString().replace('T', ' ').slice(0, 19), node, { text, tone: tones[severity] }] as const;
}
