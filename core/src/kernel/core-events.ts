import { z } from 'zod';
import { defineEvent } from '../sdk/index.js';

/** What core itself tells; the settings engine has its own in `settings/events`. */
export const statusChanged = defineEvent({
  id: 'status.changed',
  summary: 'A retained status value changed.',
  schema: z.lazy(() =>
    z.object({ status: z.string().describe('Id of the status, such as network.links.'), value: z.unknown() }),
  ),
});

const pluginPayload = z.object({ plugin: z.string(), reason: z.string() });

export const pluginActivated = defineEvent({
  id: 'plugin.activated',
  summary: 'A plugin was activated.',
  schema: pluginPayload,
});
export const pluginDeactivated = defineEvent({
  id: 'plugin.deactivated',
  summary: 'A plugin was ended: disabled, reloaded, removed, or because of a shutdown.',
  schema: pluginPayload,
});
export const pluginFailed = defineEvent({
  id: 'plugin.failed',
  summary: 'A plugin could not be loaded or activated.',
  schema: pluginPayload,
});

const jobPayload = z.lazy(() =>
  z.object({
    job: z.string(),
    action: z.string(),
    state: z.enum(['running', 'succeeded', 'failed', 'cancelled', 'interrupted']),
    fraction: z.number().nullable(),
    message: z.string(),
  }),
);

export const jobStarted = defineEvent({ id: 'job.started', summary: 'A job began.', schema: jobPayload });
export const jobProgressed = defineEvent({ id: 'job.progressed', summary: 'A job got on.', schema: jobPayload });
export const jobEnded = defineEvent({ id: 'job.ended', summary: 'A job ended, well or not.', schema: jobPayload });

export const coreReady = defineEvent({
  id: 'core.ready',
  summary: 'Core finished booting: settings are applied and its sockets are open.',
  schema: z.object({ bootMs: z.number() }),
});
export const healthChanged = defineEvent({
  id: 'core.health.changed',
  summary: 'The health that feeds the watchdog changed.',
  schema: z.lazy(() => z.object({ healthy: z.boolean(), reasons: z.array(z.string()) })),
});
