import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

const sections = z.array(z.string()).describe('Their sections.');

export const syncEvents = {
  adopted: defineEvent({
    id: 'peer.settings.adopted',
    summary: 'Settings of the other node were taken over.',
    schema: z.object({ sections, revision: z.number().describe('Of this node.'), author: z.string() }),
  }),
  failed: defineEvent({
    id: 'peer.settings.failed',
    summary: 'Settings of the other node could not be taken over; it is tried again.',
    schema: z.object({ sections, reason: z.string().describe('In a sentence.') }),
  }),
  conflict: defineEvent({
    id: 'peer.settings.conflict',
    summary: 'Settings were changed on both nodes, and a person must decide which are right.',
    schema: z.object({ sections }),
  }),
};
