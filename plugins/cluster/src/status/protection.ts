import { clusterProperties } from '../cib/base-configuration.js';
import { fencingId } from '../fencing/fencing-resource.js';
import { isFencingUsed } from '../fencing/fencing-used.js';
import type { Membership } from '../membership/membership.js';
import type { ClusterPicture } from '../pacemaker/picture.js';
import type { ReadinessReason } from './pair-schema.js';

interface Protection {
  readonly fencing: boolean;
  readonly witness: boolean;
}

/** What keeps both halves from going on, by what Pacemaker goes by now: anybody may change that with tools of its own. Pure. */
export function protectionInForce({ options }: Membership, picture: ClusterPicture | undefined): Protection {
  if (options === null) return { fencing: false, witness: false };
  return {
    fencing: isFencingUsed(options) && picture?.fencingEnabled !== false,
    witness: options.witness !== null && picture?.withoutQuorum !== 'ignore',
  };
}

/** Where Pacemaker was told otherwise than fencing and witness need it. Pure. */
export function judgeProtection(membership: Membership, picture: ClusterPicture): readonly ReadinessReason[] {
  const { options } = membership;
  if (options === null) return [];
  return [...judgeFencing(membership, picture, isFencingUsed(options)), ...judgePolicy(options, picture)];
}

function judgeFencing(
  { nodes }: Membership,
  { fencingEnabled, resources }: ClusterPicture,
  isUsed: boolean,
): readonly ReadinessReason[] {
  if (fencingEnabled === isUsed) return [];
  const set = 'crm_attribute --type crm_config --name stonith-enabled --update';
  if (isUsed) {
    const text = `Both nodes have a management controller, but Pacemaker was told not to use them (stonith-enabled=false): a node that hangs keeps its services. To use them again, as root: ${set} true`;
    return [{ reason: 'fencing-differs', blocking: false, text }];
  }
  const ours = new Set(nodes.map(({ hostName }) => fencingId(hostName)));
  const isOtherwise = resources.some(({ id, agent }) => agent.startsWith('stonith:') && !ours.has(id));
  const text = `Pacemaker was told to switch lost nodes off (stonith-enabled=true), but not both nodes have a management controller: the services of one that has none wait. Enter it: gemel cluster fencing set. Or, as root: ${set} false`;
  return [{ reason: 'fencing-differs', blocking: !isOtherwise, text }];
}

/** Any other policy than to go on may be somebody's choice. */
function judgePolicy(
  options: NonNullable<Membership['options']>,
  { withoutQuorum }: ClusterPicture,
): readonly ReadinessReason[] {
  const expected = clusterProperties(options)['no-quorum-policy'] ?? '';
  if (withoutQuorum === undefined || (withoutQuorum === 'ignore') === (expected === 'ignore')) return [];
  const what =
    expected === 'ignore'
      ? 'there is neither fencing nor a witness: a node that starts while the other one is away starts no services'
      : 'there is fencing or a witness: when both networks between the nodes fail at once, both halves go on';
  const text = `Pacemaker was told no-quorum-policy=${withoutQuorum}, but ${what}. As root: crm_attribute --type crm_config --name no-quorum-policy --update ${expected}`;
  return [{ reason: 'quorum-policy-differs', blocking: false, text }];
}
