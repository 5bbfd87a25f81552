import { z } from 'zod';
import { type AnyAction, ApplianceError, defineAction, type View } from '../sdk/index.js';
import type { Discovered } from './discovery.js';
import type { PluginInfo, PluginRegistry } from './plugin-registry.js';

const infoSchema = z.object({
  id: z.string(),
  title: z.string(),
  version: z.string(),
  origin: z.enum(['built-in', 'extra']),
  condition: z.enum(['active', 'disabled', 'failed', 'blocked']),
  reason: z.string(),
  requires: z.array(z.string()).readonly(),
}) satisfies z.ZodType<PluginInfo>;

const listSchema = z.object({
  plugins: z.array(infoSchema),
  /** Folders without a usable plugin. */
  refused: z.array(z.object({ folder: z.string(), reason: z.string() })),
});

const byId = z.object({ id: z.string().describe('Id of the plugin, as in: gemel plugin list') });

const tones = { active: 'ok', disabled: 'muted', failed: 'bad', blocked: 'warn' } as const;

function presentList({ plugins, refused }: z.infer<typeof listSchema>): View {
  return {
    kind: 'group',
    views: [
      {
        kind: 'table',
        columns: ['Plugin', 'Version', 'Origin', 'State', 'Reason'],
        rows: plugins.map((info) => [
          info.id,
          info.version,
          info.origin,
          { text: info.condition, tone: tones[info.condition] },
          info.reason,
        ]),
        empty: 'No plugins.',
      },
      ...refused.map(({ folder, reason }): View => ({ kind: 'text', text: `${folder}: ${reason}`, tone: 'bad' })),
    ],
  };
}

function presentOne(info: PluginInfo): View {
  return {
    kind: 'fields',
    fields: [
      ['Plugin', `${info.id} ${info.version}`],
      ['Title', info.title],
      ['Origin', info.origin],
      ['State', { text: info.condition, tone: tones[info.condition] }],
      ['Reason', info.reason === '' ? '-' : info.reason],
      ['Requires', info.requires.length === 0 ? '-' : info.requires.join(', ')],
    ],
  };
}

export interface PluginActionsSurroundings {
  /** Looks at the packages on disk again. */
  discover(): Promise<Discovered>;
  /** Called after every change, so that new sections get their settings. */
  changed(): Promise<void>;
}

/** `gemel plugin …` */
export function pluginActions(registry: PluginRegistry, around: PluginActionsSurroundings): readonly AnyAction[] {
  const { discover, changed } = around;
  const listed = async () => {
    const { refused } = await discover();
    return { plugins: [...registry.list()], refused: [...refused] };
  };
  /** Also when it failed: others were ended and started with it, and their sections wait for their settings. */
  const changing = async <Result>(change: () => Promise<Result>): Promise<Result> => {
    try {
      return await change();
    } finally {
      await changed();
    }
  };
  return [
    defineAction({
      kind: 'call',
      id: 'plugin.list',
      summary: 'List all plugins with their state.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: listSchema,
      present: presentList,
      run: listed,
    }),
    defineAction({
      kind: 'call',
      id: 'plugin.show',
      summary: 'Show one plugin.',
      role: 'viewer',
      audited: false,
      input: byId,
      output: infoSchema,
      positionals: ['id'],
      present: presentOne,
      run: async ({ id }) => {
        const info = registry.list().find((candidate) => candidate.id === id);
        if (info === undefined)
          throw new ApplianceError('not-found', `There is no plugin ${id}. See: gemel plugin list.`);
        return info;
      },
    }),
    defineAction({
      kind: 'call',
      id: 'plugin.enable',
      summary: 'Enable a plugin and activate it now.',
      role: 'administrator',
      input: byId,
      output: infoSchema,
      positionals: ['id'],
      present: presentOne,
      run: ({ id }) => changing(() => registry.enable(id)),
    }),
    defineAction({
      kind: 'call',
      id: 'plugin.disable',
      summary: 'End a plugin, and those that require it, and keep it from starting.',
      role: 'administrator',
      confirmation: 'Disable plugin {id} and everything that requires it?',
      input: byId,
      output: infoSchema,
      positionals: ['id'],
      present: presentOne,
      run: ({ id }) => changing(() => registry.disable(id)),
    }),
    defineAction({
      kind: 'call',
      id: 'plugin.reload',
      summary: 'End a plugin and start it again from the code that is on disk now.',
      role: 'administrator',
      input: byId,
      output: infoSchema,
      positionals: ['id'],
      present: presentOne,
      run: async ({ id }) => {
        const fresh = (await discover()).packages.find((candidate) => candidate.manifest.id === id);
        return changing(() => registry.reload(id, fresh));
      },
    }),
    defineAction({
      kind: 'call',
      id: 'plugin.rescan',
      summary: 'Take up plugin packages that were added to, changed in or removed from the data folder.',
      role: 'administrator',
      input: z.object({}),
      output: listSchema,
      present: presentList,
      run: async () => {
        const { packages } = await discover();
        await changing(() => registry.rescan(packages));
        return listed();
      },
    }),
  ];
}
