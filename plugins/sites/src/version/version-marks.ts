import satisfies from 'semver/functions/satisfies.js';

/** Whether a version is made for a firmware. A range that says nothing sensible is no promise. */
export function isMadeFor(range: string, firmware: string): boolean {
  return satisfies(firmware, range, { includePrerelease: true });
}
