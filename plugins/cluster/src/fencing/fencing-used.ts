import type { ClusterOptions } from '../membership/membership.js';

/** Only when both nodes have a controller: a node that cannot be switched off would never be replaced. */
export function isFencingUsed({ fencing }: Pick<ClusterOptions, 'fencing'>): boolean {
  return fencing.length === 2;
}
