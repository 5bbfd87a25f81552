import { definePeerRequest } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import { peerOrder } from '../peer-order.js';
import { copyId, keptSchema } from './kept-copies.js';
import { sideSchema } from './side.js';

const nothing = z.strictObject({});

export const sideRequest = definePeerRequest({
  id: 'cluster.split-brain.side',
  trust: 'pinned',
  input: nothing,
  output: z.object({
    side: sideSchema.describe('Of the node that is asked.'),
    kept: z.array(keptSchema).describe('There.'),
  }),
  timeoutMs: 30_000,
});

/** The node that is asked gives its data up. Copying takes as long as it takes. */
export const giveUpRequest = definePeerRequest({
  id: 'cluster.split-brain.give-up',
  trust: 'pinned',
  input: nothing,
  output: z.object({ id: z.string().describe('Of the copy.') }),
  timeoutMs: 4 * 3_600_000,
});

export const connectRequest = peerOrder('cluster.split-brain.connect', 60_000);

export const dismissRequest = definePeerRequest({
  id: 'cluster.split-brain.dismiss',
  trust: 'pinned',
  input: z.strictObject({ id: copyId.describe('Of the copy.') }),
  output: nothing,
});
