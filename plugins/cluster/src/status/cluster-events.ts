import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';
import { takeoverCauses } from '../log/takeover.js';
import { nodeRoles } from './role-status.js';
import { readinessReasons } from './pair-schema.js';

const node = z.string().describe('Host name of the node.');
const resource = z.string().describe('Id of the resource in the cluster.');

export const clusterEvents = {
  roleChanged: defineEvent({
    id: 'cluster.role.changed',
    summary: 'This node has another role in the cluster.',
    schema: z.lazy(() =>
      z.object({
        before: z.enum(nodeRoles).describe('Role until now.'),
        now: z.enum(nodeRoles).describe('Role from now on.'),
        activeNode: z.string().nullable().describe('Node that holds the active role.'),
      }),
    ),
  }),
  nodeLost: defineEvent({
    id: 'cluster.node.lost',
    summary: 'A node is no longer in the cluster.',
    schema: z.object({ node }),
  }),
  nodeJoined: defineEvent({
    id: 'cluster.node.joined',
    summary: 'A node is in the cluster again.',
    schema: z.object({ node }),
  }),
  maintenanceChanged: defineEvent({
    id: 'cluster.maintenance.changed',
    summary: 'A node entered or left maintenance, by whatever tool.',
    schema: z.object({ node, on: z.boolean().describe('It is in maintenance now.') }),
  }),
  resourceFailed: defineEvent({
    id: 'cluster.resource.failed',
    summary: 'An operation of a resource failed.',
    schema: z.lazy(() =>
      z.object({
        resource,
        node,
        operation: z.string().describe('start, stop, monitor, …'),
        reason: z.string().describe('What the agent said.'),
      }),
    ),
  }),
  resourceRecovered: defineEvent({
    id: 'cluster.resource.recovered',
    summary: 'A resource that did not run runs again.',
    schema: z.object({ resource, node }),
  }),
  resourceMoved: defineEvent({
    id: 'cluster.resource.moved',
    summary: 'A resource runs on another node.',
    schema: z.object({ resource, from: node, to: node }),
  }),
  readinessChanged: defineEvent({
    id: 'cluster.readiness.changed',
    summary: 'Whether the other node would take over, or what speaks against it, is different.',
    schema: z.lazy(() =>
      z.object({
        ready: z.boolean().describe('The other node would take over now.'),
        reasons: z.array(z.enum(readinessReasons)).describe('Why it would not, or not for sure.'),
      }),
    ),
  }),
  takeoverFinished: defineEvent({
    id: 'cluster.takeover.finished',
    summary: 'This node has taken the active role over and everything that belongs to it was started.',
    schema: z.lazy(() =>
      z.object({
        from: z.string().nullable().describe('Node that held the role before; null when none did.'),
        to: node,
        cause: z.enum(takeoverCauses).describe('What it came from.'),
        tookMs: z
          .number()
          .nullable()
          .describe(
            'From the first sign to the last start, milliseconds; of a lost node with what Corosync needs at most to give it up. Null when unknown.',
          ),
        text: z.string().describe('The whole of it, for people.'),
      }),
    ),
  }),
  splitBrain: defineEvent({
    id: 'cluster.split-brain.detected',
    summary: 'Both nodes wrote their data while apart; somebody must decide whose data stay.',
    schema: z.object({ connection: z.string().describe("State of DRBD's connection.") }),
  }),
};
