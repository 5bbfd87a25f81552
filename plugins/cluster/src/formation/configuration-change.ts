import { ApplianceError } from '@gemel/core/sdk';
import { renderCorosync } from '../corosync/corosync-conf.js';
import { changedPairResource, drbdFile } from '../drbd/drbd-resource.js';
import { type Membership, otherMember } from '../membership/membership.js';
import { readKey } from './connection.js';
import { helperUnits } from './engines.js';
import { type FormationParts, seenFrom, writePairFiles } from './parts.js';
import * as requests from './peer-requests.js';
import type { PairFiles } from './peer-requests.js';

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
  const formerDrbd = await parts.context.system.files.read(drbdFile);
  const drbd = changedPairResource(formerDrbd, current, next) ?? null;
  const former = {
    corosync: renderCorosync(current),
    key: formerKey,
    drbd: drbd === null ? null : (formerDrbd ?? null),
  };
  const files = { corosync: renderCorosync(next), key: nextKey ?? formerKey, drbd };
  const other = next.phase === 'connected' ? otherMember(next) : undefined;
  const tell = async (to: Membership, what: typeof files) => {
    if (other === undefined) return;
    await peer.call(requests.configurationPut, { membership: seenFrom(to, other.hostName), files: what });
  };
  await tell(next, files);
  try {
    await writePairFiles(parts, files);
    await engines.reload();
    await followVolume(parts, files);
    await membership.set(next);
  } catch (failure) {
    await writePairFiles(parts, former);
    // Whatever of it fails, the rest is still to be taken back, and what went wrong first is what is told.
    for (const back of [() => tell(current, former), () => engines.reload(), () => followVolume(parts, former)]) {
      await back().catch((problem: unknown) => {
        parts.context.log.error({ problem: String(problem) }, 'a change of the cluster was not taken back as a whole');
      });
    }
    throw failure;
  }
  await followWitness(parts, next);
  if (other !== undefined) await peer.call(requests.configurationFollow, {});
}

/** DRBD is told what its file says now. */
export async function followVolume({ engines }: FormationParts, { drbd }: Pick<PairFiles, 'drbd'>): Promise<void> {
  if (drbd !== null) await engines.runHelper(helperUnits.volumeAdjust);
}

/** The third vote is asked for by a daemon of its own, on each node. */
export async function followWitness({ engines }: FormationParts, { phase, options }: Membership): Promise<void> {
  await engines.setWitness(phase === 'connected' && options?.witness !== null && options !== null);
}
