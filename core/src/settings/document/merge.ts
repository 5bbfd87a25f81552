import { childPath, isObject, sameJson } from './json-tree.js';

export interface Merged {
  readonly value: unknown;
  /** Places that both sides changed, differently; `value` has mine there. */
  readonly collisions: readonly string[];
}

/** Three-way merge: what only one side changed is taken from it. */
export function mergeJson(base: unknown, mine: unknown, theirs: unknown, path = ''): Merged {
  const collisions: string[] = [];
  return { value: merge(base, mine, theirs, path, collisions), collisions };
}

function merge(base: unknown, mine: unknown, theirs: unknown, path: string, collisions: string[]): unknown {
  if (sameJson(mine, theirs) || sameJson(theirs, base)) return mine;
  if (sameJson(mine, base)) return theirs;
  if (!isObject(mine) || !isObject(theirs)) {
    collisions.push(path);
    return mine;
  }
  const before = isObject(base) ? base : {};
  const merged: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    const value = merge(before[key], mine[key], theirs[key], childPath(path, key), collisions);
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}
