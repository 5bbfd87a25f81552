import { type AnyAction, ApplianceError, asApplianceError, type Clock, defineAction } from '@gemel/core/sdk';
import type { PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { JournalStream } from '../system/journal-stream.js';
import { entriesOf, entryOutput, inOrder, inPieces, together } from './entry-streams.js';
import { formatEntry, type JournalEntry } from './journal-entry.js';
import { journalRequest, linesSchema } from './journal-request.js';
import { filterArguments, type Query, querySchema } from './query.js';
import { nodeChoice } from './show-action.js';

/** How often the other node is asked for what is new. */
const askEveryMs = 1_000;
/** Entries of the other node in one answer. */
const pageLines = 1_000;

export interface StreamParts {
  readonly stream: JournalStream;
  readonly peer: PeerService | undefined;
  readonly clock: Clock;
}

const text = z.string().describe('Part of the log.');
const showText = (piece: string) => ({ kind: 'raw', text: piece }) as const;

/** `gemel log follow`, `gemel log download`. */
export function streamActions(parts: StreamParts): readonly AnyAction[] {
  return [followAction(parts), downloadAction(parts)];
}

function followAction({ stream, peer, clock }: StreamParts): AnyAction {
  return defineAction({
    kind: 'stream',
    id: 'log.follow',
    summary: 'Follow the log as it is written, of both nodes where there are two, until Ctrl-C.',
    role: 'operator',
    audited: false,
    input: querySchema.omit({ until: true, boot: true }).extend({
      lines: linesSchema.default(10).describe('Begin with so many entries that are there already.'),
      node: nodeChoice,
      format: z.enum(['text', 'json']).default('text').describe('`json`: one object a line.'),
    }),
    output: text,
    present: showText,
    async *run({ lines, node, format, ...filters }, { signal }) {
      const query: Query = filters;
      const sources: AsyncIterable<JournalEntry>[] = [];
      const own = ['--follow', `--lines=${lines}`, ...entryOutput, ...filterArguments(query)];
      if (wantsOwn(node)) sources.push(entriesOf(stream(own, signal)));
      const other = otherNode(peer, node);
      if (other !== undefined) sources.push(followOther(other, query, lines, clock, signal));
      for await (const entry of together(sources)) yield written(entry, format);
    },
  });
}

function downloadAction({ stream, peer }: StreamParts): AnyAction {
  return defineAction({
    kind: 'stream',
    id: 'log.download',
    summary: 'Download the log, oldest entries first: gemel log download > FILE.',
    role: 'operator',
    input: querySchema.extend({
      node: nodeChoice,
      format: z
        .enum(['text', 'json', 'export'])
        .default('text')
        .describe(
          '`json`: one object a line. `export`: every field of the entries of this node, as journalctl and systemd-journal-remote import it.',
        ),
    }),
    output: text,
    present: showText,
    async *run({ node, format, ...query }, { signal }) {
      const filters = filterArguments(query);
      if (format === 'export') {
        if (node === 'other') {
          throw new ApplianceError(
            'invalid',
            'The format export has the entries of this node. Download it on the other node.',
          );
        }
        yield* stream(['--output=export', ...filters], signal);
        return;
      }
      const other = otherNode(peer, node);
      const theirs = other === undefined ? nothing() : pagesOf(other, query, signal);
      const ours = wantsOwn(node) ? entriesOf(stream([...entryOutput, ...filters], signal)) : nothing();
      yield* inPieces(lines(inOrder(ours, theirs), format));
    },
  });
}

async function* lines(entries: AsyncIterable<JournalEntry>, format: 'text' | 'json'): AsyncGenerator<string> {
  for await (const entry of entries) yield written(entry, format);
}

function written(entry: JournalEntry, format: 'text' | 'json'): string {
  return `${format === 'json' ? JSON.stringify(entry) : formatEntry(entry)}\n`;
}

type NodeChoice = z.output<typeof nodeChoice>;

function wantsOwn(node: NodeChoice): boolean {
  return node !== 'other';
}

/** @throws ApplianceError `conflict` when its entries alone are wanted and there is none. */
function otherNode(peer: PeerService | undefined, node: NodeChoice): PeerService | undefined {
  if (node === 'this') return undefined;
  if (peer?.paired !== undefined) return peer;
  if (node === 'both') return undefined;
  throw new ApplianceError('conflict', 'This device is connected to no other node. Ask for its own log: --node this.');
}

async function* nothing(): AsyncGenerator<JournalEntry> {}

/** All of the other node's entries that fit, oldest first. @throws ApplianceError when it cannot be reached: half a download is none. */
async function* pagesOf(peer: PeerService, query: Query, signal: AbortSignal): AsyncGenerator<JournalEntry> {
  let after: string | null = null;
  for (;;) {
    const page: z.output<typeof journalRequest.output> = await peer.call(
      journalRequest,
      { query, lines: pageLines, order: 'oldest', after },
      { signal },
    );
    yield* page.entries;
    if (page.cursor === null || (!page.cut && page.entries.length < pageLines)) return;
    after = page.cursor;
  }
}

/** While the other node cannot be reached the entries of this one go on; it is said once, and what was missed comes later. */
async function* followOther(
  peer: PeerService,
  query: Query,
  count: number,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<JournalEntry> {
  let after: string | null = null;
  let away = false;
  while (!signal.aborted) {
    try {
      const begin = { query, lines: count, order: 'newest', after: null } as const;
      const begun = after !== null;
      const page: z.output<typeof journalRequest.output> = await peer.call(
        journalRequest,
        after === null ? begin : { query, lines: pageLines, order: 'oldest', after },
        { signal },
      );
      away = false;
      yield* page.entries;
      after = page.cursor ?? after;
      if (page.entries.length === pageLines || (page.cut && begun)) continue;
    } catch (failure) {
      if (signal.aborted) return;
      if (!away) yield awayEntry(peer, asApplianceError(failure).message, clock.now());
      away = true;
    }
    await clock.sleep(askEveryMs, signal).catch(() => undefined); // aborted: the loop ends
  }
}

function awayEntry(peer: PeerService, reason: string, at: number): JournalEntry {
  const message = `The other node's entries are missing for now: ${reason}`;
  const node = peer.paired?.hostName ?? '';
  return { at, node, unit: null, identifier: 'gemel', pid: null, severity: 'warning', message };
}
