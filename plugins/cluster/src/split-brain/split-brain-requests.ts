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

/** The node that is asked begins to give its data up, and does not let wait for it. */
export const giveUpBegin = peerOrder('cluster.split-brain.give-up.begin', 30_000);

/** Fails as the giving up did. */
export const giveUpLook = definePeerRequest({
  id: 'cluster.split-brain.give-up.look',
  trust: 'pinned',
  input: nothing,
  output: z.object({
    step: z.string().describe('What is done now.'),
    copy: z.string().nullable().describe('Id of the copy when all is done.'),
  }),
});

export const giveUpCancel = peerOrder('cluster.split-brain.give-up.cancel');

export const connectRequest = peerOrder('cluster.split-brain.connect', 60_000);

export const dismissRequest = definePeerRequest({
  id: 'cluster.split-brain.dismiss',
  trust: 'pinned',
  input: z.strictObject({ id: copyId.describe('Of the copy.') }),
  output: nothing,
});
