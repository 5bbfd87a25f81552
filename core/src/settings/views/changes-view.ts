import { z } from 'zod';
import type { View } from '../../sdk/index.js';
import { diffJson, type JsonChange } from '../document/json-diff.js';
import { childPath, isObject, splitPath } from '../document/json-tree.js';
import { redactSecrets } from '../document/secrets.js';
import type { SettingsDocument } from '../document/document.js';
import { documentChanges } from '../draft/document-changes.js';
import type { PendingChange } from '../draft/draft.js';
import type { EngineState } from '../engine-parts.js';

type DiffLine = Extract<View, { kind: 'diff' }>['lines'][number];

export const changeSchema = z.object({
  path: z.string(),
  kind: z.enum(['add', 'change', 'remove']),
  before: z.unknown(),
  after: z.unknown(),
  author: z.string().nullable().describe('Whoever changed it last in the draft.'),
  at: z.number().nullable().describe('When, in milliseconds since 1970.'),
});
export type ShownChange = z.infer<typeof changeSchema>;

const hidden = '(not shown: section is not loaded)';

/** The difference of two documents as everybody may see it. */
export function shownChanges(
  state: EngineState,
  before: SettingsDocument,
  after: SettingsDocument,
  pending: readonly PendingChange[] = [],
): readonly ShownChange[] {
  const authors = new Map(pending.map((change) => [change.path, change]));
  return documentChanges(state.sections, before, after).map((change) => {
    const author = authors.get(change.path);
    return { ...withoutSecrets(state, change), author: author?.author ?? null, at: author?.at ?? null };
  });
}

function withoutSecrets(state: EngineState, change: JsonChange): JsonChange {
  const [id, ...segments] = splitPath(change.path);
  const section = id === undefined ? undefined : state.sections.get(id);
  const shown = (value: unknown) => {
    if (value === undefined) return undefined;
    return section === undefined ? hidden : redactSecrets(state.sections.tree(section), value, segments);
  };
  return { ...change, before: shown(change.before), after: shown(change.after) };
}

/** One line per value: added and removed objects are spread out, so that every new value can be read. */
export function changesView(changes: readonly ShownChange[], empty: string): View {
  if (changes.length === 0) return { kind: 'text', text: empty, tone: 'muted' };
  return { kind: 'diff', lines: changes.flatMap(changeLines) };
}

function changeLines(change: ShownChange): readonly DiffLine[] {
  const { path, kind, before, after, author } = change;
  const by = author === null ? '' : `  (${author})`;
  if (kind === 'add')
    return leaves(after, path).map(([leaf, value]) => ({ mark: '+', text: `${leaf}: ${value}${by}` }));
  if (kind === 'remove')
    return leaves(before, path).map(([leaf, value]) => ({ mark: '-', text: `${leaf}: ${value}${by}` }));
  if (isListOfObjects(before) || isListOfObjects(after)) return listLines(path, asList(before), asList(after), by);
  const [was, is] = [valueText(before), valueText(after)];
  return [{ mark: '~', text: was === is ? `${path}: ${is} changed${by}` : `${path}: ${was} → ${is}${by}` }];
}

/** Elements have no names, so what is the same at both ends is left out and the rest is shown whole. */
function listLines(
  path: string,
  before: readonly unknown[],
  after: readonly unknown[],
  by: string,
): readonly DiffLine[] {
  const same = (a: unknown, b: unknown) => diffJson(a, b).length === 0;
  let start = 0;
  while (start < Math.min(before.length, after.length) && same(before[start], after[start])) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && same(before.at(-1 - end), after.at(-1 - end))) end++;
  const lines = (list: readonly unknown[], mark: '+' | '-'): readonly DiffLine[] =>
    list.slice(start, list.length - end).map((each, index) => ({
      mark,
      text: `${childPath(path, String(start + index))}: ${inlineText(each)}${by}`,
    }));
  return [...lines(before, '-'), ...lines(after, '+')];
}

function leaves(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (!isObject(value) || isMarker(value) || Object.keys(value).length === 0) return [[path, valueText(value)]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, childPath(path, key)));
}

export function isMarker(value: unknown): boolean {
  return isObject(value) && value['$secret'] === 'set';
}

export function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (isMarker(value)) return '(secret)';
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : value.map(inlineText).join(', ');
  if (isObject(value)) return inlineText(value);
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

function inlineText(value: unknown): string {
  if (!isObject(value) || isMarker(value)) return valueText(value);
  const parts = Object.entries(value).map(([key, inner]) => `${key} ${valueText(inner)}`);
  return parts.length === 0 ? '{}' : parts.join(', ');
}

function isListOfObjects(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.some(isObject);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
