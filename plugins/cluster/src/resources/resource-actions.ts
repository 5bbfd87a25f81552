import { type ActionCall, type AnyAction, ApplianceError, defineAction, type Report } from '@gemel/core/sdk';
import { z } from 'zod';
import { type Agents, agentSchema } from '../pacemaker/agents.js';
import { cleanUp, clearMoves, moveTo } from '../pacemaker/changes.js';
import type { ClusterChange, Pacemaker } from '../pacemaker/pacemaker.js';
import {
  type Changed,
  type ClusterChanges,
  changedSchema,
  presentChanged,
  whatIfOption,
} from '../prediction/cluster-changes.js';
import type { PairStatus } from '../status/pair-schema.js';
import { findResource, resourceName } from './definition.js';
import { checkParameters, readParameters } from './parameters.js';
import { createResource, deleteResource, disableResource, enableResource, updateResource } from './resource-changes.js';
import { reservation } from './reserved.js';
import { resourceReports } from './resource-reports.js';

const { report } = resourceReports;

/** A start or stop that takes longer goes on without anybody waiting. */
const waitMs = 10_000;

/** A resource that does not stop is not taken away under it; Pacemaker's default for a stop is 20 s. */
const stopMs = 60_000;

export interface ResourceActionParts {
  readonly pacemaker: Pacemaker;
  readonly agents: Agents;
  readonly changes: ClusterChanges;
}

const name = resourceName.describe('Id of the resource.');
const parameters = z
  .array(
    z
      .string()
      .regex(/^[^\n\r]*$/, 'must be one line')
      // One of them may be a password, and the audit log must not keep it.
      .meta({ examples: ['fake=blue'], secret: true }),
  )
  .describe(
    "Of the agent, as name=value; an empty value takes one away. The agent's are shown by: resource agent show",
  );
const monitorSeconds = z.int().min(0).max(86_400).describe('Seconds between two looks at whether it runs; 0: never.');
const agentName = z
  .string()
  .describe('Standard, provider and type.')
  .meta({ examples: ['ocf:pacemaker:Dummy', 'systemd:cron'] });

