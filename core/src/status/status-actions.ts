import { z } from 'zod';
import {
  type AnyAction,
  ApplianceError,
  type CellLike,
  defineAction,
  type StatusDefinition,
  type View,
} from '../sdk/index.js';
import type { StatusRegistry } from './status-registry.js';

const lineSchema = z.object({
  label: z.string(),
  text: z.string(),
  tone: z.enum(['ok', 'warn', 'bad', 'pending', 'muted', 'plain']).default('plain'),
});

const overviewSchema = z.object({ lines: z.array(lineSchema) });

function staleText(seconds: number): string {
  const age = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return `as it was ${age} ago: it cannot be read now`;
}

interface Seen {
  readonly value: unknown;
  /** Undefined for a fresh one. */
  readonly staleSeconds: number | undefined;
}

async function look(registry: StatusRegistry, id: string): Promise<Seen> {
  const value = await registry.get(id);
  const staleMs = registry.staleMs(id);
  return { value, staleSeconds: staleMs === undefined ? undefined : Math.round(staleMs / 1_000) };
}

/** One plugin's slip must not hide everybody else's state. */
function overviewOf(
  { log }: StatusRegistry,
  { id, title, overview }: StatusDefinition<unknown>,
  { value, staleSeconds }: Seen,
): z.infer<typeof overviewSchema>['lines'] {
  try {
    const shown = overview?.(value) ?? [];
    return shown.map(([label, cell]) => {
      const line = lineSchema.parse({ label, ...cell });
      if (staleSeconds === undefined) return line;
      const text = `${line.text} (${staleText(staleSeconds)})`;
      return { ...line, text, tone: line.tone === 'bad' ? line.tone : 'warn' };
    });
  } catch (failure) {
    log.warn({ status: id, err: failure }, 'the overview of a status failed');
    return [{ label: title, text: `cannot be shown here; see: gemel status show ${id}`, tone: 'bad' }];
  }
}

/** `gemel status` and its relatives. */
export function statusActions(registry: StatusRegistry): readonly AnyAction[] {
  const titled = () => [...registry.definitions()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return [
    defineAction({
      kind: 'call',
      id: 'status',
      summary: 'Show the state of the appliance at a glance.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: overviewSchema,
      present: ({ lines }): View => ({
        kind: 'fields',
        fields: lines.map(({ label, text, tone }): readonly [string, CellLike] => [label, { text, tone }]),
      }),
      run: async () => {
        const wanted = titled().filter((definition) => definition.overview !== undefined);
        const seen = await Promise.all(wanted.map(async (definition) => look(registry, definition.id)));
        const lines = wanted.flatMap((definition, index) => {
          const one = seen[index];
          if (one?.value === undefined)
            return [{ label: definition.title, text: 'not known yet', tone: 'muted' as const }];
          return overviewOf(registry, definition, one);
        });
        return { lines };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'status.list',
      summary: 'List everything that can be observed.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: z.object({ items: z.array(z.object({ id: z.string(), title: z.string() })) }),
      present: ({ items }): View => ({
        kind: 'table',
        columns: ['Status', 'Title'],
        rows: items.map(({ id, title }) => [id, title]),
      }),
      run: async () => ({ items: titled().map(({ id, title }) => ({ id, title })) }),
    }),
    defineAction({
      kind: 'call',
      id: 'status.show',
      summary: 'Show one observed value in full.',
      role: 'viewer',
      audited: false,
      input: z.object({ id: z.string().describe('Id of the status, as in: gemel status list') }),
      output: z.object({
        id: z.string(),
        value: z.unknown(),
        staleSeconds: z
          .number()
          .nullable()
          .describe('Age of the value where it cannot be read now; null for a fresh one.'),
      }),
      positionals: ['id'],
      present: ({ id, value, staleSeconds }): View => {
        const definition = registry.definitions().find((candidate) => candidate.id === id);
        if (definition === undefined || value === undefined)
          return { kind: 'text', text: 'not known yet', tone: 'muted' };
        const view = definition.present(value);
        if (staleSeconds === null) return view;
        return {
          kind: 'group',
          views: [{ kind: 'text', text: `This is ${staleText(staleSeconds)}.`, tone: 'warn' }, view],
        };
      },
      run: async ({ id }) => {
        if (!registry.definitions().some((definition) => definition.id === id)) {
          throw new ApplianceError('not-found', `There is no status ${id}. See: gemel status list.`);
        }
        const { value, staleSeconds = null } = await look(registry, id);
        return { id, value, staleSeconds };
      },
    }),
  ];
}
