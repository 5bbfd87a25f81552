import { ApplianceError } from '@gemel/core/sdk';
import { changeConfiguration } from '../formation/configuration-change.js';
import type { FormationParts } from '../formation/parts.js';
import type { ClusterOptions, Membership, Witness } from '../membership/membership.js';
import { readWitnessVotes } from './witness-votes.js';

/** corosync-qdevice gives a connection up after 8 s and tries again; votes follow a connection within 5 s. */
const patienceMs = 30_000;
const lookEveryMs = 500;

/**
 * Uses the witness on both nodes, once it has given both its vote.
 *
 * INVARIANT: a witness that does not vote is not kept. It is worse than none: with two votes of three the pair looks whole, and the loss
 * of one node stops the other one's services.
 * @throws ApplianceError `unavailable` when it does not vote; the former witness, or none, is in use again then.
 */
export async function enterWitness(parts: FormationParts, witness: Witness, signal: AbortSignal): Promise<void> {
  const { context, membership } = parts;
  const { current } = membership;
  const planned = withWitness(current, witness);
  try {
    await exchange(parts, planned);
    await untilVote(parts, witness, signal);
  } catch (failure) {
    // What was not done at all, or is taken back already, stays as it is.
    if (witnessOf(membership.current) !== witnessOf(current)) {
      await exchange(parts, current).catch((problem: unknown) => {
        context.log.error({ problem: String(problem) }, 'a witness that gives no vote was not taken back');
      });
    }
    throw failure;
  }
}

export function withWitness(membership: Membership, witness: Witness | null): Membership {
  const { options } = membership;
  const next: ClusterOptions | null = options === null ? null : { ...options, witness };
  return { ...membership, options: next };
}

function witnessOf({ options }: Membership): string {
  return JSON.stringify(options?.witness ?? null);
}

/** corosync-qdevice reads who its witness is only when it starts: another one comes after none. */
async function exchange(parts: FormationParts, planned: Membership): Promise<void> {
  const former = parts.membership.current.options?.witness ?? null;
  const next = planned.options?.witness ?? null;
  if (former !== null && next !== null) await changeConfiguration(parts, withWitness(planned, null));
  await changeConfiguration(parts, planned);
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
        `${host} did not give its vote to ${nodes} within ${patienceMs / 1_000} s, and is not used. See that corosync-qnetd runs there and that both nodes reach its TCP port 5403.`,
      );
    }
    await clock.sleep(lookEveryMs, signal);
  }
}
