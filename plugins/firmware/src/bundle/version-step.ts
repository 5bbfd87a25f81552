import compare from 'semver/functions/compare.js';
import major from 'semver/functions/major.js';
import minor from 'semver/functions/minor.js';
import valid from 'semver/functions/valid.js';

/** How far it is from the running version to another one. */
export const steps = ['same', 'patch', 'minor', 'major', 'older'] as const;
export type Step = (typeof steps)[number];

/** Versions are semantic; one that is not counts as a major step, so that somebody looks. Pure. */
export function stepBetween(running: string, version: string): Step {
  if (valid(running) === null || valid(version) === null) return 'major';
  const order = compare(version, running);
  if (order === 0) return 'same';
  if (order < 0) return 'older';
  if (major(version) !== major(running)) return 'major';
  return minor(version) === minor(running) ? 'patch' : 'minor';
}

export function isOlder(version: string, than: string): boolean {
  return valid(version) !== null && valid(than) !== null && compare(version, than) < 0;
}

/** What a person is asked before the step. */
export function stepQuestion(step: Step, running: string, version: string): string {
  const restart = 'The appliance restarts, and comes back with the version before if the new one is not healthy.';
  switch (step) {
    case 'same':
      return `Install version ${version} again? ${restart}`;
    case 'patch':
      return `Install ${version} over ${running}? A patch: it repairs, and settings stay as they are. ${restart}`;
    case 'minor':
      return `Update from ${running} to ${version}? A minor update: it brings new functions, and settings are taken over. ${restart}`;
    case 'major':
      return `Update from ${running} to ${version}? A major update: functions and settings may change their meaning. Read its release notes and keep a copy of the settings first (gemel settings export). ${restart}`;
    case 'older':
      return `Go back from ${running} to ${version}? What only the newer version knows is not in force there. Keep a copy of the settings first (gemel settings export). ${restart}`;
  }
}

/** Steps that somebody must name on purpose. */
export function needsConfirmation(step: Step): boolean {
  return step === 'minor' || step === 'major' || step === 'older';
}
