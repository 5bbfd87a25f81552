import { z } from 'zod';
import { type AnyAction, defineAction, type Tone, type View } from '../../sdk/index.js';
import type { SettingsEngine } from '../settings-engine.js';
import { origins } from '../store/revision.js';
import { changeSchema, changesView, shownChanges } from '../views/changes-view.js';

const entrySchema = z.object({
  revision: z.number(),
  at: z.number().describe('Milliseconds since 1970.'),
  author: z.string(),
  surface: z.string(),
  origin: z.enum(origins),
  comment: z.string(),
  state: z.enum(['confirmed', 'awaiting-confirmation', 'former', 'rolled-back', 'unfinished']),
  reason: z.string(),
});
type Entry = z.infer<typeof entrySchema>;

const tones: Record<Entry['state'], Tone> = {
  confirmed: 'ok',
  'awaiting-confirmation': 'pending',
  former: 'plain',
  'rolled-back': 'warn',
  unfinished: 'muted',
};

async function entryOf(engine: SettingsEngine, number: number): Promise<Entry | undefined> {
  const { revisions, confirmed, activation } = engine.state;
  const meta = await revisions.meta(number);
  if (meta === undefined) return undefined;
  const outcome = await revisions.outcome(number);
  const awaiting = activation?.state === 'awaiting-confirmation' && activation.revision === number;
  const state =
    number === confirmed.meta.number
      ? 'confirmed'
      : awaiting
        ? 'awaiting-confirmation'
        : outcome === undefined
          ? 'unfinished'
          : outcome.state === 'confirmed'
            ? 'former'
            : 'rolled-back';
  const { at, author, surface, origin, comment } = meta;
  return { revision: number, at, author, surface, origin, comment, state, reason: outcome?.reason ?? '' };
}

export function historyActions(engine: SettingsEngine): readonly AnyAction[] {
  const { state } = engine;
  return [
    defineAction({
      kind: 'call',
      id: 'settings.history',
      summary: 'List revisions, newest first.',
      role: 'viewer',
      audited: false,
      input: z.object({ limit: z.number().int().min(1).max(100).default(20).describe('How many at most.') }),
      output: z.object({ revisions: z.array(entrySchema) }),
      present: ({ revisions }): View => ({
        kind: 'table',
        columns: ['Revision', 'State', 'When', 'Author', 'From', 'Comment'],
        rows: revisions.map((entry) => [
          String(entry.revision),
          { text: entry.state, tone: tones[entry.state] },
          new Date(entry.at).toISOString().replace('T', ' ').slice(0, 19),
          entry.author,
          entry.origin,
          entry.state === 'rolled-back' && entry.reason !== ''
            ? `${entry.comment} (${entry.reason})`.trim()
            : entry.comment,
        ]),
        empty: 'No revisions yet.',
      }),
      run: async ({ limit }) => {
        const numbers = (await state.revisions.numbers()).toReversed().slice(0, limit);
        const entries = await Promise.all(numbers.map((number) => entryOf(engine, number)));
        return { revisions: entries.filter((entry) => entry !== undefined) };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.diff',
      summary: 'Show what differs between two revisions.',
      role: 'viewer',
      audited: false,
      input: z.object({
        from: z.number().int().positive().describe('Number of a revision.'),
        to: z.number().int().positive().optional().describe('Number of another; the confirmed one when left out.'),
      }),
      output: z.object({ from: z.number(), to: z.number(), changes: z.array(changeSchema) }),
      positionals: ['from', 'to'],
      present: ({ from, to, changes }): View =>
        changesView(changes, `Revisions ${from} and ${to} hold the same settings.`),
      run: async (input) => {
        const [from, to] = [input.from, input.to ?? state.confirmed.meta.number];
        const [before, after] = [await engine.revision(from), await engine.revision(to)];
        return { from, to, changes: [...shownChanges(state, before.document, after.document)] };
      },
    }),
  ];
}
