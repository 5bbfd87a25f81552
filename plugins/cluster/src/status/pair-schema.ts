import { z } from 'zod';
import { phases } from '../membership/membership.js';

export const readinessReasons = [
  'not-connected',
  'engine-down',
  'peer-down',
  'peer-maintenance',
  'peer-pending',
  'no-quorum',
  'witness-unreached',
  'data-not-current',
  'data-disconnected',
  'split-brain',
  'io-suspended',
  'link-down',
  'peer-unreached',
  'peer-no-external',
  'peer-health',
  'peer-failures',
  'firmware-differs',
  'clock-skew',
  'site-versions-missing',
  'sites-do-not-fit',
  'fencing-untested',
  'no-fencing',
  'fencing-differs',
  'quorum-policy-differs',
  'unmanaged',
] as const;

const reasonSchema = z.lazy(() =>
  z.object({
    reason: z.enum(readinessReasons).describe('For programs.'),
    blocking: z
      .boolean()
      .describe('A takeover would not happen, or not keep the data or the sites. Otherwise it is only less sure.'),
    text: z.string().describe('What, and what to do.'),
  }),
);
export type ReadinessReason = z.output<typeof reasonSchema>;

const nodeSchema = z.lazy(() =>
  z.object({
    name: z.string().describe('Host name.'),
    local: z.boolean().describe('This node.'),
    role: z.enum(['M', 'S', '-']).describe('M holds the active role, S stands by, - can do neither now.'),
    state: z
      .enum(['online', 'maintenance', 'joining', 'leaving', 'offline', 'unclean', 'unmanaged'])
      .describe('`unclean`: lost, and not known to be switched off. `unmanaged`: resources are left alone.'),
    health: z.enum(['green', 'yellow', 'red']).describe('Red: its resources go to the other node.'),
    external: z.boolean().nullable().describe('It reaches the external network; null when that is not watched.'),
    resources: z.number().describe('How many run on it.'),
  }),
);
export type PairNode = z.output<typeof nodeSchema>;

const resourceSchema = z.lazy(() =>
  z.object({
    name: z.string().describe('Id in the cluster.'),
    agent: z.string().describe('What runs it.'),
    state: z
      .enum(['started', 'promoted', 'stopped', 'disabled', 'failed', 'blocked', 'starting', 'stopping', 'other'])
      .describe('`blocked`: Pacemaker dares not touch it. `disabled`: stopped on purpose.'),
    nodes: z.array(z.string()).describe('Where it runs.'),
    passiveOn: z.array(z.string()).describe('Where it runs in the passive role.'),
    managed: z.boolean().describe('False: Pacemaker leaves it alone.'),
  }),
);
export type PairResource = z.output<typeof resourceSchema>;

const failureSchema = z.lazy(() =>
  z.object({
    resource: z.string().describe('Which resource.'),
    node: z.string().describe('Where it failed.'),
    operation: z.string().describe('What failed: start, stop, monitor, …'),
    text: z.string().describe('What the agent said.'),
    at: z.string().describe('When, as Pacemaker writes it.'),
  }),
);

const dataSchema = z.lazy(() =>
  z.object({
    connection: z.string().describe('As DRBD calls it: Connected, StandAlone, SyncSource, …'),
    role: z.string().describe('Of this node: Primary or Secondary.'),
    disk: z.string().describe('Of this node: UpToDate, Inconsistent, …'),
    peerDisk: z.string().describe('Of the other node.'),
    suspended: z.boolean().describe('Writes on this node are held back until the other node is known not to write.'),
    synchronisedPercent: z.number().nullable().describe('Of a synchronisation that is under way.'),
    remaining: z.string().nullable().describe('Time that a synchronisation still needs.'),
  }),
);

export const pairSchema = z.lazy(() =>
  z.object({
    phase: z.enum(phases).describe('none, created, connected or disconnected.'),
    running: z.boolean().describe('Pacemaker runs on this node and answers.'),
    clusterIp: z.string().nullable().describe('Address with prefix that the active node holds.'),
    activeNode: z.string().nullable().describe('Node that holds the active role.'),
    quorum: z.boolean().describe('Enough votes to decide.'),
    nodes: z.array(nodeSchema).describe('This node and the other one.'),
    resources: z.array(resourceSchema).describe('All resources, in the order of the configuration.'),
    failures: z.array(failureSchema).describe('What failed and was not cleaned up; it counts against the node.'),
    moves: z
      .array(
        z.object({
          resource: z.string().describe('Which resource.'),
          node: z.string().describe('Which node.'),
          kind: z.enum(['there', 'not-there']).describe('Drawn to the node, or kept from it.'),
        }),
      )
      .describe('Moves and bans by hand, by whatever tool, that are still in force.'),
    links: z
      .array(
        z.object({
          number: z.number().describe('0: synchronisation, 1: external.'),
          address: z.string().describe('Of this node.'),
          connected: z.boolean().describe('The other node is heard over it.'),
        }),
      )
      .describe("Corosync's links to the other node."),
    data: dataSchema.nullable().describe('Replication of the data volume; null where there is none.'),
    memory: z
      .object({
        neededMiB: z.number().describe('What the sites may use together.'),
        availableMiB: z.number().describe('What the node that would take over has free.'),
      })
      .nullable()
      .describe('Whether all sites fit on the node that would take over; null while it cannot be asked.'),
    ready: z.boolean().describe('The other node would take over now.'),
    reasons: z.array(reasonSchema).describe('Why it would not, or not for sure.'),
    notSurvived: z.array(z.string()).describe('Faults that this pair cannot survive by itself as it is set up.'),
  }),
);
export type PairStatus = z.output<typeof pairSchema>;
