import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

const request = z.object({
  by: z.string(),
  at: z.number().describe('When it happens: wall clock, milliseconds since 1970.'),
});

export const deviceEvents = {
  hostNameChanged: defineEvent({
    id: 'device.host-name.changed',
    summary: 'The device has a new name.',
    schema: z.object({ before: z.string(), now: z.string() }),
  }),
  rebootRequested: defineEvent({
    id: 'device.reboot.requested',
    summary: 'The device is going to restart.',
    schema: request,
  }),
  shutdownRequested: defineEvent({
    id: 'device.shutdown.requested',
    summary: 'The device is going to switch off.',
    schema: request,
  }),
  shutdownCancelled: defineEvent({
    id: 'device.shutdown.cancelled',
    summary: 'A restart or switching off was called off.',
    schema: z.object({ by: z.string() }),
  }),
  factoryResetRequested: defineEvent({
    id: 'device.factory-reset.requested',
    summary: 'The device was reset to factory defaults and is going to restart.',
    schema: request,
  }),
};
