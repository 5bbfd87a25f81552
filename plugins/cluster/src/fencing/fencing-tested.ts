import type { Membership } from '../membership/membership.js';

/** Whether every node's controller was seen to work since it was entered. */
export function isFencingTested({ options, nodes }: Membership): boolean {
  return (
    nodes.length === 2 &&
    nodes.every(({ hostName }) => options?.fencing.some(({ node, testedAt }) => node === hostName && testedAt !== null))
  );
}
