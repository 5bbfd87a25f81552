import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';

/** For each member by its number: whether the witness would let it go on. */
export type WitnessVotes = ReadonlyMap<number, boolean>;

/** Nobody waits for a status longer because Corosync, in the middle of a change, does not say. */
const timeoutMs = 5_000;

/** As Corosync of this node knows it. Undefined when it does not run here, or does not say. */
export async function readWitnessVotes(
  commands: CommandRunner,
  signal?: AbortSignal,
): Promise<WitnessVotes | undefined> {
  try {
    const options = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
    // It does not end with 0 while there is no quorum, and says all the same.
    const { stdout } = await commands.run(['corosync-quorumtool', '-s'], options);
    return parseWitnessVotes(stdout);
  } catch (failure) {
    if (failure instanceof ApplianceError && ['unavailable', 'timeout'].includes(failure.code)) return undefined;
    throw failure;
  }
}

/**
 * Reads what `corosync-quorumtool -s` prints, a line per member: `1 1 A,V,NMW node1 (local)`. `A`: corosync-qdevice there reaches the
 * witness; `V`: the witness gives its vote; `NA`, `NV`: not. `NR`, or nothing at all where no member has one: corosync-qdevice does not run.
 */
export function parseWitnessVotes(text: string): WitnessVotes | undefined {
  const members = text.split('Membership information')[1];
  if (members === undefined) return undefined;
  const lines = [...members.matchAll(/^ *([1-9]\d*) +\d+ +(\S+)/gm)];
  return new Map(lines.map(([, number, flags = '']) => [Number(number), flags.startsWith('A,V,')]));
}
