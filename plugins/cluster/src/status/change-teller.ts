import type { EventsAccess } from '@gemel/core/sdk';
import type { ClusterLog } from '../log/cluster-log.js';
import { clusterEvents } from './cluster-events.js';
import type { PairChange } from './pair-changes.js';

/** Tells a change as an event and writes it into the Cluster Log. */
export async function tellChange(
  { events, clusterLog }: { readonly events: EventsAccess; readonly clusterLog: ClusterLog },
  change: PairChange,
): Promise<void> {
  switch (change.kind) {
    case 'node-lost': {
      events.publish(clusterEvents.nodeLost, { node: change.node });
      return clusterLog.add({ kind: 'node', severity: 'warning', text: `${change.node} is no longer in the cluster.` });
    }
    case 'node-joined': {
      events.publish(clusterEvents.nodeJoined, { node: change.node });
      return clusterLog.add({ kind: 'node', severity: 'info', text: `${change.node} is in the cluster.` });
    }
    case 'maintenance': {
      const { node, on } = change;
      events.publish(clusterEvents.maintenanceChanged, { node, on });
      const text = on
        ? `${node} is in maintenance: the pair is not fail-safe.`
        : `${node} is no longer in maintenance.`;
      return clusterLog.add({ kind: 'maintenance', severity: on ? 'warning' : 'info', text });
    }
    case 'resource-failed': {
      const { resource, node, operation, reason } = change;
      events.publish(clusterEvents.resourceFailed, { resource, node, operation, reason });
      return clusterLog.add({
        kind: 'resource',
        severity: 'error',
        text: `${resource}: ${operation} failed on ${node}: ${reason}`,
      });
    }
    case 'resource-recovered': {
      const { resource, node } = change;
      events.publish(clusterEvents.resourceRecovered, { resource, node });
      return clusterLog.add({ kind: 'resource', severity: 'info', text: `${resource} runs on ${node}.` });
    }
    case 'resource-moved': {
      const { resource, from, to } = change;
      events.publish(clusterEvents.resourceMoved, { resource, from, to });
      return clusterLog.add({ kind: 'resource', severity: 'info', text: `${resource} went from ${from} to ${to}.` });
    }
    case 'readiness': {
      const { ready, reasons } = change;
      events.publish(clusterEvents.readinessChanged, { ready, reasons: reasons.map(({ reason }) => reason) });
      if (!change.flipped) return;
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
