import { type Cell, defineStatus, type Tone, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { type SiteState, siteStates } from '../run/site-units.js';

export const siteSummarySchema = z.lazy(() =>
  z.object({
    name: z.string().describe('Name of the site.'),
    type: z.string().describe('Type of the site; empty when its record is damaged.'),
    version: z.string().describe('Version it is at.'),
    state: z.enum(siteStates).describe('What its unit does. A site that runs was healthy when it started.'),
    port: z.number().nullable().describe('TCP port.'),
    url: z.string().nullable().describe('Where it is reached.'),
    memoryMiB: z.number().nullable().describe('Memory of its processes now; null where the kernel does not count it.'),
    memoryLimitMiB: z.number().nullable().describe('What it may use at most.'),
    cpuPercent: z.number().nullable().describe('Processor time it may use at most, percent of one processor.'),
    autostart: z.boolean().describe('Started with the device, on a single appliance.'),
    login: z.string().nullable().describe('Who signs in to it; null when it asks nobody.'),
    previousVersion: z.string().nullable().describe('Version that undo goes back to.'),
    problem: z.string().nullable().describe('Why it cannot be used as it is, or why it may not go on running.'),
  }),
);
export type SiteSummary = z.output<typeof siteSummarySchema>;

export const sitesSchema = z.lazy(() =>
  z.object({
    active: z.boolean().describe('Whether this node holds the active role; only there sites are seen and changed.'),
    problem: z.string().nullable().describe('Why none of them can be seen, although this node holds the active role.'),
    sites: z.array(siteSummarySchema).describe('All sites, by name.'),
  }),
);
export type SitesStatus = z.output<typeof sitesSchema>;

export const sitesList = defineStatus<SitesStatus>({
  id: 'sites.list',
  title: 'Sites',
  schema: sitesSchema,
  present: presentSites,
  overview({ active, problem, sites }) {
    if (problem !== null) return [['Sites', { text: 'the data volume is not mounted', tone: 'bad' }]];
    if (!active || sites.length === 0) return [];
    const running = sites.filter(({ state }) => state === 'running');
    const doubtful = running.filter(({ problem }) => problem !== null).length;
    const failed = sites.filter(
      ({ state, problem }) => state === 'failed' || (state !== 'running' && problem !== null),
    );
    const marks = [
      ...(failed.length === 0 ? [] : [`${failed.length} failed`]),
      ...(doubtful === 0 ? [] : [`${doubtful} with a problem`]),
    ];
    const text = [`${running.length} of ${sites.length} running`, ...marks].join(', ');
    return [['Sites', { text, tone: failed.length > 0 ? 'bad' : doubtful > 0 ? 'warn' : 'ok' }]];
  },
});

export function presentSites({ active, problem, sites }: SitesStatus): View {
  if (problem !== null) return { kind: 'text', text: problem, tone: 'bad' };
  return {
    kind: 'table',
    columns: ['Site', 'Type', 'Version', 'State', 'URL', 'Memory', 'Autostart'],
    rows: sites.map((site) => [
      site.name,
      site.type,
      site.version,
      stateCell(site),
      site.url ?? '',
      memoryText(site),
      site.autostart ? 'yes' : 'no',
    ]),
    empty: active
      ? 'There are no sites. Make one: gemel site create NAME TYPE.'
      : 'This node does not hold the active role: the sites are on the other one.',
  };
}

export function presentSite(site: SiteSummary): View {
  return {
    kind: 'fields',
    title: `Site ${site.name}`,
    fields: [
      ['Type', `${site.type} ${site.version}`],
      ['State', stateCell(site)],
      ['URL', site.url ?? 'none'],
      ['Memory', memoryText(site)],
      ['Processor', site.cpuPercent === null ? '' : `at most ${site.cpuPercent} % of one`],
      ['Autostart', site.autostart ? 'yes' : 'no'],
      ['Login', site.login ?? 'asks nobody'],
      ['Undo', site.previousVersion === null ? 'nothing to go back to' : `goes back to ${site.previousVersion}`],
    ],
  };
}

function stateCell({ state, problem }: SiteSummary): Cell {
  if (problem === null) return { text: state, tone: tones[state] };
  return state === 'running' ? { text: `${state}; ${problem}`, tone: 'warn' } : { text: problem, tone: 'bad' };
}

const tones: Readonly<Record<SiteState, Tone>> = {
  running: 'ok',
  starting: 'pending',
  restarting: 'warn',
  stopping: 'pending',
  stopped: 'muted',
  failed: 'bad',
};

function memoryText({ memoryMiB, memoryLimitMiB }: SiteSummary): string {
  if (memoryLimitMiB === null) return '';
  return memoryMiB === null ? `at most ${memoryLimitMiB} MiB` : `${memoryMiB} of ${memoryLimitMiB} MiB`;
}
