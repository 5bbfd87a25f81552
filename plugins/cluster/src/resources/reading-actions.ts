import { type AnyAction, defineAction, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { type Agents, agentSchema } from '../pacemaker/agents.js';
import type { Pacemaker } from '../pacemaker/pacemaker.js';
import type { ClusterChanges } from '../prediction/cluster-changes.js';
import { type PairStatus, pairSchema } from '../status/pair-schema.js';
import { presentResources } from '../status/pair-status.js';
import { definitionSchema, findResource, resourceName } from './definition.js';
import { withoutSecrets } from './secret-parameters.js';

export interface ReadingActionParts {
  readonly pacemaker: Pacemaker;
  readonly agents: Agents;
  readonly changes: ClusterChanges;
  readonly read: (signal?: AbortSignal) => Promise<PairStatus>;
}

const agentsOutput = z.object({ agents: z.array(z.string()).describe('Names, as `create` takes them.') });
const resourcesOutput = pairSchema.unwrap().pick({ resources: true });

/** `gemel cluster resource …`: what only reads. */
export function readingActions({ pacemaker, agents, changes, read }: ReadingActionParts): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'cluster.resource.list',
      summary: 'List all resources with state and place.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: resourcesOutput,
      present: presentResources,
      run: async (_input, { signal }) => ({ resources: (await read(signal)).resources }),
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.resource.show',
      summary: 'Show how a resource is set up.',
      role: 'operator',
      input: z.strictObject({ name: resourceName.describe('Id of the resource.') }),
      output: definitionSchema,
      positionals: ['name'],
      present: (definition): View => ({
        kind: 'fields',
        fields: [
          ['Resource', definition.name],
          ['Agent', definition.agent],
          ['Enabled', definition.enabled ? 'yes' : { text: 'no', tone: 'warn' }],
          ['Monitored', definition.monitor === null ? 'never' : `every ${definition.monitor}`],
          ['Runs', definition.followsActive ? 'where the active role is' : 'wherever Pacemaker likes'],
          ...Object.entries(definition.parameters).map(([key, value]) => [key, value] as const),
        ],
      }),
      async run({ name }, { signal }) {
        changes.requireCluster();
        const { element: _element, ...definition } = await findResource(pacemaker, name, signal);
        return withoutSecrets(definition);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.resource.agent.list',
      summary: 'List the agents on this node that can run a resource.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({ search: z.string().optional().describe('Only names that contain this.') }),
      output: agentsOutput,
      positionals: ['search'],
      present: ({ agents: names }): View => ({
        kind: 'table',
        columns: ['Agent'],
        rows: names.map((each) => [each]),
        empty: 'There is none of that name.',
      }),
      async run({ search }, { signal }) {
        const wanted = search?.toLowerCase() ?? '';
        return { agents: (await agents.list(signal)).filter((each) => each.toLowerCase().includes(wanted)) };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.resource.agent.show',
      summary: 'Show what an agent does and which parameters it takes.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({
        agent: z
          .string()
          .describe('Standard, provider and type.')
          .meta({ examples: ['ocf:pacemaker:Dummy'] }),
      }),
      output: agentSchema,
      positionals: ['agent'],
      present: presentAgent,
      run: ({ agent }, { signal }) => agents.describe(agent, signal),
    }),
  ];
}

function presentAgent(agent: z.output<typeof agentSchema>): View {
  const operations = agent.operations.filter(({ name }) =>
    ['start', 'stop', 'monitor', 'promote', 'demote'].includes(name),
  );
  return {
    kind: 'group',
    views: [
      { kind: 'text', text: `${agent.name}: ${agent.summary}` },
      { kind: 'text', text: agent.description, tone: 'muted' },
      {
        kind: 'table',
        title: 'Parameters',
        columns: ['Parameter', 'Type', 'Required', 'Default', 'What it is'],
        rows: agent.parameters.map(({ name, type, required, default: value, values, summary }) => [
          name,
          values.length > 0 ? values.join('|') : type,
          required ? { text: 'yes', tone: 'warn' } : 'no',
          value || '-',
          summary,
        ]),
        empty: 'It takes none.',
      },
      {
        kind: 'table',
        title: 'Operations',
        columns: ['Operation', 'Timeout', 'Interval', 'Role'],
        rows: operations.map(({ name, timeout, interval, role }) => [
          name,
          timeout ?? '-',
          interval ?? '-',
          role ?? '-',
        ]),
      },
    ],
  };
}
