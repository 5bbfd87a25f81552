import type { Report } from '@gemel/core/sdk';
import type { Membership } from '../membership/membership.js';
import { clusterReports } from '../reports.js';

/**
 * What stands against another host name of the node that goes on alone: Corosync and DRBD find themselves in their configuration by it. Of a
 * connected node all settings of its own are locked, and one that stays off is renamed when it is reconnected. Pure.
 */
export function nameHeld({ phase, keepsServices, thisNode }: Membership, name: string): Report | undefined {
  const isAlone = phase === 'created' || (phase === 'disconnected' && keepsServices);
  if (!isAlone || name === thisNode) return undefined;
  return clusterReports.report('cluster.host-name.held', { name: thisNode }, 'device/hostName');
}
