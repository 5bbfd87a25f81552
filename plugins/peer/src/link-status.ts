import { type CellLike, defineStatus, type View } from '@gemel/core/sdk';
import { z } from 'zod';

const linkSchema = z.lazy(() =>
  z.object({
    fingerprint: z
      .string()
      .nullable()
      .describe("SHA-256 of this node's certificate; null while gemel-peer does not run."),
    service: z.string().nullable().describe('Why gemel-peer cannot be used; null when it can.'),
    paired: z
      .object({
        hostName: z.string().describe('Of the other node when the two were paired.'),
        fingerprint: z.string().describe('The only key that is trusted.'),
        addresses: z.array(z.string()).describe('In the order in which they are tried.'),
        reachable: z.boolean().describe('The last exchange was at most 10 s ago and succeeded.'),
        address: z.string().nullable().describe('Where it was reached last.'),
        lastSeen: z.number().nullable().describe('Its last answer: wall clock, milliseconds since 1970.'),
        roundTripMs: z.number().nullable().describe('Of the last answer, core to core.'),
        clockSkewMs: z
          .number()
          .nullable()
          .describe('How far its clock is ahead of this one, give or take half a round trip.'),
        version: z.string().nullable().describe('Of Gemel on the other node.'),
        reason: z.string().nullable().describe('Why it is not reachable.'),
      })
      .nullable()
      .describe('Null while this node is paired with none.'),
  }),
);
export type PeerLinkStatus = z.output<typeof linkSchema>;

export const peerLink = defineStatus<PeerLinkStatus>({
  id: 'peer.link',
  title: 'Other node',
  schema: linkSchema,
  present: presentLink,
  overview: ({ paired }) => (paired === null ? [] : [['Other node', reachability(paired)]]),
});

export function presentLink({ fingerprint, service, paired }: PeerLinkStatus): View {
  const fields: [string, CellLike][] = [
    ['Fingerprint', fingerprint ?? { text: service ?? 'not known', tone: 'warn' }],
    ['Paired with', paired === null ? { text: 'none', tone: 'muted' } : paired.hostName],
  ];
  if (paired === null) return { kind: 'fields', fields };
  fields.push(
    ['Its fingerprint', paired.fingerprint],
    ['Its addresses', paired.addresses.join(', ')],
    ['State', reachability(paired)],
  );
  if (paired.lastSeen !== null) fields.push(['Last answer', new Date(paired.lastSeen).toISOString()]);
  if (paired.address !== null) fields.push(['By way of', paired.address]);
  if (paired.roundTripMs !== null) fields.push(['Round trip', `${paired.roundTripMs} ms`]);
  if (paired.clockSkewMs !== null) fields.push(['Its clock', `${paired.clockSkewMs} ms ahead`]);
  if (paired.version !== null) fields.push(['Its Gemel', paired.version]);
  return { kind: 'fields', fields };
}

function reachability(paired: NonNullable<PeerLinkStatus['paired']>): { text: string; tone: 'ok' | 'warn' } {
  if (paired.reachable) return { text: `${paired.hostName} answers`, tone: 'ok' };
  return { text: `${paired.hostName} does not answer. ${paired.reason ?? 'It has not been asked yet.'}`, tone: 'warn' };
}
