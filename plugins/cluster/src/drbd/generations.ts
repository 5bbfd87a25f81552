import { ApplianceError, type SystemAccess } from '@gemel/core/sdk';
import { z } from 'zod';
import { isWaiting, parseReplication } from '../status/replication.js';
import { drbdResource } from './drbd-resource.js';

/** Data of a node that has no connection to the other one's. */
export const partedDataSchema = z.object({
  gaveUp: z.boolean().describe('DRBD gave the connection up; otherwise it waits for it.'),
  generations: z
    .string()
    .optional()
    .describe(
      'Identifiers as `drbdadm get-gi` prints them, `CURRENT:BITMAP:YOUNGER:OLDER:` and flags, unless they cannot be read.',
    ),
});
export type PartedData = z.output<typeof partedDataSchema>;

/** @returns undefined while the data are connected. Of those that only wait nothing is said unless `waiting`: they do so for as long as the other node is off. */
export async function readPartedData(
  system: SystemAccess,
  { waiting }: { readonly waiting: boolean },
): Promise<PartedData | undefined> {
  const replication = parseReplication(await system.files.read('/proc/drbd'));
  if (replication === undefined) return undefined;
  const gaveUp = replication.connection === 'StandAlone';
  if (!gaveUp && !(waiting && isWaiting(replication))) return undefined;
  const generations = await readGenerations(system);
  return { gaveUp, ...(generations === undefined ? {} : { generations }) };
}

async function readGenerations({ commands }: SystemAccess): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await commands.run(['drbdadm', 'get-gi', drbdResource], { timeoutMs: 10_000 });
    return exitCode === 0 ? stdout.trim() : undefined;
  } catch (failure) {
    // It hangs while a disk does. The status is shown all the same.
    if (failure instanceof ApplianceError && failure.code === 'timeout') return undefined;
    throw failure;
  }
}

/**
 * Whether one side has all that the other one ever had, by which DRBD itself decides whether it may synchronise (rules 40 to 80 of
 * drbd_uuid_compare in drbd_receiver.c of 8.4). Otherwise both were written while apart, or never belonged together.
 */
export function oneDescendsFromOther(left: string, right: string): boolean {
  const [ours, theirs] = [identifiers(left), identifiers(right)];
  return ours[0] !== undefined && theirs[0] !== undefined && (ours.includes(theirs[0]) || theirs.includes(ours[0]));
}

/** The lowest bit says who was primary and not which data. An identifier that is zero is none. */
function identifiers(text: string): readonly bigint[] {
  const fields = text.split(':').slice(0, 4);
  if (!fields.every((field) => /^[0-9A-Fa-f]{16}$/.test(field))) return [];
  return fields.map((field) => BigInt(`0x${field}`) & ~1n).filter((each) => each !== 0n);
}
