import { jsonProblem } from './json-problem.js';
import { type JsonObject } from './json-tree.js';
import type { SchemaTree } from './schema-tree.js';

export type ParsedText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly expected: string };

/**
 * Reads what an operator typed as a value of the schema: numbers, true and false, JSON for objects and lists, a comma list
 * for a list of plain values, `null` where nothing is allowed, everything else as text.
 */
export function parseValueText(tree: SchemaTree, nodes: readonly JsonObject[], text: string): ParsedText {
  const trimmed = text.trim();
  if (nodes.some((node) => namedValues(node).includes(text))) return { ok: true, value: text };
  const allowed = new Set(nodes.flatMap(typesOf));
  if (trimmed === 'null' && allowed.has('null')) return { ok: true, value: null };
  if ((trimmed === 'true' || trimmed === 'false') && allowed.has('boolean'))
    return { ok: true, value: trimmed === 'true' };
  if (/^-?\d+(\.\d+)?$/.test(trimmed) && (allowed.has('number') || allowed.has('integer'))) {
    return { ok: true, value: Number(trimmed) };
  }
  if (/^[[{]/.test(trimmed) && (allowed.has('array') || allowed.has('object'))) {
    try {
      return { ok: true, value: JSON.parse(trimmed) };
    } catch (failure) {
      if (!allowed.has('string')) return { ok: false, expected: `JSON (${jsonProblem(failure)})` };
    }
  }
  if (allowed.has('string')) return { ok: true, value: text };
  if (allowed.has('array')) return parseList(tree, nodes, trimmed);
  return { ok: false, expected: describeExpected(nodes) };
}

function parseList(tree: SchemaTree, nodes: readonly JsonObject[], text: string): ParsedText {
  const lists = nodes.filter((node) => typesOf(node).includes('array'));
  const elements: unknown[] = [];
  const parts = text === '' ? [] : text.split(',');
  for (const [index, part] of parts.entries()) {
    const parsed = parseValueText(tree, tree.child(lists, String(index)), part.trim());
    if (!parsed.ok) return { ok: false, expected: `a comma list, each ${parsed.expected}` };
    elements.push(parsed.value);
  }
  return { ok: true, value: elements };
}

function describeExpected(nodes: readonly JsonObject[]): string {
  const named = nodes.flatMap(namedValues);
  const words: Readonly<Record<string, string>> = {
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    object: 'an object as JSON',
    null: 'null',
  };
  const kinds = [...new Set(nodes.filter((node) => namedValues(node).length === 0).flatMap(typesOf))];
  return [...named, ...kinds.map((kind) => words[kind] ?? kind)].join(' or ');
}

function namedValues(node: JsonObject): readonly string[] {
  const values = Array.isArray(node['enum']) ? node['enum'] : 'const' in node ? [node['const']] : [];
  return values.filter((value) => typeof value === 'string');
}

function typesOf(node: JsonObject): readonly string[] {
  const type = node['type'];
  if (typeof type === 'string') return namedValues(node).length > 0 ? [] : [type];
  if (Array.isArray(type)) return type.filter((each) => typeof each === 'string');
  if (namedValues(node).length > 0) return [];
  const constant = node['const'];
  if (constant !== undefined) return [constant === null ? 'null' : typeof constant];
  return ['string', 'number', 'boolean', 'object', 'array', 'null'];
}
