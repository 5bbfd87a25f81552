import { type AnyAction, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import type { SiteMaking } from '../site/site-making.js';
import type { SiteOverview } from '../site/site-overview.js';
import type { SitePower } from '../site/site-power.js';
import { presentSite, presentSites, siteSummarySchema, sitesSchema } from '../site/site-status.js';
import { fields, siteOutput } from './site-inputs.js';

/** Just past the longest start that a version may ask for, 90 s. */
const startLimitMs = 110_000;
const hookLimitMs = 120_000;

/** `gemel site …`: looking, making, setting, removing. */
export function siteActions(overview: SiteOverview, making: SiteMaking, power: SitePower): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'site.list',
      summary: 'List the sites with their state, URL and memory.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: sitesSchema,
      present: presentSites,
      run: () => overview.list(),
    }),
    defineAction({
      kind: 'call',
      id: 'site.show',
      summary: 'Show one site.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({ name: fields.name }),
      output: siteSummarySchema,
      positionals: ['name'],
      present: presentSite,
      run: ({ name }) => overview.show(name),
    }),
    defineAction({
      kind: 'call',
      id: 'site.create',
      summary: 'Make a site, empty and stopped unless told to start it.',
      role: 'administrator',
      timeoutMs: hookLimitMs + startLimitMs,
      input: z.strictObject({
        name: fields.name,
        type: fields.type,
        version: fields.version.optional().describe('Default: the newest one that runs here.'),
        port: fields.port.optional(),
        memory: fields.memoryMiB
          .optional()
          .describe('Memory that it may use at most, MiB. Default: what its version asks for.'),
        cpu: fields.cpuPercent
          .optional()
          .describe(
            'Processor time that it may use at most, percent of one processor. Default: what its version asks for.',
          ),
        autostart: z.boolean().default(true).describe('Start it with the device, on a single appliance.'),
        login: fields.login.optional(),
        password: fields.password.optional(),
        start: z.boolean().default(false).describe('Start it at once.'),
      }),
      output: siteSummarySchema,
      positionals: ['name', 'type'],
      present: presentSite,
      async run({ start, memory, cpu, ...wanted }, { signal }) {
        await making.create({ ...wanted, memoryMiB: memory, cpuPercent: cpu }, signal);
        if (start) await power.start(wanted.name);
        return overview.show(wanted.name);
      },
    }),
    ...powerActions(overview, power),
    ...settingActions(overview, making),
  ];
}

function powerActions(overview: SiteOverview, power: SitePower): readonly AnyAction[] {
  const words: readonly PowerWords[] = [
    {
      id: 'site.start',
      summary: 'Start a site and wait until it is healthy.',
      act: (name) => power.start(name),
    },
    {
      id: 'site.stop',
      summary: 'Stop a site.',
      confirmation: 'Stop site {name}? Nobody can use it until it is started again.',
      act: (name) => power.stop(name),
    },
    {
      id: 'site.restart',
      summary: 'Stop a site, start it again and wait until it is healthy.',
      act: (name) => power.restart(name),
    },
  ];
  return words.map(({ act, ...said }) =>
    defineAction({
      ...said,
      kind: 'call',
      role: 'operator',
      timeoutMs: startLimitMs,
      input: z.strictObject({ name: fields.name }),
      output: siteSummarySchema,
      positionals: ['name'],
      present: presentSite,
      async run({ name }) {
        await act(name);
        return overview.show(name);
      },
    }),
  );
}

interface PowerWords {
  readonly id: string;
  readonly summary: string;
  readonly confirmation?: string;
  readonly act: (name: string) => Promise<void>;
}

function settingActions(overview: SiteOverview, making: SiteMaking): readonly AnyAction[] {
  const changed = z.object({
    site: z.string().describe('Name of the site.'),
    restart: z.boolean().describe('Whether the site must be restarted to take it up.'),
  });
  const presentChanged = ({ site, restart }: z.output<typeof changed>) =>
    ({
      kind: 'text',
      text: restart
        ? `Site ${site} takes it up when it is restarted: gemel site restart ${site}.`
        : `Site ${site} is set.`,
      tone: restart ? 'pending' : 'ok',
    }) as const;
  return [
    defineAction({
      kind: 'call',
      id: 'site.set',
      summary: 'Change port, memory or processor budget of a site.',
      role: 'administrator',
      input: z.strictObject({
        name: fields.name,
        port: fields.port.optional().describe('TCP port.'),
        memory: fields.memoryMiB.optional(),
        cpu: fields.cpuPercent.optional(),
      }),
      output: changed,
      positionals: ['name'],
      present: presentChanged,
      async run({ name, port, memory, cpu }) {
        const { restart } = await making.set(name, { port, memoryMiB: memory, cpuPercent: cpu });
        return { site: name, restart };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'site.autostart',
      summary: 'Start a site with the device, or no longer.',
      role: 'operator',
      input: z.strictObject({
        name: fields.name,
        enabled: z.enum(['on', 'off']).describe('on: started with the device, on a single appliance.'),
      }),
      output: changed,
      positionals: ['name', 'enabled'],
      present: presentChanged,
      async run({ name, enabled }) {
        await making.set(name, { autostart: enabled === 'on' });
        return { site: name, restart: false };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'site.login',
      summary: 'Set name and password of the administrator of a site.',
      role: 'administrator',
      timeoutMs: hookLimitMs,
      input: z.strictObject({ name: fields.name, login: fields.login, password: fields.password }),
      output: siteOutput,
      positionals: ['name', 'login'],
      present: ({ site }) => ({ kind: 'text', text: `Site ${site} has a new login.`, tone: 'ok' }),
      async run({ name, login, password }, { signal }) {
        await making.setLogin(name, login, password, signal);
        return { site: name };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'site.rename',
      summary: 'Give a stopped site another name, and with it another URL.',
      role: 'administrator',
      input: z.strictObject({ name: fields.name, newName: fields.name.describe('The new name; the same rules.') }),
      output: siteSummarySchema,
      positionals: ['name', 'newName'],
      confirmation: 'Rename site {name} to {newName}? Its URL changes.',
      present: presentSite,
      async run({ name, newName }) {
        await making.rename(name, newName);
        return overview.show(newName);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'site.delete',
      summary: 'Remove a stopped site with all its data.',
      role: 'administrator',
      timeoutMs: hookLimitMs,
      input: z.strictObject({ name: fields.name }),
      output: siteOutput,
      positionals: ['name'],
      confirmation: 'Delete site {name}? All its data is removed and cannot be brought back.',
      present: ({ site }) => ({ kind: 'text', text: `Site ${site} is gone.`, tone: 'ok' }),
      async run({ name }) {
        await making.delete(name);
        return { site: name };
      },
    }),
  ];
}
