import { defineEvent, defineStatus, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { type Membership, membershipSchema, phases } from './membership.js';

export const membershipChanged = defineEvent({
  id: 'cluster.membership.changed',
  summary: 'This node entered or left a cluster, or its nodes or addresses are others than before.',
  schema: z.lazy(() =>
    z.object({
      before: z.enum(phases).describe('Phase until now.'),
      phase: z.enum(phases).describe('Phase from now on.'),
      nodes: z.array(z.string()).describe('Host names of the nodes.'),
    }),
  ),
});

const phaseTexts: Readonly<Record<Membership['phase'], string>> = {
  none: 'single appliance',
  created: 'created, waiting for the other node to be connected',
  connected: 'connected',
  disconnected: 'disconnected',
};

export const clusterMembership = defineStatus<Membership>({
  id: 'cluster.membership',
  title: 'Members of the cluster',
  schema: membershipSchema,
  present: presentMembership,
});

export function presentMembership(membership: Membership): View {
  const { phase, nodes, clusterIp, thisNode } = membership;
  const state = { kind: 'fields', fields: [['Phase', phaseTexts[phase]]] } as const;
  if (phase === 'none') return state;
  const address = clusterIp === null ? '-' : `${clusterIp.address}/${clusterIp.prefix}`;
  return {
    kind: 'group',
    views: [
      { kind: 'fields', fields: [...state.fields, ['Cluster IP', address]] },
      {
        kind: 'table',
        columns: ['Node', 'Id', 'Synchronisation', 'External'],
        rows: nodes.map(({ hostName, nodeId, sync, external }) => [
          hostName === thisNode ? `${hostName} (this node)` : hostName,
          String(nodeId),
          `${sync.address} on ${sync.interface}`,
          `${external.address} on ${external.interface}`,
        ]),
      },
    ],
  };
}
