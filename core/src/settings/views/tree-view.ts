import type { View } from '../../sdk/index.js';
import { isObject, sameJson } from '../document/json-tree.js';
import { isMarker, valueText } from './changes-view.js';

type DiffLine = Extract<View, { kind: 'diff' }>['lines'][number];

/** Settings as an indented tree, with marks where they differ from what is confirmed. */
export function treeView(before: unknown, after: unknown, name: string): View {
  const lines: DiffLine[] = [];
  if (isObject(after) && name === '') {
    for (const key of keysOf(before, after)) add(lines, key, inner(before, key), inner(after, key), 0);
  } else {
    add(lines, name, before, after, 0);
  }
  return { kind: 'diff', lines };
}

function add(lines: DiffLine[], name: string, before: unknown, after: unknown, depth: number): void {
  const indent = '  '.repeat(depth);
  const shown = after === undefined ? before : after;
  if (isTree(shown)) {
    lines.push({ mark: before === undefined ? '+' : after === undefined ? '-' : ' ', text: `${indent}${name}:` });
    for (const key of keysOf(before, after)) add(lines, key, inner(before, key), inner(after, key), depth + 1);
    return;
  }
  if (Array.isArray(shown) && shown.some(isObject)) {
    lines.push({ mark: mark(before, after), text: `${indent}${name}:` });
    for (const element of shown)
      lines.push({ mark: mark(before, after), text: `${indent}  - ${elementText(element)}` });
    return;
  }
  const was =
    before !== undefined && after !== undefined && !sameJson(before, after)
      ? `   (confirmed: ${valueText(before)})`
      : '';
  lines.push({ mark: mark(before, after), text: `${indent}${name}: ${valueText(shown)}${was}` });
}

function mark(before: unknown, after: unknown): DiffLine['mark'] {
  if (before === undefined) return '+';
  if (after === undefined) return '-';
  return sameJson(before, after) ? ' ' : '~';
}

function isTree(value: unknown): boolean {
  return isObject(value) && !isMarker(value) && Object.keys(value).length > 0;
}

function keysOf(before: unknown, after: unknown): readonly string[] {
  return [...new Set([before, after].flatMap((value) => (isTree(value) && isObject(value) ? Object.keys(value) : [])))];
}

function inner(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function elementText(element: unknown): string {
  if (!isObject(element)) return valueText(element);
  return Object.entries(element)
    .map(([key, value]) => `${key} ${valueText(value)}`)
    .join(', ');
}
