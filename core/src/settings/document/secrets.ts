import { isDeepStrictEqual } from 'node:util';
import { childPath, isObject, joinPath, type JsonObject } from './json-tree.js';
import type { SchemaTree } from './schema-tree.js';

/** Stands for a secret in everything that leaves; given back in a file it means "keep what is stored". */
const marker = { $secret: 'set' } as const;

function isMarker(value: unknown): boolean {
  return isObject(value) && value['$secret'] === 'set' && Object.keys(value).length === 1;
}

function isSecret(nodes: readonly JsonObject[]): boolean {
  return nodes.some((node) => node['secret'] === true);
}

/** Unset (null or empty) is no secret. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

export function isSecretAt(tree: SchemaTree, segments: readonly string[]): boolean {
  let nodes = tree.root();
  for (const segment of segments) {
    if (isSecret(nodes)) return true;
    nodes = tree.child(nodes, segment);
  }
  return isSecret(nodes);
}

/** A copy in which every secret is replaced by the marker. */
export function redactSecrets(tree: SchemaTree, value: unknown, segments: readonly string[] = []): unknown {
  if (!tree.hasSecrets) return value;
  if (isSecretAt(tree, segments)) return isSet(value) ? marker : value;
  return redact(tree, tree.at(segments), value);
}

function redact(tree: SchemaTree, nodes: readonly JsonObject[], value: unknown): unknown {
  if (isSecret(nodes)) return isSet(value) ? marker : value;
  if (Array.isArray(value)) return value.map((each, index) => redact(tree, tree.child(nodes, String(index)), each));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, redact(tree, tree.child(nodes, key), each)]),
  );
}

/** Whether a value for that place holds a secret itself, and not only markers. */
export function hasSecrets(tree: SchemaTree, value: unknown, segments: readonly string[]): boolean {
  return !isDeepStrictEqual(redactSecrets(tree, value, segments), value);
}

/** Every secret text in a value, longest first, to be blotted out of what is derived from it. */
export function secretTexts(tree: SchemaTree, value: unknown): readonly string[] {
  if (!tree.hasSecrets) return [];
  const texts = new Set<string>();
  const visit = (nodes: readonly JsonObject[], inner: unknown, secret: boolean): void => {
    const hidden = secret || isSecret(nodes);
    if (Array.isArray(inner)) inner.forEach((each, index) => visit(tree.child(nodes, String(index)), each, hidden));
    else if (isObject(inner)) for (const key of Object.keys(inner)) visit(tree.child(nodes, key), inner[key], hidden);
    else if (hidden && isSet(inner)) texts.add(String(inner));
  };
  visit(tree.root(), value, false);
  return [...texts].sort((a, b) => b.length - a.length);
}

export function blotOut(text: string, secrets: readonly string[]): string {
  return secrets.reduce((blotted, secret) => blotted.replaceAll(secret, '(secret)'), text);
}

export interface RestoredSecrets {
  readonly value: unknown;
  /** Places with a marker for which nothing is stored. */
  readonly missing: readonly string[];
}

/** Puts the stored secrets back where an input has markers. List elements are matched by `id` or `name`, else by position. */
export function restoreSecrets(input: unknown, stored: unknown): RestoredSecrets {
  const missing: string[] = [];
  return { value: restore(input, stored, '', missing), missing };
}

function restore(input: unknown, stored: unknown, path: string, missing: string[]): unknown {
  if (isMarker(input)) {
    if (stored === undefined) missing.push(path);
    return stored;
  }
  if (Array.isArray(input)) {
    const before: readonly unknown[] = Array.isArray(stored) ? stored : [];
    return input.map((each, index) => restore(each, counterpart(each, before, index), joinChild(path, index), missing));
  }
  if (!isObject(input)) return input;
  const before = isObject(stored) ? stored : {};
  return Object.fromEntries(
    Object.entries(input).map(([key, each]) => {
      const inner = Object.hasOwn(before, key) ? before[key] : undefined;
      return [key, restore(each, inner, childPath(path, key), missing)];
    }),
  );
}

function counterpart(element: unknown, before: readonly unknown[], index: number): unknown {
  if (!isObject(element)) return before[index];
  for (const name of ['id', 'name']) {
    if (element[name] === undefined) continue;
    return before.find((each) => isObject(each) && each[name] === element[name]);
  }
  return before[index];
}

function joinChild(path: string, index: number): string {
  return path === '' ? joinPath([index]) : `${path}/${index}`;
}
