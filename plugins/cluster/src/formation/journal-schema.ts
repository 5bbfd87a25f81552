import { z } from 'zod';
import { membershipSchema } from '../membership/membership.js';
import { pairFilesSchema } from './peer-requests.js';

/**
 * What is under way: `create`, `connect`, `disconnect` and `configure`, a change of what both nodes' engines read, on the node that the
 * operator works at, `join` on the other.
 */
export const journalKinds = ['create', 'connect', 'join', 'configure', 'disconnect'] as const;

export const journalSchema = z.strictObject({
  kind: z.enum(journalKinds),
  /** The last step that was begun; undo takes back everything up to it. */
  step: z.string(),
  startedAt: z.number(),
  before: membershipSchema,
  /** As the cluster will be. */
  planned: membershipSchema,
  /** Content before, null where there was none. */
  files: z.record(z.string(), z.string().nullable()),
  /** Of `join`: what this node will write once the other one says so. Of `connect`: what belongs to the pair. */
  pending: pairFilesSchema.nullable(),
  /** Of `configure`, where it changes them: the management controllers as the CIB had them, with their passwords. */
  controllers: z.string().optional(),
});
export type Journal = z.output<typeof journalSchema>;
