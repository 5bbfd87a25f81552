import { defineStatus } from '@gemel/core/sdk';
import { z } from 'zod';
import type { Membership } from '../membership/membership.js';

export const nodeRoles = ['alone', 'active', 'passive', 'unknown'] as const;

const roleSchema = z.lazy(() =>
  z.object({
    role: z
      .enum(nodeRoles)
      .describe('`alone`: a single appliance, which does everything. `unknown`: the engines do not say.'),
    activeNode: z
      .string()
      .nullable()
      .describe('Node that holds the active role; null on a single appliance, or when none does.'),
    since: z.number().describe('When this was first seen: wall clock, milliseconds since 1970.'),
  }),
);
export type RoleStatus = z.output<typeof roleSchema>;

const texts: Readonly<Record<RoleStatus['role'], string>> = {
  alone: 'single appliance',
  active: 'active (M)',
  passive: 'passive (S)',
  unknown: 'unknown',
};

export const clusterRole = defineStatus<RoleStatus>({
  id: 'cluster.role',
  title: 'Role in the cluster',
  schema: roleSchema,
  present: ({ role, activeNode, since }) => ({
    kind: 'fields',
    fields: [
      ['Role', { text: texts[role], tone: role === 'unknown' ? 'bad' : 'plain' }],
      ['Active node', activeNode ?? '-'],
      ['Since', new Date(since).toISOString()],
    ],
  }),
});

/** Role of this node. Pure. `running` is false while the engines do not answer. */
export function roleOf(
  { phase, thisNode, keepsServices }: Membership,
  running: boolean,
  activeNode: string | undefined,
): RoleStatus['role'] {
  if (phase === 'none') return 'alone';
  if (running && activeNode !== undefined) return activeNode === thisNode ? 'active' : 'passive';
  // without engines a disconnected node knows from what was agreed
  if (phase === 'disconnected') return keepsServices ? 'active' : 'passive';
  return running ? 'passive' : 'unknown';
}
