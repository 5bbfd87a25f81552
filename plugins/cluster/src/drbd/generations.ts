import { ApplianceError, type SystemAccess } from '@gemel/core/sdk';
import { parseReplication } from '../status/replication.js';
import { drbdResource } from './drbd-resource.js';

/**
 * Identifiers of the generations of this node's data, when DRBD gave the connection up: `CURRENT:BITMAP:YOUNGER:OLDER:` and flags, as
 * `drbdadm get-gi` prints them. Undefined otherwise, and where they cannot be read.
 */
export async function readPartedGenerations({ files, commands }: SystemAccess): Promise<string | undefined> {
  if (parseReplication(await files.read('/proc/drbd'))?.connection !== 'StandAlone') return undefined;
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
