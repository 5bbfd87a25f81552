import { defineEvent, defineStatus } from '@gemel/core/sdk';
import { z } from 'zod';

/** What other plugins may import of this one: its section's name, its events, its status. No behaviour. */

/** @type {import('@gemel/core/sdk').SectionReference<import('./settings.js').HelloSettings>} */
export const helloSettings = { id: 'hello' };

export const helloEvents = {
  changed: defineEvent({
    id: 'hello.greeting.changed',
    summary: 'Another greeting is shown, or none any more.',
    schema: z.object({ text: z.string().nullable().describe('Null when none is shown.') }),
  }),
};

export const greetingStatus = defineStatus({
  id: 'hello.greeting',
  title: 'Greeting',
  schema: z.object({
    text: z.string().nullable().describe('Null when none is shown.'),
    greeted: z.int().describe('How many were greeted since the plugin was started.'),
  }),
  present: ({ text, greeted }) => ({
    kind: 'fields',
    fields: [
      ['Shown', text ?? { text: 'nothing', tone: 'muted' }],
      ['Greeted', String(greeted)],
    ],
  }),
  overview: ({ text }) => (text === null ? [] : [['Greeting', { text, tone: 'ok' }]]),
});
