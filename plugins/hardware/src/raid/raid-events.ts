import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

export const raidEvents = {
  stateChanged: defineEvent({
    id: 'hardware.raid.state.changed',
    summary: 'A RAID array is in another state.',
    schema: z.lazy(() =>
      z.object({
        array: z.string().describe('Name of the array.'),
        before: z.string().describe('ok, degraded, rebuilding, failed; `absent` when it is new.'),
        now: z.string().describe('The same words; `absent` when there is no such array any more.'),
      }),
    ),
  }),
  diskChanged: defineEvent({
    id: 'hardware.raid.disk.changed',
    summary: 'A disk of a RAID array is in another state.',
    schema: z.lazy(() =>
      z.object({
        array: z.string().describe('Name of the array.'),
        disk: z.string().describe('Name of the disk.'),
        before: z.string().describe('ok, rebuilding, spare, failed, gone; `absent` when it was no part of the array.'),
        now: z.string().describe('The same words; `absent` when it is no part of the array any more.'),
      }),
    ),
  }),
};
