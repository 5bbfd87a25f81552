import { ApplianceError } from '@gemel/core/sdk';
import { changeConfiguration } from '../formation/configuration-change.js';
import type { FormationParts } from '../formation/parts.js';
import type { ClusterOptions, Membership, Witness } from '../membership/membership.js';
import { readWitnessVotes } from './witness-votes.js';

/** Votes follow a connection within seconds; corosync-qdevice tries again for a box that is only just being started. */
const patienceMs = 30_000;
const lookEveryMs = 500;

/**
 * Uses the witness on both nodes, once it has given both its vote.
 *
 * INVARIANT: a witness that does not vote is not kept, unless the other node is lost meanwhile. It is worse than none: with two votes of three
 * the pair looks whole, and the loss of one node stops the other one's services.
 * @throws ApplianceError `unavailable` when it does not vote. It says what is in use then.
 */
export async function enterWitness(parts: FormationParts, witness: Witness, signal: AbortSignal): Promise<void> {
  const { membership } = parts;
  const former = witnessOf(membership.current);
  try {
    await exchange(parts, witness);
    await untilVote(parts, witness, signal);
  } catch (failure) {
    // What was not done at all, or is taken back already, stays as it is.
    if (JSON.stringify(witnessOf(membership.current)) === JSON.stringify(former)) throw failure;
    throw await takeBack(parts, former, failure);
  }
}

function witnessOf({ options }: Membership): Witness | null {
  return options?.witness ?? null;
}

/** corosync-qdevice reads who its witness is only when it starts: another one comes after none. */
async function exchange(parts: FormationParts, next: Witness | null): Promise<void> {
  if (witnessOf(parts.membership.current) !== null && next !== null) await useWitness(parts, null);
  await useWitness(parts, next);
}

/** Without looking whether it votes. @throws ApplianceError `conflict` unless the nodes are connected. */
export async function useWitness(parts: FormationParts, witness: Witness | null): Promise<void> {
  const mustBeConnected = () => parts.membership.must('connected', 'A witness needs a connected cluster.');
  mustBeConnected();
  await changeConfiguration(parts, () => {
    const current = mustBeConnected();
    const next: ClusterOptions | null = current.options && { ...current.options, witness };
    return { ...current, options: next };
  });
}

/** Only the witness: somebody may have changed something else meanwhile. @returns the failure, with what is in use now. */
async function takeBack(parts: FormationParts, former: Witness | null, failure: unknown): Promise<ApplianceError> {
  const reason = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
  const told = (text: string) => {
    const code = failure instanceof ApplianceError ? failure.code : 'unavailable';
    return new ApplianceError(code, `${reason(failure)} ${text}`, { cause: failure });
  };
  try {
    await exchange(parts, former);
    return told(former === null ? 'No witness is in use, as before.' : `${former.host} is in use, as before.`);
  } catch (problem) {
    const used = witnessOf(parts.membership.current);
    const now =
      used === null
        ? 'No witness is in use now. Once both nodes answer: gemel cluster witness set'
        : `${used.host} is in use now. Once both nodes answer: gemel cluster witness remove`;
    return told(`What was before could not be put back (${reason(problem)}). ${now}`);
  }
}

async function untilVote({ context, membership }: FormationParts, { host }: Witness, signal: AbortSignal) {
  const { clock, commands } = context.system;
  for (const end = clock.monotonic() + patienceMs; ; ) {
    const votes = await readWitnessVotes(commands, signal);
    const missing = membership.current.nodes.filter(({ nodeId }) => votes?.get(nodeId) !== true);
    if (missing.length === 0) return;
    if (clock.monotonic() > end) {
      const nodes = missing.map(({ hostName }) => hostName).join(' and ');
      throw new ApplianceError(
        'unavailable',
        `${host} did not give its vote to ${nodes} within ${patienceMs / 1_000} s. See that corosync-qnetd runs there and that both nodes reach its TCP port 5403.`,
      );
    }
    await clock.sleep(lookEveryMs, signal);
  }
}
