import type { HealthReport, SystemAccess } from '@gemel/core/sdk';
import type { PeerService } from './contract.js';

const unit = 'gemel-peer.service';

/**
 * A single appliance is healthy without the process that would speak to the other node, and every one without that node: what is wrong
 * there is no fault of this one.
 */
export async function pairingHealth(
  { kind, units }: Pick<SystemAccess, 'kind' | 'units'>,
  { paired, reachable }: Pick<PeerService, 'paired' | 'reachable'>,
): Promise<HealthReport> {
  if (paired === undefined) return { healthy: true, reason: 'not paired' };
  const { activeState } = await units.status(unit);
  // the sandbox host has no such process
  if (kind !== 'sandbox' && activeState !== 'active')
    return { healthy: false, reason: `${unit} is ${activeState}; see journalctl -u gemel-peer` };
  return { healthy: true, reason: `${paired.hostName} ${reachable ? 'answers' : 'does not answer'}` };
}
