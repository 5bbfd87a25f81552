import { type AnyAction, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import type { SiteMaking } from '../site/site-making.js';
import type { SiteOverview } from '../site/site-overview.js';
import { presentSite, siteSummarySchema } from '../site/site-status.js';
import type { SiteUpdating } from '../site/site-updating.js';
import { fields, siteOutput } from './site-inputs.js';

/** `gemel site clone|update|undo|keep`. */
export function updateActions(
  overview: SiteOverview,
  making: SiteMaking,
  updating: SiteUpdating,
): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'job',
      id: 'site.clone',
      summary: 'Copy a stopped site with its data to another name and port.',
      role: 'administrator',
      input: z.strictObject({ name: fields.name, newName: fields.name.describe('Name of the copy; the same rules.') }),
      output: siteSummarySchema,
      positionals: ['name', 'newName'],
      present: presentSite,
      async run({ name, newName }, call) {
        await making.clone(name, newName, call);
        return overview.show(newName);
      },
    }),
    defineAction({
      kind: 'job',
      id: 'site.update',
      summary: 'Bring a stopped site to another version; its data as it is now is kept for going back.',
      role: 'administrator',
      input: z.strictObject({
        name: fields.name,
        version: fields.version.optional().describe('Default: the newest one that runs here.'),
        start: z
          .boolean()
          .default(false)
          .describe('Start it afterwards. When it does not become healthy, the version before returns by itself.'),
      }),
      output: siteSummarySchema,
      positionals: ['name', 'version'],
      present: presentSite,
      async run({ name, version, start }, call) {
        await updating.update(name, version, start, call);
        return overview.show(name);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'site.undo',
      summary: 'Take a stopped site back to the version and data of before its update, at once.',
      role: 'administrator',
      input: z.strictObject({ name: fields.name }),
      output: siteSummarySchema,
      positionals: ['name'],
      confirmation:
        'Take site {name} back? It no longer has what was changed since the update; another undo brings it again.',
      present: presentSite,
      async run({ name }) {
        await updating.undo(name);
        return overview.show(name);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'site.keep',
      summary: 'Keep an update for good: the data of before is removed.',
      role: 'administrator',
      input: z.strictObject({ name: fields.name }),
      output: siteOutput,
      positionals: ['name'],
      confirmation: 'Keep the update of site {name}? The data of before is removed, and it cannot be undone any more.',
      present: ({ site }) => ({ kind: 'text', text: `The update of site ${site} is kept.`, tone: 'ok' }),
      async run({ name }) {
        await updating.keep(name);
        return { site: name };
      },
    }),
  ];
}
