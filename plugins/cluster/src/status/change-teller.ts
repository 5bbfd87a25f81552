import type { EventsAccess } from '@gemel/core/sdk';
import type { ClusterLog } from '../log/cluster-log.js';
import { clusterEvents } from './cluster-events.js';
import type { PairChange } from './pair-changes.js';
import type { PairStatus } from './pair-schema.js';

export interface ToldBy {
  readonly events: EventsAccess;
  readonly clusterLog: ClusterLog;
  readonly now: PairStatus;
  /** Name of this node. */
  readonly local: string;
}

/**
 * Tells a change as an event, on both nodes, and writes it into the Cluster Log, on one of them: where it happened, or
 * else on the active node, so that the merged log says everything once.
 */
export async function tellChange({ events, clusterLog, now, local }: ToldBy, change: PairChange): Promise<void> {
  const isActive = now.activeNode === local;
  const isHere = 'node' in change && change.node === local;
  switch (change.kind) {
    case 'node-lost': {
      events.publish(clusterEvents.nodeLost, { node: change.node });
      if (isHere) return;
      return clusterLog.add({ kind: 'node', severity: 'warning', text: `${change.node} is no longer in the cluster.` });
    }
    case 'node-joined': {
      events.publish(clusterEvents.nodeJoined, { node: change.node });
      if (isHere) return;
      return clusterLog.add({ kind: 'node', severity: 'info', text: `${change.node} is in the cluster.` });
    }
    case 'maintenance': {
      const { node, on } = change;
      events.publish(clusterEvents.maintenanceChanged, { node, on });
      if (!isHere) return;
      const text = on
        ? `${node} is in maintenance: the pair is not fail-safe.`
        : `${node} is no longer in maintenance.`;
      return clusterLog.add({ kind: 'maintenance', severity: on ? 'warning' : 'info', text });
    }
    case 'resource-failed': {
      const { resource, node, operation, reason } = change;
      events.publish(clusterEvents.resourceFailed, { resource, node, operation, reason });
      if (!isHere) return;
      return clusterLog.add({
        kind: 'resource',
        severity: 'error',
        text: `${resource}: ${operation} failed on ${node}: ${reason}`,
      });
    }
    case 'resource-recovered': {
      const { resource, node } = change;
      events.publish(clusterEvents.resourceRecovered, { resource, node });
      if (!isHere) return;
      return clusterLog.add({ kind: 'resource', severity: 'info', text: `${resource} runs on ${node}.` });
    }
    case 'resource-moved': {
      const { resource, from, to } = change;
      events.publish(clusterEvents.resourceMoved, { resource, from, to });
      if (to !== local) return;
      return clusterLog.add({ kind: 'resource', severity: 'info', text: `${resource} went from ${from} to ${to}.` });
    }
    case 'readiness': {
      const { ready, reasons } = change;
      events.publish(clusterEvents.readinessChanged, { ready, reasons: reasons.map(({ reason }) => reason) });
      if (!change.flipped || !isActive) return;
      return clusterLog.add({
        kind: 'readiness',
        severity: ready ? 'info' : 'warning',
        text: ready ? 'The other node can take over.' : 'The other node cannot take over.',
        details: reasons.map(({ text }) => text),
      });
    }
    case 'split-brain': {
      events.publish(clusterEvents.splitBrain, { connection: change.connection });
      return clusterLog.add({
        kind: 'data',
        severity: 'error',
        text: 'Split brain: both nodes wrote their data while apart. Decide whose data stay: gemel cluster split-brain show',
      });
    }
  }
}
