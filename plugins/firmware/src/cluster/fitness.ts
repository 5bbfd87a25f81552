import type { StatusAccess } from '@gemel/core/sdk';
import { clusterMembership, clusterPair, type PairStatus } from '@gemel/plugin-cluster/contract';
import { firmwareReports, refusal } from '../reports.js';

export interface Unfit {
  readonly reason: string;
  readonly remedy: string;
}

/**
 * Why this node of a pair must not restart into another firmware now, or undefined. Only a node that carries nothing, beside another that
 * carries everything and would go on without it, is updated. Pure.
 */
export function unfitness(pair: PairStatus): Unfit | undefined {
  const here = pair.nodes.find(({ local }) => local);
  const there = pair.nodes.find(({ local }) => !local);
  if (!pair.running || here === undefined)
    return {
      reason: 'Pacemaker does not run on this node',
      remedy: 'Start it, or leave the pair: gemel cluster status.',
    };
  if (there === undefined || (there.state !== 'online' && there.state !== 'maintenance'))
    return {
      reason: `the other node is ${there?.state ?? 'not there'}`,
      remedy:
        'Bring it back first: while one node restarts the other one has to carry everything. See gemel cluster status.',
    };
  if (there.state === 'maintenance')
    return {
      reason: `${there.name} is in maintenance`,
      remedy: `End that first: gemel cluster maintenance off ${there.name}.`,
    };
  // in maintenance its data volume is down, or about to be: the other node's counts, which Pacemaker looked at
  const isDown = here.state === 'maintenance';
  if (!isDown && pair.data !== null && (pair.data.disk !== 'UpToDate' || pair.data.peerDisk !== 'UpToDate'))
    return {
      reason: `the data is not the same on both nodes (${pair.data.disk} here, ${pair.data.peerDisk} there)`,
      remedy: 'Wait until it is synchronised: gemel cluster status.',
    };
  if (here.role === 'M' && here.state !== 'maintenance')
    return {
      reason: `${here.name} holds the active role`,
      remedy: `Move it to the other node first: gemel cluster maintenance on ${here.name}.`,
    };
  return undefined;
}

/** @throws ApplianceError `conflict` with the way out. A single appliance is always fit. */
export async function clusterFitness(status: StatusAccess): Promise<void> {
  const membership = await status.get(clusterMembership);
  if (membership === undefined || membership.phase === 'none') return;
  const pair = await status.get(clusterPair);
  const unfit =
    pair === undefined
      ? { reason: 'its state is not known', remedy: 'See gemel cluster status.' }
      : membership.phase === 'connected'
        ? unfitness(pair)
        : undefined;
  if (unfit !== undefined) throw refusal(firmwareReports.report('firmware.cluster.unfit', { ...unfit }));
}
