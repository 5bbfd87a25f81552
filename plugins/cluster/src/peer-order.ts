import type { PeerRequest } from '@gemel/plugin-peer/contract';
import { z } from 'zod';

const nothing = z.object({});

/** A request of the paired node that its name says all of: nothing goes along, and nothing comes back but that it was done. */
export function peerOrder(id: string, timeoutMs?: number): PeerRequest<object, object> {
  return { id, trust: 'pinned', input: nothing, output: nothing, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}
