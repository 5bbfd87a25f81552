import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

export const dnsEvents = {
  serverFailed: defineEvent({
    id: 'dns.server.failed',
    summary: 'An entered DNS server does not answer, or only with errors.',
    schema: z.object({ server: z.string(), reason: z.string() }),
  }),
  serverRecovered: defineEvent({
    id: 'dns.server.recovered',
    summary: 'An entered DNS server that failed answers again.',
    schema: z.object({ server: z.string(), latencyMs: z.number() }),
  }),
};
