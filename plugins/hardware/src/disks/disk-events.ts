import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

export const diskEvents = {
  failing: defineEvent({
    id: 'hardware.disk.failing',
    summary: 'A disk says that it will fail soon.',
    schema: z.lazy(() =>
      z.object({
        disk: z.string().describe('Name of the disk.'),
        what: z.string().describe("smartd's word for it, `Health`; see smartd.conf(5)."),
      }),
    ),
  }),
};
