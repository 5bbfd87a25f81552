import { ApplianceError } from '@gemel/core/sdk';
import { renderCorosync } from '../corosync/corosync-conf.js';
import { type Membership, otherMember } from '../membership/membership.js';
import { readKey } from './connection.js';
import { type FormationParts, seenFrom, writePairFiles } from './parts.js';
import * as requests from './peer-requests.js';

/**
 * Changes corosync.conf or the key of the running cluster on all its nodes, without an interruption. Both nodes have the files
 * before Corosync is told, which tells its other node by itself.
 */
export async function changeConfiguration(
  parts: FormationParts,
  next: Membership,
  { key: nextKey }: { readonly key?: string } = {},
): Promise<void> {
  const { membership, engines, peer, journal } = parts;
  const { current } = membership;
  if (journal.open !== undefined) throw new ApplianceError('conflict', 'A change of the cluster is under way already.');
  const formerKey = await readKey(parts);
  const former = { corosync: renderCorosync(current), key: formerKey, drbd: null };
  const files = { corosync: renderCorosync(next), key: nextKey ?? formerKey, drbd: null };
  const other = next.phase === 'connected' ? otherMember(next) : undefined;
  const tell = async (to: Membership, what: typeof files) => {
    if (other === undefined) return;
    await peer.call(requests.configurationPut, { membership: seenFrom(to, other.hostName), files: what });
  };
  await tell(next, files);
  try {
    await writePairFiles(parts, files);
    await engines.reload();
    await membership.set(next);
  } catch (failure) {
    await writePairFiles(parts, former);
    await tell(current, former);
    await engines.reload();
    throw failure;
  }
  await followWitness(parts, next);
  if (other !== undefined) await peer.call(requests.configurationFollow, {});
}

/** The third vote is asked for by a daemon of its own, on each node. */
export async function followWitness({ engines }: FormationParts, { phase, options }: Membership): Promise<void> {
  await engines.setWitness(phase === 'connected' && options?.witness !== null && options !== null);
}
