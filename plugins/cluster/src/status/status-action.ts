import { type AnyAction, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import { pairSchema, type PairStatus } from './pair-schema.js';
import { presentPair } from './pair-status.js';

/** `gemel cluster status`. */
export function statusAction(read: (signal?: AbortSignal) => Promise<PairStatus>): AnyAction {
  return defineAction({
    kind: 'call',
    id: 'cluster.status',
    summary: 'Show the pair: nodes with their roles, resources, links, data, and whether a takeover would work.',
    role: 'viewer',
    audited: false,
    input: z.strictObject({}),
    output: pairSchema,
    present: presentPair,
    run: async (_input, { signal }) => read(signal),
  });
}
