import { ApplianceError } from '../../sdk/index.js';

/** Plain JSON values, never changed in place: every change makes new containers along its path and shares the rest. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Slash-separated place in a document; a slash inside a key is written `~1` and a tilde `~0`, as in JSON Pointer. */
export function joinPath(segments: readonly (string | number)[]): string {
  return segments.map((segment) => escapeSegment(String(segment))).join('/');
}

export function splitPath(path: string): readonly string[] {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  if (trimmed === '') return [];
  return trimmed.split('/').map((segment) => segment.replace(/~1/g, '/').replace(/~0/g, '~'));
}

export function childPath(path: string, key: string): string {
  return path === '' ? escapeSegment(key) : `${path}/${escapeSegment(key)}`;
}

function escapeSegment(segment: string): string {
  return segment.includes('~') || segment.includes('/') ? segment.replace(/~/g, '~0').replace(/\//g, '~1') : segment;
}

/** True for equal JSON; a property that is undefined counts as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Number.isNaN(a) && Number.isNaN(b);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((element, index) => sameJson(element, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  let common = 0;
  for (const key in a) {
    if (a[key] === undefined) continue;
    if (!Object.hasOwn(b, key) || !sameJson(a[key], b[key])) return false;
    common++;
  }
  for (const key in b) if (b[key] !== undefined) common--;
  return common === 0;
}

export function valueAt(root: unknown, segments: readonly string[]): unknown {
  let value = root;
  for (const segment of segments) {
    if (Array.isArray(value)) {
      const index = arrayIndex(segment);
      value = index === undefined ? undefined : value[index];
    } else {
      value = isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
    }
  }
  return value;
}

/**
 * A copy with `value` at the path; missing objects on the way are made. In an array `-` appends.
 * @throws ApplianceError `invalid` when the path leads through a value that has no parts, or past an array's end.
 */
export function withValue(root: unknown, segments: readonly string[], value: unknown): unknown {
  const [segment, ...rest] = segments;
  if (segment === undefined) return value;
  if (Array.isArray(root)) {
    const index = segment === '-' ? root.length : arrayIndex(segment);
    if (index === undefined || index > root.length) {
      throw new ApplianceError(
        'invalid',
        `${segment} is not a place in a list of ${root.length}. Use a number, or - to append.`,
      );
    }
    return root.toSpliced(index, 1, withValue(root[index], rest, value));
  }
  if (root !== undefined && root !== null && !isObject(root)) {
    throw new ApplianceError('invalid', `${segment} cannot be set: what is above it is a plain value.`);
  }
  const object = root ?? {};
  const inner = Object.hasOwn(object, segment) ? object[segment] : undefined;
  return { ...object, [segment]: withValue(inner, rest, value) };
}

/** A copy without what is at the path; the same object when there is nothing. */
export function withoutValue(root: unknown, segments: readonly string[]): unknown {
  const [segment, ...rest] = segments;
  if (segment === undefined) return undefined;
  if (Array.isArray(root)) {
    const index = arrayIndex(segment);
    if (index === undefined || index >= root.length) return root;
    return rest.length === 0 ? root.toSpliced(index, 1) : root.toSpliced(index, 1, withoutValue(root[index], rest));
  }
  if (!isObject(root) || !Object.hasOwn(root, segment)) return root;
  if (rest.length > 0) return { ...root, [segment]: withoutValue(root[segment], rest) };
  const { [segment]: _removed, ...others } = root;
  return others;
}

/** Freezes a whole tree, so that a plugin which changes settings in place fails at once instead of corrupting them. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

function arrayIndex(segment: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(segment) ? Number(segment) : undefined;
}
