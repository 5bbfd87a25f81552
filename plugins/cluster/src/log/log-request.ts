import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { ClusterLog } from './cluster-log.js';
import { logEntrySchema } from './log-entry.js';

export const logLimit = z.int().min(1).max(2_000);

export const logRequest = definePeerRequest({
  id: 'cluster.log.read',
  trust: 'pinned',
  input: z.strictObject({ limit: logLimit.describe('At most so many, the newest.') }),
  output: z.object({ entries: z.array(logEntrySchema).describe('Oldest first.') }),
});

/** Gives this node's entries to the other one. */
export function answerLogRequests(peer: PeerService, log: ClusterLog): Disposable {
  return peer.handle(logRequest, async (input) => ({ entries: [...(await log.newest(input.limit))] }));
}
