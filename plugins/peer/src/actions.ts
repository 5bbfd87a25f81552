import { type AnyAction, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import { peerLink, presentLink } from './link-status.js';
import type { PeerServiceImpl } from './peer-service.js';
import { linkLimits } from './wire/link.js';

const deliveryInput = z.strictObject({
  message: z
    .looseObject({
      request: z
        .string()
        .describe('Id of the request.')
        .meta({ examples: ['peer.ping'] }),
    })
    .describe('What was asked; its input as `body`.'),
  address: z.string().describe('Where the other node connected from.'),
  fingerprint: z.string().describe('SHA-256 of the certificate that it proved.'),
});

const deliveryOutput = z.object({
  pinned: z.boolean().describe('It is the node that this one is paired with.'),
  body: z.unknown().optional().describe('The answer.'),
  error: z.unknown().optional().describe('What was thrown instead.'),
});

/** `gemel peer …`. */
export function peerActions(peer: PeerServiceImpl): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'peer.show',
      summary: "Show this node's fingerprint, and whether the other node answers.",
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: peerLink.schema,
      present: presentLink,
      run: () => peer.link(),
    }),
    defineAction({
      kind: 'call',
      id: 'peer.deliver',
      summary: 'Answer a request of another node; for the service gemel-peer alone.',
      role: 'administrator',
      // requests that change something are audited by what they do
      audited: false,
      timeoutMs: linkLimits.longestMs,
      input: deliveryInput,
      output: deliveryOutput,
      present: () => ({ kind: 'text', text: 'Answered.' }),
      // aborted when the other node does not wait any more
      run: ({ message, address, fingerprint }, { signal }) =>
        peer.deliver({ request: message.request, body: message['body'], address, fingerprint }, signal),
    }),
  ];
}
