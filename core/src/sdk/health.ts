import { z } from 'zod';
import { defineStatus } from './status.js';
import type { Tone } from './view.js';

const healthSchema = z.lazy(() =>
  z.object({
    healthy: z.boolean().describe('Every check is.'),
    items: z
      .array(
        z.object({
          name: z.string().describe('`<plugin>.<check>`, with `.<part>` where a check looks at several things.'),
          healthy: z.boolean().describe('What the check found.'),
          reason: z.string().describe('Why, for people.'),
        }),
      )
      .describe('All checks, sorted by name.'),
  }),
);

export type Health = z.infer<typeof healthSchema>;

const toneOf = (healthy: boolean): Tone => (healthy ? 'ok' : 'bad');

/** What core and every plugin contribute by `PluginContext.addHealthCheck`; core provides it. */
export const coreHealth = defineStatus<Health>({
  id: 'core.health',
  title: 'Health',
  schema: healthSchema,
  present: ({ items }) => ({
    kind: 'table',
    columns: ['Check', 'State', 'Reason'],
    rows: items.map(({ name, healthy, reason }) => [
      name,
      { text: healthy ? 'OK' : 'not OK', tone: toneOf(healthy) },
      reason,
    ]),
    empty: 'No checks.',
  }),
  overview: ({ healthy, items }) => {
    const bad = items.filter((item) => !item.healthy);
    const text = healthy ? 'OK' : bad.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
    return [['Health', { text, tone: toneOf(healthy) }]];
  },
});
