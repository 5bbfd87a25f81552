import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

export const destinationFailed = defineEvent({
  id: 'logging.destination.failed',
  summary: 'Nothing gets through to a log destination; what is to be sent waits.',
  schema: z.lazy(() =>
    z.object({
      destination: z.string().describe('Its name.'),
      reason: z.string().describe('What rsyslogd said last; empty when it said nothing.'),
    }),
  ),
});

export const destinationRecovered = defineEvent({
  id: 'logging.destination.recovered',
  summary: 'A log destination takes entries again.',
  schema: z.lazy(() =>
    z.object({
      destination: z.string().describe('Its name.'),
      queued: z.number().describe('How many entries still wait.'),
    }),
  ),
});

export const destinationDropped = defineEvent({
  id: 'logging.destination.dropped',
  summary: 'Entries for a log destination were dropped, because its queue was full.',
  schema: z.lazy(() =>
    z.object({
      destination: z.string().describe('Its name.'),
      count: z.number().describe('How many since this was last told.'),
    }),
  ),
});