/** `gemel cluster resource …`: what changes resources. */
export function resourceActions({ pacemaker, agents, changes }: ResourceActionParts): readonly AnyAction[] {
  const make = (change: ClusterChange, text: string, whatIf: boolean, { caller, signal }: ActionCall) =>
    changes.make({ change, text, whatIf, caller, signal });
  const settle = async (changed: Changed, resource: string, isSo: (state: string) => boolean, signal: AbortSignal) => {
    if (!changed.done) return changed;
    const state = (pair: PairStatus) => pair.resources.find((each) => each.name === resource);
    const pair = await changes.waitUntil((now) => isSo(state(now)?.state ?? 'absent'), waitMs, signal);
    return { ...changed, result: resultText(resource, pair) };
  };
  const runsOrFailed = (state: string) => ['started', 'promoted', 'failed', 'blocked'].includes(state);
  const stoppedOrBlocked = (state: string) => state === 'disabled' || state === 'blocked';
  /** One that is there and not Gemel's own. */
  const changeable = async (resource: string, signal: AbortSignal) => {
    changes.requireCluster();
    refuse(reservation(resource));
    return findResource(pacemaker, resource, signal);
  };
  const switching = (
    word: 'enable' | 'disable',
    summary: string,
    change: (resource: string) => ClusterChange,
    isSo: (state: string) => boolean,
  ) =>
    defineAction({
      kind: 'call',
      id: `cluster.resource.${word}`,
      summary,
      role: 'operator',
      input: z.strictObject({ name, whatIf: whatIfOption }),
      output: changedSchema,
      positionals: ['name'],
      present: presentChanged,
      async run(input, call) {
        await changeable(input.name, call.signal);
        const changed = await make(change(input.name), `Resource ${input.name} is ${word}d`, input.whatIf, call);
        return settle(changed, input.name, isSo, call.signal);
      },
    });

  return [
    defineAction({
      kind: 'call',
      id: 'cluster.resource.create',
      summary: 'Create a resource, which Pacemaker then keeps running.',
      role: 'administrator',
      input: z.strictObject({
        name,
        agent: agentName,
        parameters: parameters.default([]),
        monitorSeconds: monitorSeconds.default(30),
        followActive: z
          .boolean()
          .default(true)
          .describe('Run it where the active role is; otherwise on whichever node Pacemaker likes.'),
        whatIf: whatIfOption,
      }),
      output: changedSchema,
      positionals: ['name', 'agent', 'parameters'],
      present: presentChanged,
      timeoutMs: 60_000,
      async run(input, call) {
        changes.requireCluster();
        const agent = await agents.describe(input.agent, call.signal);
        const { values, reports } = readParameters(input.parameters);
        const taken = await pacemaker.find(`/cib/configuration//*[@id="${input.name}"]`, call.signal);
        refuse([
          ...reservation(input.name),
          ...(taken.length > 0 ? [report('cluster.resource.exists', { name: input.name }, 'name')] : []),
          ...reports,
          ...checkParameters(agent, values),
          ...cannotMonitor(agent, input.monitorSeconds),
        ]);
        const change = createResource({ ...input, agent, parameters: values });
        const text = `Resource ${input.name} (${agent.name}) is created`;
        const changed = await make(change, text, input.whatIf, call);
        return settle(changed, input.name, runsOrFailed, call.signal);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.resource.update',
      summary: 'Change parameters or the monitor interval of a resource.',
      role: 'administrator',
      input: z.strictObject({
        name,
        parameters: parameters.default([]),
        monitorSeconds: monitorSeconds.min(1).optional(),
        whatIf: whatIfOption,
      }),
      output: changedSchema,
      positionals: ['name', 'parameters'],
      present: presentChanged,
      async run(input, call) {
        const resource = await changeable(input.name, call.signal);
        const agent = await agents.describe(resource.agent, call.signal);
        const { values, reports } = readParameters(input.parameters);
        const afterwards = new Map([...Object.entries(resource.parameters), ...values]);
        const seconds = input.monitorSeconds;
        refuse([...reports, ...checkParameters(agent, afterwards), ...cannotMonitor(agent, seconds ?? 0)]);
        const change = updateResource(resource, agent, { parameters: values, monitorSeconds: seconds });
        if (change.commands.length === 0) {
          throw new ApplianceError('invalid', 'Nothing to change was given. Pass name=value or --monitor-seconds.');
        }
        return make(change, `Resource ${input.name} is changed`, input.whatIf, call);
      },
    }),
    switching('enable', 'Let a resource run that was disabled.', enableResource, runsOrFailed),
    switching('disable', 'Stop a resource until it is enabled again.', disableResource, stoppedOrBlocked),
    defineAction({
      kind: 'call',
      id: 'cluster.resource.delete',
      summary: 'Stop a resource and take it out of the cluster, with the constraints that name it.',
      role: 'administrator',
      input: z.strictObject({ name, whatIf: whatIfOption }),
      output: changedSchema,
      positionals: ['name'],
      confirmation: 'Stop resource {name} and take it out of the cluster?',
      present: presentChanged,
      timeoutMs: stopMs + 30_000,
      async run(input, call) {
        await changeable(input.name, call.signal);
        if (!input.whatIf) {
          await pacemaker.apply(disableResource(input.name), call.signal);
          await requireStopped(changes, input.name, call.signal);
        }
        return make(deleteResource(input.name), `Resource ${input.name} is deleted`, input.whatIf, call);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.resource.move',
      summary: 'Move one resource to a node, where it stays until the move is cleared.',
      role: 'operator',
      input: z.strictObject({ name, node: z.string().describe('Where to.'), whatIf: whatIfOption }),
      output: changedSchema,
      positionals: ['name', 'node'],
      present: presentChanged,
      async run(input, call) {
        changes.requireCluster();
        const resource = await findResource(pacemaker, input.name, call.signal);
        const follows = resource.followsActive || reservation(input.name).length > 0;
        if (follows) refuse([report('cluster.resource.follows-active', { name: input.name }, 'name')]);
        const { resources } = await changes.parts.read(call.signal);
        if (resources.some((each) => each.name === input.name && each.nodes.includes(input.node))) {
          throw new ApplianceError('conflict', `Resource ${input.name} already runs on ${input.node}.`);
        }
        const change = moveTo({ resource: input.name, node: input.node, promoted: false, lasting: true });
        return make(change, `Resource ${input.name} is moved to ${input.node}`, input.whatIf, call);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.resource.clear',
      summary: 'Take moves of a resource back: it may run anywhere again.',
      role: 'operator',
      input: z.strictObject({ name, whatIf: whatIfOption }),
      output: changedSchema,
      positionals: ['name'],
      present: presentChanged,
      async run(input, call) {
        return make(clearMoves(input.name), `Moves of ${input.name} are taken back`, input.whatIf, call);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.resource.cleanup',
      summary: 'Forget failures, so that Pacemaker tries again where it had given up.',
      role: 'operator',
      input: z.strictObject({
        name: name.optional().describe('Only of this resource; otherwise of all.'),
        node: z.string().optional().describe('Only on this node.'),
      }),
      output: changedSchema,
      positionals: ['name'],
      present: presentChanged,
      async run(input, call) {
        const change = cleanUp(input.name, input.node);
        const what = input.name === undefined ? 'of all resources' : `of ${input.name}`;
        return make(change, `Failures ${what} are forgotten`, false, call);
      },
    }),
  ];
}

function refuse(reports: readonly Report[]): void {
  const [first] = reports;
  if (first === undefined) return;
  throw new ApplianceError('invalid', first.text, { reports });
}

function cannotMonitor(agent: z.output<typeof agentSchema>, seconds: number): readonly Report[] {
  if (seconds === 0 || agent.operations.some((operation) => operation.name === 'monitor')) return [];
  return [report('cluster.agent.no-monitor', { agent: agent.name }, 'monitorSeconds')];
}

async function requireStopped(changes: ClusterChanges, resource: string, signal: AbortSignal): Promise<void> {
  const isStopped = (pair: PairStatus) =>
    (pair.resources.find((each) => each.name === resource)?.nodes.length ?? 0) === 0;
  if ((await changes.waitUntil(isStopped, stopMs, signal)) !== undefined) return;
  throw new ApplianceError(
    'timeout',
    `Resource ${resource} did not stop within ${stopMs / 1_000} s and was left disabled. See why it hangs, then delete it again.`,
  );
}

function resultText(resource: string, pair: PairStatus | undefined): string {
  const now = pair?.resources.find((each) => each.name === resource);
  if (pair === undefined || now === undefined) return `${resource} is still on its way. See: gemel cluster status`;
  const failure = pair.failures.findLast((each) => each.resource === resource);
  if (failure !== undefined && now.nodes.length === 0) {
    return `${resource} does not run: ${failure.operation} on ${failure.node} said "${failure.text}".`;
  }
  return now.nodes.length === 0
    ? `${resource} is ${now.state}.`
    : `${resource} is ${now.state} on ${now.nodes.join(', ')}.`;
}
