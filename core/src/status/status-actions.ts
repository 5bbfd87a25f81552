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

/** One plugin's slip must not hide everybody else's state. */
function overviewOf(
  { log }: StatusRegistry,
  { id, title, overview }: StatusDefinition<unknown>,
  value: unknown,
): z.infer<typeof overviewSchema>['lines'] {
  try {
    const shown = overview?.(value) ?? [];
    return shown.map(([label, { text, tone = 'plain' }]) => ({ label, text, tone }));
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
        const values = await Promise.all(wanted.map(async (definition) => registry.get(definition.id)));
        const lines = wanted.flatMap((definition, index) => {
          const value = values[index];
          if (value === undefined) return [{ label: definition.title, text: 'not known yet', tone: 'muted' as const }];
          return overviewOf(registry, definition, value);
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
      output: z.object({ id: z.string(), value: z.unknown() }),
      positionals: ['id'],
      present: ({ id, value }): View => {
        const definition = registry.definitions().find((candidate) => candidate.id === id);
        return definition === undefined || value === undefined
          ? { kind: 'text', text: 'not known yet', tone: 'muted' }
          : definition.present(value);
      },
      run: async ({ id }) => {
        if (!registry.definitions().some((definition) => definition.id === id)) {
          throw new ApplianceError('not-found', `There is no status ${id}. See: gemel status list.`);
        }
        return { id, value: await registry.get(id) };
      },
    }),
  ];
}
