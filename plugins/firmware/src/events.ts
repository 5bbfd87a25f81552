import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

const slot = z.enum(['A', 'B']).describe('Root slot.');
const version = z.string().describe('Version of the firmware; empty when it is not known.');

export const firmwareEvents = {
  installed: defineEvent({
    id: 'firmware.installed',
    summary: 'A firmware was installed into the slot that does not run; it is tried at the next start.',
    schema: z.object({ slot, version, by: z.string().describe('Who asked for it.') }),
  }),
  markedGood: defineEvent({
    id: 'firmware.marked-good',
    summary: 'A firmware was found healthy at its first start and stays.',
    schema: z.object({ slot, version }),
  }),
  fellBack: defineEvent({
    id: 'firmware.fell-back',
    summary: 'A firmware was given up at its first start, or does not start any more; the device runs the other one.',
    schema: z.object({ slot, version, reason: z.string().describe('Why, for people.') }),
  }),
};
