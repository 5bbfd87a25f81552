import { childPath, isObject, sameJson } from './json-tree.js';

/** One place that differs. Lists are compared as a whole: their elements have no names that would survive an insertion. */
export interface JsonChange {
  readonly path: string;
  readonly kind: 'add' | 'change' | 'remove';
  readonly before: unknown;
  readonly after: unknown;
}

export function diffJson(before: unknown, after: unknown, path = ''): readonly JsonChange[] {
  const changes: JsonChange[] = [];
  collect(before, after, path, changes);
  return changes;
}

function collect(before: unknown, after: unknown, path: string, changes: JsonChange[]): void {
  if (before === after) return;
  if (isObject(before) && isObject(after)) {
    for (const key in before) collect(before[key], after[key], childPath(path, key), changes);
    for (const key in after) {
      if (!Object.hasOwn(before, key)) collect(undefined, after[key], childPath(path, key), changes);
    }
    return;
  }
  if (sameJson(before, after)) return;
  const kind = before === undefined ? 'add' : after === undefined ? 'remove' : 'change';
  changes.push({ path, kind, before, after });
}

/** A set of places that answers, in time proportional to a path's depth, whether a place overlaps one of them. */
export class PathSet {
  readonly #paths = new Set<string>();
  readonly #above = new Set<string>();

  constructor(paths: Iterable<string>) {
    for (const path of paths) {
      this.#paths.add(path);
      for (const ancestor of ancestorsOf(path)) this.#above.add(ancestor);
    }
  }

  /** True when the place is in the set, lies inside a place of the set, or holds one. */
  overlaps(path: string): boolean {
    if (this.#paths.has(path) || this.#above.has(path)) return true;
    return ancestorsOf(path).some((ancestor) => this.#paths.has(ancestor));
  }
}

/** From the nearest to the root, which is the empty path. */
function ancestorsOf(path: string): readonly string[] {
  const ancestors: string[] = [];
  for (let end = path.lastIndexOf('/'); end !== -1; end = path.lastIndexOf('/', end - 1))
    ancestors.push(path.slice(0, end));
  if (path !== '') ancestors.push('');
  return ancestors;
}
