import type { PluginContext } from '@gemel/core/sdk';
import type { MembershipService } from './contract.js';

export interface RunningClusterParts {
  readonly membership: MembershipService;
}

/** What a formed cluster offers: status, resources, maintenance, log and alerts. */
export function addRunningCluster(_context: PluginContext, _parts: RunningClusterParts): void {}
