import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

const hostName = z.string().describe('Of the other node, as it was when the two were paired.');

export const peerEvents = {
  paired: defineEvent({
    id: 'peer.paired',
    summary: 'This node trusts another one from now on.',
    schema: z.object({ hostName, fingerprint: z.string().describe('SHA-256 of its certificate.') }),
  }),
  unpaired: defineEvent({
    id: 'peer.unpaired',
    summary: 'This node trusts no other one any more.',
    schema: z.object({ hostName }),
  }),
  reachable: defineEvent({
    id: 'peer.reachable',
    summary: 'The core of the paired node answers.',
    schema: z.object({ hostName, address: z.string().describe('Where it was reached.') }),
  }),
  unreachable: defineEvent({
    id: 'peer.unreachable',
    summary: 'The core of the paired node does not answer any more.',
    schema: z.object({ hostName, reason: z.string().describe('Why, in a sentence.') }),
  }),
};
