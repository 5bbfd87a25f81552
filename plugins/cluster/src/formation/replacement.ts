import { ApplianceError, type JobCall } from '@gemel/core/sdk';
import { type Membership, otherMember } from '../membership/membership.js';
import { connectLooked, lookAtPeer, type PeerLogin, refuseUnready } from './connection.js';
import { dropOther, withoutOther } from './leaving.js';
import { countOnOwnData } from './own-data.js';
import type { FormationParts } from './parts.js';

/**
 * A new box takes the place of the lost node. The lost one, which rejoins by itself as long as it is not dropped, is dropped only when
 * it is away and the new box has shown that it can be connected.
 * @param address default: that of the lost node in the synchronisation network.
 */
export async function replaceOther(
  parts: FormationParts,
  address: string | undefined,
  login: Omit<PeerLogin, 'address'>,
  call: Pick<JobCall, 'progress' | 'log' | 'signal'>,
): Promise<Membership> {
  const { membership, journal } = parts;
  const { current } = membership;
  const alone = withoutOther(current);
  if (journal.open !== undefined && journal.open.kind !== 'configure')
    throw new ApplianceError('conflict', 'A change of the cluster is under way already.');
  if (otherMember(current) !== undefined) await refuseUnlessLost(parts, current);
  call.progress(undefined, 'Asking the new box');
  const at = address ?? alone.expectedPeer?.sync ?? '';
  const looked = await lookAtPeer(parts, { address: at, ...login }, call.signal, alone);
  refuseUnready(looked.preview.readiness);
  if (current.phase === 'connected' && (await parts.engines.lacksQuorum())) await countOnOwnData(parts, current);
  if (current.phase !== 'created') await dropOther(parts);
  return connectLooked(parts, looked, call);
}

/**
 * A node that lives would count this one as lost; what is dropped on a node that is not the active one is the better data. Without quorum
 * there is no active one until the other is dropped, and whether the data are current is DRBD's to say.
 */
async function refuseUnlessLost({ engines }: FormationParts, current: Membership): Promise<void> {
  const { thisNode } = current;
  const name = otherMember(current)?.hostName ?? '';
  if (await engines.isOnline(name)) {
    throw new ApplianceError('conflict', `${name} is in the cluster and answers. Switch it off before it is replaced.`);
  }
  const active = await engines.activeNode();
  if (active === thisNode) return;
  if (active === undefined && (await engines.lacksQuorum())) return;
  const where = active === undefined ? 'No node is active now' : `${active} is the active node`;
  throw new ApplianceError(
    'conflict',
    `${where}. Replace ${name} where the services run; what keeps them from running here says: gemel cluster status`,
  );
}
