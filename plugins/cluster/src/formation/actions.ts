import { type AnyAction, defineAction, type Report, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { judgeNode } from '../readiness/judge-node.js';
import { readNode } from '../readiness/read-node.js';
import { readinessItemSchema } from '../readiness/node-view.js';
import { membershipSchema } from '../membership/membership.js';
import { presentMembership } from '../membership/membership-status.js';
import { connectPeer, lookAtPeer } from './connection.js';
import { createCluster, previewCreate } from './creation.js';
import { disband, disconnect } from './leaving.js';
import { type FormationParts } from './parts.js';
import { presentPreview, presentReadiness, presentReports } from './present.js';
import { reconnect } from './reconnection.js';
import { replaceOther } from './replacement.js';

const address = z.string().min(1).max(64);

const createInput = z.strictObject({
  clusterIp: address.describe('Address that the active node holds, with prefix: 10.77.0.100/24.'),
  external: z.string().min(1).max(64).describe('Interface in the external network, where clients are.'),
  sync: z.string().min(1).max(64).describe('Interface in the synchronisation network, to the other node.'),
  peerExternal: address.describe('Address of the other node in the external network, without prefix.'),
  peerSync: address.describe('Address of the other node in the synchronisation network, without prefix.'),
  externalReferences: z
    .array(address)
    .max(8)
    .default([])
    .describe(
      'Addresses that show whether the external network is reached. Default: the gateway of the external interface.',
    ),
  tokenMs: z
    .int()
    .min(500)
    .max(30_000)
    .default(1_000)
    .describe('Silence after which the other node counts as dead, milliseconds.'),
  consensusMs: z.int().min(100).max(36_000).default(400).describe('Wait for agreement after that, milliseconds.'),
});

const loginFields = {
  user: z.string().min(1).max(64).describe('An administrator of the other node.'),
  password: z.string().min(1).max(1_024).describe('Of that user, used once.').meta({ secret: true }),
  fingerprint: z.string().min(1).max(160).describe('Of the other node, as gemel peer show says there.'),
};

const reports = z.array(z.custom<Report>()).describe('What an operator should know.');

/** `gemel cluster readiness|create|connect|…` */
export function formationActions(parts: FormationParts): readonly AnyAction[] {
  return [readinessAction(parts), ...createActions(parts), ...connectActions(parts), ...leaveActions(parts)];
}

function readinessAction({ context, membership }: FormationParts): AnyAction {
  return defineAction({
    kind: 'call',
    id: 'cluster.readiness',
    summary: 'Show what this node still needs to become part of a cluster.',
    role: 'viewer',
    audited: false,
    input: z.strictObject({}),
    output: z.object({
      ready: z.boolean().describe('Everything is met.'),
      phase: z.string().describe('none, created, connected or disconnected.'),
      items: z.array(readinessItemSchema).describe('One condition each.'),
    }),
    present: ({ items }) => presentReadiness(items),
    async run(_input, { signal }) {
      const items = [...judgeNode(await readNode(context, signal))];
      return { ready: items.every(({ ok }) => ok), phase: membership.current.phase, items };
    },
  });
}

function createActions(parts: FormationParts): readonly AnyAction[] {
  const output = z.object({ membership: membershipSchema.describe('As it is from now on.'), reports });
  return [
    defineAction({
      kind: 'call',
      id: 'cluster.create.preview',
      summary: 'Verify what cluster create would do, without doing it.',
      role: 'administrator',
      audited: false,
      input: createInput,
      output: z.object({ reports }),
      positionals: ['clusterIp'],
      present: (found): View => presentReports(found.reports, 'Nothing stands against it.'),
      run: async (input, { signal }) => ({ reports: [...(await previewCreate(parts, input, signal)).reports] }),
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.create',
      summary: 'Make this node the first of a cluster. What runs goes on running.',
      role: 'administrator',
      // Corosync and Pacemaker start and take over what runs.
      timeoutMs: 180_000,
      input: createInput,
      output,
      positionals: ['clusterIp'],
      present: (made): View => ({
        kind: 'group',
        views: [
          presentMembership(made.membership),
          presentReports(made.reports, ''),
          { kind: 'text', text: 'Next: gemel cluster connect.', tone: 'muted' },
        ],
      }),
      async run(input, call) {
        const made = await createCluster(parts, input, call);
        return { membership: made.membership, reports: [...made.reports] };
      },
    }),
  ];
}

function connectActions(parts: FormationParts): readonly AnyAction[] {
  const { membership, peer } = parts;
  const expected = () => membership.current.expectedPeer?.sync ?? '';
  return [
    defineAction({
      kind: 'call',
      id: 'cluster.connect.preview',
      summary: 'Show the fingerprint of the other node and, with a password, what connecting it would overwrite there.',
      role: 'administrator',
      timeoutMs: 60_000,
      input: z.strictObject({
        address: address.optional().describe('Of the other node. Default: its synchronisation address.'),
        user: loginFields.user.optional(),
        password: loginFields.password.optional(),
        fingerprint: loginFields.fingerprint.optional(),
      }),
      output: z.object({
        address: z.string().describe('Of the other node.'),
        fingerprint: z.string().describe('Compare it with what gemel peer show says there.'),
        hostName: z.string().describe('Of the other node; empty without password.'),
        lost: z.array(z.string()).describe('What would be overwritten there; empty without password.'),
        readiness: z.array(readinessItemSchema).describe('Of the two as a pair; empty without password.'),
      }),
      positionals: ['address'],
      present: presentPreview,
      async run({ address: at = expected(), user, password, fingerprint }, { signal }) {
        if (user === undefined || password === undefined || fingerprint === undefined) {
          return { ...(await peer.introduce(at, { signal })), hostName: '', lost: [], readiness: [] };
        }
        const { preview } = await lookAtPeer(parts, { address: at, user, password, fingerprint }, signal);
        return { ...preview, lost: [...preview.lost], readiness: [...preview.readiness] };
      },
    }),
    defineAction({
      kind: 'job',
      id: 'cluster.connect',
      summary: 'Connect the other node to this cluster.',
      role: 'administrator',
      input: z.strictObject({
        address: address.optional().describe('Of the other node. Default: its synchronisation address.'),
        ...loginFields,
      }),
      output: membershipSchema,
      confirmation:
        'Connect the node with the fingerprint {fingerprint}? Everything on its data volume, its sites and the settings that a cluster has in common are replaced by those of this node. See gemel cluster connect preview.',
      positionals: ['address'],
      present: presentMembership,
      run: ({ address: at = expected(), ...login }, call) => connectPeer(parts, { address: at, ...login }, call),
    }),
    defineAction({
      kind: 'job',
      id: 'cluster.replace',
      summary: 'Let a new box take the place of the lost node.',
      role: 'administrator',
      input: z.strictObject({
        address: address.optional().describe('Of the new box. Default: the synchronisation address of the lost node.'),
        ...loginFields,
      }),
      output: membershipSchema,
      confirmation:
        'Replace the lost node by the one with the fingerprint {fingerprint}? The lost node must not come back: disband it before it is switched on again. Everything on the new box is replaced.',
      positionals: ['address'],
      present: presentMembership,
      run: ({ address: at, ...login }, call) => replaceOther(parts, at, login, call),
    }),
    defineAction({
      kind: 'job',
      id: 'cluster.reconnect',
      summary: 'Put a disconnected cluster together again, with the addresses that its nodes have now.',
      role: 'administrator',
      input: z.strictObject({
        address: address.optional().describe('Of the other node, when it is not reached at its former ones.'),
        externalReferences: z
          .array(address)
          .min(1)
          .max(8)
          .optional()
          .describe('Addresses that show whether the external network is reached. Default: the same as before.'),
      }),
      output: membershipSchema,
      confirmation:
        'Reconnect? The other node gets the data of this one. If it was active meanwhile, both have data of their own: nothing is replaced until you decide whose data stay (gemel cluster split-brain).',
      positionals: ['address'],
      present: presentMembership,
      run: ({ address: at, externalReferences }, call) => reconnect(parts, at, call, externalReferences),
    }),
  ];
}

function leaveActions(parts: FormationParts): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'cluster.disconnect',
      summary: 'Let the nodes run apart, to change addresses or host names; services stay on the active node.',
      role: 'administrator',
      timeoutMs: 240_000,
      input: z.strictObject({
        force: z
          .boolean()
          .default(false)
          .describe(
            'Also when the other node cannot be told, because it is switched off. When it starts it asks this one, and stays off. Where votes are missing because of it, the services start here.',
          ),
        oldData: z
          .boolean()
          .default(false)
          .describe(
            'As force, and also where the other node has newer data and is lost for good: the services start here with older ones. What only the other one has is lost, unless it comes back.',
          ),
      }),
      output: membershipSchema,
      confirmation: 'Disconnect the nodes? Until they are reconnected nothing takes over when this one fails.',
      present: presentMembership,
      run: (options) => disconnect(parts, options),
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.disband',
      summary: 'Make this node a single appliance again.',
      role: 'administrator',
      timeoutMs: 300_000,
      input: z.strictObject({}),
      output: z.object({ said: z.array(z.string()).describe('What state this device and the other node are in now.') }),
      confirmation:
        'Disband the cluster on this node? Its services stop here; a connected other node takes them over and goes on alone. This device keeps its copy of the data and starts no site by itself.',
      present: ({ said }): View => ({ kind: 'group', views: said.map((text) => ({ kind: 'text', text })) }),
      run: async () => ({ said: [...(await disband(parts))] }),
    }),
  ];
}
