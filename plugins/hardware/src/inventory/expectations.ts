import type { ProfileExpectations } from '../profiles/profile.js';
import { formatGiB, type MachineFigures } from './figures.js';

export interface ExpectationResult {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly met: boolean;
}

const gibibyte = 2 ** 30;
/**
 * Linux and firmware keep some of the installed memory (about 3 % of 16 GiB, more of little), and disks are sold in powers of ten.
 */
const allowance = 0.9;

/** A profile's expectations beside what the machine has. */
export function compareWithProfile(
  expected: ProfileExpectations,
  machine: MachineFigures,
): readonly ExpectationResult[] {
  const results = [
    atLeast('Processors', expected.cpus, machine.cpus, String),
    atLeast(
      'Memory',
      expected.memoryGiB * gibibyte * allowance,
      machine.memoryBytes,
      formatGiB,
      `${expected.memoryGiB} GiB`,
    ),
    atLeast('Disk', expected.diskGiB * gibibyte * allowance, machine.diskBytes, formatGiB, `${expected.diskGiB} GiB`),
    atLeast('Network interfaces', expected.nics.length, machine.nics.length, String),
  ];
  if (expected.raid !== null) {
    const { level, disks } = expected.raid;
    const found = machine.raid === null ? 'none' : `${machine.raid.level} of ${machine.raid.disks}`;
    const met = machine.raid?.level === level && machine.raid.disks >= disks;
    results.push({ what: 'RAID', expected: `${level} of ${disks}`, found, met });
  }
  if (expected.managementController) {
    const met = machine.managementController;
    results.push({ what: 'Management controller', expected: 'yes', found: met ? 'yes' : 'no', met });
  }
  return results;
}

function atLeast(
  what: string,
  minimum: number,
  found: number,
  format: (value: number) => string,
  expected = format(minimum),
): ExpectationResult {
  return { what, expected: `at least ${expected}`, found: format(found), met: found >= minimum };
}

/** Which interface is for what: the profile's roles in bus order; interfaces beyond them have none. */
export function assignRoles(
  expected: ProfileExpectations,
  machine: MachineFigures,
): readonly { readonly nic: string; readonly role: 'external' | 'sync' | null }[] {
  return machine.nics.map((nic, index) => ({ nic, role: expected.nics[index] ?? null }));
}
