import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

const site = z.string().describe('Name of the site.');
const type = z.string().describe('Type of the site.');
const version = z.string().describe('Version.');
const reason = z.string().describe('Why, for people.');

export const siteEvents = {
  created: defineEvent({
    id: 'sites.created',
    summary: 'A site was made, new or as a copy of another one.',
    schema: z.object({ site, type, version, from: z.string().nullable().describe('The site it is a copy of.') }),
  }),
  deleted: defineEvent({
    id: 'sites.deleted',
    summary: 'A site and its data were removed.',
    schema: z.object({ site }),
  }),
  renamed: defineEvent({
    id: 'sites.renamed',
    summary: 'A site has another name, and with it another URL.',
    schema: z.object({ site, before: z.string().describe('Its name until now.') }),
  }),
  changed: defineEvent({
    id: 'sites.changed',
    summary: 'Settings of a site were changed.',
    schema: z.object({ site, what: z.array(z.string()).describe('Names of the settings.') }),
  }),
  updated: defineEvent({
    id: 'sites.updated',
    summary: 'A site is at another version, by an update or by going back.',
    schema: z.object({ site, version, before: z.string().describe('Its version until now.') }),
  }),
  started: defineEvent({ id: 'sites.started', summary: 'A site runs and is healthy.', schema: z.object({ site }) }),
  stopped: defineEvent({ id: 'sites.stopped', summary: 'A site was stopped.', schema: z.object({ site }) }),
  failed: defineEvent({
    id: 'sites.failed',
    summary: 'A site does not run although it should.',
    schema: z.object({ site, reason }),
  }),
  hung: defineEvent({
    id: 'sites.hung',
    summary: 'A site ran and did not answer any more. It was killed and is started again.',
    schema: z.object({ site, reason }),
  }),
  versionInstalled: defineEvent({
    id: 'sites.version.installed',
    summary: 'A version of a site type was installed on this node.',
    schema: z.object({ type, version }),
  }),
  versionRemoved: defineEvent({
    id: 'sites.version.removed',
    summary: 'A version of a site type was removed from this node.',
    schema: z.object({ type, version }),
  }),
} as const;
