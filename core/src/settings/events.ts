import { z } from 'zod';
import { defineEvent } from '../sdk/index.js';

export const draftChanged = defineEvent({
  id: 'settings.draft.changed',
  summary: 'Somebody changed or reverted pending settings.',
  schema: z.lazy(() =>
    z.object({
      author: z.string(),
      surface: z.string(),
      paths: z.array(z.string()).describe('At most 50 of the places.'),
      changed: z.number().describe('How many places this edit changed.'),
      pending: z.number().describe('How many places differ from the confirmed settings now.'),
    }),
  ),
});

export const activationStarted = defineEvent({
  id: 'settings.activation.started',
  summary: 'A revision is being applied.',
  schema: z.lazy(() =>
    z.object({
      revision: z.number(),
      author: z.string(),
      surface: z.string(),
      comment: z.string(),
      sections: z.array(z.string()),
    }),
  ),
});

export const activationAwaiting = defineEvent({
  id: 'settings.activation.awaiting-confirmation',
  summary: 'A revision is in force and is rolled back unless somebody confirms it in time.',
  schema: z.lazy(() => z.object({ revision: z.number(), author: z.string(), seconds: z.number() })),
});

/** How a confirmation reached the appliance: the reason it counts. */
export const confirmedOver = z.enum(['new-connection', 'local-cli', 'console', 'no-window', 'core']);

export const activationConfirmed = defineEvent({
  id: 'settings.activation.confirmed',
  summary: 'A revision was confirmed: boot applies it from now on.',
  schema: z.object({ revision: z.number(), by: z.string(), over: confirmedOver }),
});

export const activationRolledBack = defineEvent({
  id: 'settings.activation.rolled-back',
  summary: 'A revision was taken back; the confirmed one is in force again.',
  schema: z.lazy(() => z.object({ revision: z.number(), confirmed: z.number(), reasons: z.array(z.string()) })),
});

export const activationStuck = defineEvent({
  id: 'settings.activation.stuck',
  summary: 'A revision failed and the confirmed one could not be brought back.',
  schema: z.lazy(() => z.object({ revision: z.number(), confirmed: z.number(), reasons: z.array(z.string()) })),
});

export const activationFailed = defineEvent({
  id: 'settings.activation.failed',
  summary: 'An activation was given up before anything was changed.',
  schema: z.lazy(() => z.object({ revision: z.number(), author: z.string(), reason: z.string() })),
});

export const settingsRecovered = defineEvent({
  id: 'settings.recovered',
  summary: 'Settings were found damaged or unconfirmed at the start and were mended.',
  schema: z.lazy(() => z.object({ confirmed: z.number(), reasons: z.array(z.string()) })),
});
