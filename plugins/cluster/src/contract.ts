import { createToken } from '@gemel/core/sdk';
import type { Membership } from './membership/membership.js';

export {
  type ClusterIp,
  type ClusterOptions,
  type Member,
  type Membership,
  noMembership,
  otherMember,
  type Phase,
  thisMember,
} from './membership/membership.js';
export { clusterMembership, membershipChanged } from './membership/membership-status.js';
export { clusterEvents } from './status/cluster-events.js';
export type { PairStatus } from './status/pair-schema.js';
export { clusterPair } from './status/pair-status.js';
export { clusterRole, type RoleStatus } from './status/role-status.js';

/** What this node believes about the pair it belongs to. */
export interface MembershipService {
  readonly current: Membership;
  /** After it is on disk; in the order of changes. */
  onChanged(listener: (membership: Membership, before: Membership) => void): Disposable;
}
export const MembershipService = createToken<MembershipService>('cluster.membership');

/** What must find room on the node that takes over; it becomes a part of the takeover's readiness. */
export interface CapacityService {
  /** Memory that must be free there, MiB. Asked whenever somebody looks. */
  needMemory(needed: () => Promise<number>): Disposable;
}
export const CapacityService = createToken<CapacityService>('cluster.capacity');

/** Versions of site types on the node that takes over; they become a part of the takeover's readiness. */
export interface SiteVersionsService {
  /** What sites need and the other node lacks, as `type version`. Asked on both nodes whenever somebody looks; the active one knows. */
  tellMissing(missing: () => Promise<readonly string[]>): Disposable;
}
export const SiteVersionsService = createToken<SiteVersionsService>('cluster.site-versions');
