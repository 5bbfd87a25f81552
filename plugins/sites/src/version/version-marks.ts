import satisfies from 'semver/functions/satisfies.js';

/** Whether a version runs on this firmware. A range that says nothing sensible is no promise. */
export function runsHere(range: string, firmware: string): boolean {
  return satisfies(firmware, range, { includePrerelease: true });
}
