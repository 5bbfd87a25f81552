import { definePeerRequest } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import { membershipSchema } from '../membership/membership.js';
import { peerOrder } from '../peer-order.js';
import { nodeViewSchema } from '../readiness/node-view.js';

const nothing = z.object({});
/** Shown once to the node that proved an administrator's password; good for one joining. */
const ticket = z.string().length(64);

const corosyncFilesSchema = z.object({ corosync: z.string(), key: z.string().min(128).max(4_096) });
export type CorosyncFiles = z.output<typeof corosyncFilesSchema>;

/** What the other node will write; the same text on both. */
export const pairFilesSchema = corosyncFilesSchema.extend({
  /** Null where there is no DRBD. */
  drbd: z.string().nullable(),
});
export type PairFiles = z.output<typeof pairFilesSchema>;

/** How to reach the caller; its key is the one that TLS showed. */
const callerSchema = z.object({ hostName: z.string(), addresses: z.array(z.string()) });

/** Before pairing: proves the password, shows what is there and would be lost. */
export const joinLook = definePeerRequest({
  id: 'cluster.join.look',
  trust: 'anyone',
  input: z.object({ user: z.string(), password: z.string(), node: z.string() }),
  output: z.object({ ticket, view: nodeViewSchema, lost: z.array(z.string()), obstacles: z.array(z.string()) }),
  timeoutMs: 20_000,
});

/** The last one of a stranger: from here on the node is paired, and nothing runs yet. */
export const joinPrepare = definePeerRequest({
  id: 'cluster.join.prepare',
  trust: 'anyone',
  input: z.object({ ticket, planned: membershipSchema, files: pairFilesSchema, caller: callerSchema }),
  output: nothing,
  timeoutMs: 60_000,
});

/** The same of a node that is known already and was disconnected. */
export const rejoinPrepare = definePeerRequest({
  id: 'cluster.rejoin.prepare',
  trust: 'pinned',
  input: z.object({ planned: membershipSchema, files: pairFilesSchema, caller: callerSchema }),
  output: nothing,
  timeoutMs: 60_000,
});

/** Before that: a node that was away when the nodes were disconnected by force counts itself as connected, and may run. */
export const rejoinLeave = peerOrder('cluster.rejoin.leave', 180_000);

/** Engines start, and the node becomes a member. */
export const joinStart = peerOrder('cluster.join.start', 120_000);

export const joinCommit = peerOrder('cluster.join.commit');

/** Takes everything back, as if the node had never been asked. */
export const joinUndo = peerOrder('cluster.join.undo', 120_000);

/** A node that joined and heard no more asks what became of it. */
export const joinOutcome = definePeerRequest({
  id: 'cluster.join.outcome',
  trust: 'pinned',
  input: nothing,
  output: z.object({ outcome: z.enum(['open', 'connected', 'given-up']) }),
});

export const nodeLook = definePeerRequest({
  id: 'cluster.node.look',
  trust: 'pinned',
  input: nothing,
  output: nodeViewSchema,
});

/** Files of the running cluster change on both nodes; the caller then has Corosync read them. */
export const configurationPut = definePeerRequest({
  id: 'cluster.configuration.put',
  trust: 'pinned',
  input: z.object({ membership: membershipSchema, files: corosyncFilesSchema }),
  output: nothing,
  timeoutMs: 60_000,
});

/** After Corosync has read them: what hangs on them is started or stopped. */
export const configurationFollow = peerOrder('cluster.configuration.follow', 60_000);

/** The other node goes on alone: this one stops its engines and keeps them off until it is reconnected or disbanded. */
export const leave = peerOrder('cluster.leave', 180_000);

/** The caller left for good. A node that keeps the services is its cluster's only one now. */
export const left = definePeerRequest({
  id: 'cluster.left',
  trust: 'pinned',
  input: nothing,
  output: z.object({ goesOn: z.boolean() }),
  timeoutMs: 60_000,
});
