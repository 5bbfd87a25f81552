/**
 * The range of core versions that a plugin works with. Built-in plugins name this core's version with a caret, which needs no parser:
 * reading such ranges ten times took a tenth of core's start.
 */
import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';

export function isRange(range: string): boolean {
  return /^\^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/.test(range) || validRange(range) !== null;
}

export function isInRange(version: string, range: string): boolean {
  return range === `^${version}` || satisfies(version, range, { includePrerelease: true });
}
