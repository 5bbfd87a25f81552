import { z } from 'zod';

/**
 * `none`: a single appliance. `created`: operational alone, the other node is not there yet. `connected`: a pair.
 * `disconnected`: a pair whose nodes run apart on purpose; one of them keeps the services.
 */
export const phases = ['none', 'created', 'connected', 'disconnected'] as const;
export type Phase = (typeof phases)[number];

const connection = (network: string) =>
  z.strictObject({
    interface: z.string().min(1).describe(`Interface of this node in the ${network} network.`),
    address: z.string().min(1).describe(`Address of this node in the ${network} network, without prefix.`),
  });

const memberSchema = z.lazy(() =>
  z.strictObject({
    hostName: z.string().min(1).describe('As Corosync, Pacemaker and DRBD call it.'),
    nodeId: z.int().min(1).max(2).describe('Of Corosync: 1 is the node where the cluster was created.'),
    sync: connection('synchronisation').describe('Ring 0, and the way of the data.'),
    external: connection('external').describe('Ring 1, and where clients are.'),
    inMaintenance: z
      .literal(true)
      .optional()
      .describe('Disconnected: this node was in maintenance, and will be when it is reconnected.'),
  }),
);
export type Member = z.output<typeof memberSchema>;

const clusterIpSchema = z.lazy(() =>
  z.strictObject({
    address: z.string().min(1).describe('Held by the active node.'),
    prefix: z.int().min(1).max(128).describe('Length of the network part.'),
  }),
);
export type ClusterIp = z.output<typeof clusterIpSchema>;

/** A management controller: the way to switch the other node off for sure. */
const fencingDeviceSchema = z.lazy(() =>
  z.strictObject({
    node: z.string().min(1).describe('Host name of the node that this controller switches off.'),
    address: z.string().min(1).describe('Of the management controller.'),
    user: z.string().min(1).describe('Of the management controller.'),
    lanplus: z.boolean().describe('IPMI 2.0.'),
    cipher: z.int().min(0).max(17).describe('Cipher suite of IPMI 2.0.'),
    testedAt: z.number().nullable().describe('When it was last seen to work; wall clock, milliseconds since 1970.'),
  }),
);
export type FencingDevice = z.output<typeof fencingDeviceSchema>;

const witnessSchema = z.lazy(() =>
  z.strictObject({
    host: z.string().min(1).describe('Address of the box that runs corosync-qnetd.'),
    algorithm: z.enum(['ffsplit', 'lms']).describe('How the witness decides.'),
  }),
);
export type Witness = z.output<typeof witnessSchema>;

const optionsSchema = z.lazy(() =>
  z.strictObject({
    tokenMs: z
      .int()
      .min(500)
      .max(30_000)
      .describe('Silence after which Corosync gives the other node up, milliseconds.'),
    consensusMs: z.int().min(100).max(36_000).describe('Wait for agreement after that, milliseconds.'),
    externalReferences: z
      .array(z.string())
      .describe('Addresses that show whether the external network is reached; empty: this is not watched.'),
    fencing: z.array(fencingDeviceSchema).describe('Management controllers; their passwords are in the CIB only.'),
    witness: witnessSchema.nullable().describe('A third vote.'),
    replicated: z.boolean().describe('DRBD carries the data volume; false where there is none, as in a container.'),
  }),
);
export type ClusterOptions = z.output<typeof optionsSchema>;

const expectedPeerSchema = z.lazy(() =>
  z.strictObject({
    sync: z.string().min(1).describe('Address in the synchronisation network.'),
    external: z.string().min(1).describe('Address in the external network.'),
  }),
);

/** What this node believes about the pair; kept in the state file. */
export const membershipSchema = z.lazy(() =>
  z.strictObject({
    phase: z.enum(phases).describe('none, created, connected or disconnected.'),
    thisNode: z.string().describe('Host name of this node in the cluster; empty in phase none.'),
    nodes: z.array(memberSchema).max(2).describe('This node and, once connected, the other one; in the order of ids.'),
    clusterIp: clusterIpSchema.nullable().describe('Null in phase none.'),
    expectedPeer: expectedPeerSchema
      .nullable()
      .describe('Where the other node was said to be when the cluster was created.'),
    keepsServices: z
      .boolean()
      .describe('Disconnected: whether this is the node that kept the services. Otherwise true.'),
    movedAlone: z
      .boolean()
      .optional()
      .describe(
        'While it ran alone this node got other addresses than its engines run with; they are restarted when the nodes meet again.',
      ),
    createdAt: z.number().describe('Wall clock, milliseconds since 1970; 0 in phase none.'),
    options: optionsSchema.nullable().describe('Null in phase none.'),
  }),
);
export type Membership = z.output<typeof membershipSchema>;

export const noMembership: Membership = {
  phase: 'none',
  thisNode: '',
  nodes: [],
  clusterIp: null,
  expectedPeer: null,
  keepsServices: true,
  createdAt: 0,
  options: null,
};

export function thisMember({ nodes, thisNode }: Membership): Member | undefined {
  return nodes.find(({ hostName }) => hostName === thisNode);
}

export function otherMember({ nodes, thisNode }: Membership): Member | undefined {
  return nodes.find(({ hostName }) => hostName !== thisNode);
}
