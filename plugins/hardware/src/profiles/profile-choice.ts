import type { MachineFigures } from '../inventory/figures.js';
import type { Profile, ProfileMatch } from './profile.js';

export interface ProfileChoice {
  readonly profile: Profile;
  /** `manufacturer "Gemel GmbH", product "rack1"`. */
  readonly why: string;
}

/**
 * The profile with the most conditions that hold; among equals the first by id, so that the order of files does not matter.
 * Undefined when none fits: such a machine works, but nobody promised anything about it.
 */
export function chooseProfile(profiles: readonly Profile[], machine: MachineFigures): ProfileChoice | undefined {
  const fitting = profiles.flatMap((profile) =>
    profile.match.flatMap((match) => {
      const held = holdingConditions(match, machine);
      return held === undefined ? [] : [{ profile, held }];
    }),
  );
  fitting.sort((a, b) => b.held.length - a.held.length || (a.profile.id < b.profile.id ? -1 : 1));
  const [best] = fitting;
  return best === undefined ? undefined : { profile: best.profile, why: best.held.join(', ') };
}

/** The conditions in words, or undefined when one does not hold. */
function holdingConditions(match: ProfileMatch, machine: MachineFigures): readonly string[] | undefined {
  const held: string[] = [];
  if (match.manufacturer !== undefined) {
    if (!match.manufacturer.some((pattern) => fits(pattern, machine.manufacturer))) return undefined;
    held.push(`manufacturer "${machine.manufacturer}"`);
  }
  if (match.product !== undefined) {
    if (!match.product.some((pattern) => fits(pattern, machine.product))) return undefined;
    held.push(`product "${machine.product}"`);
  }
  if (match.virtualization !== undefined) {
    if (match.virtualization !== machine.virtualization.kind) return undefined;
    const { kind, name } = machine.virtualization;
    held.push(kind === 'none' ? 'not virtual' : `${kind === 'vm' ? 'virtual machine' : 'container'} (${name})`);
  }
  return held;
}

function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'is').test(text);
}
