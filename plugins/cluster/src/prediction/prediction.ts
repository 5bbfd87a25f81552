import type { View } from '@gemel/core/sdk';
import { z } from 'zod';
import type { ClusterPicture } from '../pacemaker/picture.js';
import { readPlacement } from '../pacemaker/picture.js';
import { childAt, type XmlElement } from '../pacemaker/xml.js';
import type { PairStatus, ReadinessReason } from '../status/pair-schema.js';

const stepKinds = [
  'start',
  'stop',
  'restart',
  'move',
  'promote',
  'demote',
  'recover',
  'reload',
  'fence',
  'other',
] as const;

const stepSchema = z.lazy(() =>
  z.object({
    kind: z.enum(stepKinds).describe('What is done; `fence`: the node is switched off.'),
    resource: z.string().describe('To which resource; of `fence` the node.'),
    from: z.string().nullable().describe('Where it runs now, or where it is stopped.'),
    to: z.string().nullable().describe('Where it is started.'),
    text: z.string().describe('As a sentence.'),
  }),
);
export type PredictedStep = z.output<typeof stepSchema>;

export const predictionSchema = z.lazy(() =>
  z.object({
    steps: z.array(stepSchema).describe("What Pacemaker would do, by Pacemaker's own calculation; empty: nothing."),
    interrupted: z.array(z.string()).describe('Resources that run now and are away for a while, or for good.'),
    stopped: z.array(z.string()).describe('Resources that run now and would not run afterwards.'),
    activeNode: z.string().nullable().describe('Node that would hold the active role afterwards.'),
    concerns: z.array(z.string()).describe('What else speaks against it, such as sites that do not fit on that node.'),
  }),
);
export type Prediction = z.output<typeof predictionSchema>;

/** Reads what `crm_simulate --simulate --output-as=xml` prints. */
export function readPrediction(root: XmlElement): Prediction {
  const actions = childAt(root, 'actions')?.children ?? [];
  const steps = actions.flatMap(readStep);
  const before = running(childAt(root, 'cluster_status'));
  const revised = childAt(root, 'revised_cluster_status');
  const after = running(revised);
  const moved = steps.filter(
    ({ kind }) => kind !== 'start' && kind !== 'promote' && kind !== 'reload' && kind !== 'fence',
  );
  return {
    steps,
    interrupted: [...new Set(moved.map(({ resource }) => resource))].filter((resource) => before.has(resource)),
    stopped: [...before].filter((resource) => !after.has(resource)),
    activeNode: (revised === undefined ? undefined : activeNodeOf(readPlacement(revised))) ?? null,
    concerns: [],
  };
}

const ofSites: readonly ReadinessReason['reason'][] = ['site-versions-missing', 'sites-do-not-fit'];

/** Pacemaker knows nothing of versions and memory: what the node that becomes active lacks, or what would not fit there. Pure. */
export function withConcerns(prediction: Prediction, pair: Pick<PairStatus, 'activeNode' | 'reasons'>): Prediction {
  if (prediction.activeNode === null || prediction.activeNode === pair.activeNode) return prediction;
  const concerns = pair.reasons.filter(({ reason }) => ofSites.includes(reason)).map(({ text }) => text);
  return { ...prediction, concerns };
}

/** The node with the active role: what clients reach is there. */
export function activeNodeOf({ resources }: Pick<ClusterPicture, 'resources'>): string | undefined {
  const at = (id: string) => resources.find((each) => each.id === id && each.role === 'Started')?.nodes[0];
  const promoted = () => resources.find(({ id, role }) => id === 'drbd-data' && role === 'Promoted')?.nodes[0];
  return at('active') ?? at('cluster-ip') ?? promoted();
}

function running(status: XmlElement | undefined): ReadonlySet<string> {
  if (status === undefined) return new Set();
  return new Set(readPlacement(status).resources.flatMap(({ id, nodes }) => (nodes.length > 0 ? [id] : [])));
}

/** `drbd-data:1` is an instance of the clone's resource. */
function plain(resource: string): string {
  return resource.replace(/:\d+$/, '');
}

function readStep({ name, attributes }: XmlElement): readonly PredictedStep[] {
  if (name === 'node_action' || attributes['task'] === 'stonith') {
    const node = attributes['node'] ?? '';
    return [{ kind: 'fence', resource: node, from: node, to: null, text: `${node} is switched off` }];
  }
  if (name !== 'rsc_action') return [];
  const resource = plain(attributes['resource'] ?? '');
  const kind = stepKinds.find((each) => each === attributes['action']) ?? 'other';
  const from = attributes['source'] ?? attributes['node'] ?? null;
  const to = attributes['dest'] ?? (kind === 'start' ? (attributes['node'] ?? null) : null);
  return [{ kind, resource, from: kind === 'start' ? null : from, to, text: sentence(kind, resource, from, to) }];
}

function sentence(kind: PredictedStep['kind'], resource: string, from: string | null, to: string | null): string {
  switch (kind) {
    case 'start':
      return `${resource} starts on ${to ?? from}`;
    case 'stop':
      return `${resource} stops on ${from}`;
    case 'restart':
      return `${resource} restarts on ${from ?? to}`;
    case 'recover':
      return `${resource} is stopped on ${from} and started on ${to ?? from}`;
    case 'reload':
      return `${resource} takes its new parameters on ${from ?? to} without a restart`;
    case 'move':
      return `${resource} moves from ${from} to ${to}`;
    case 'promote':
      return `${resource} becomes active on ${to ?? from}`;
    case 'demote':
      return `${resource} becomes passive on ${from}`;
    case 'fence':
      return `${resource} is switched off`;
    case 'other':
      return `${resource} is changed on ${to ?? from}`;
  }
}

export function presentPrediction({ steps, stopped, activeNode, concerns }: Prediction): View {
  if (steps.length === 0) return { kind: 'text', text: 'Nothing is started, stopped or moved.', tone: 'ok' };
  const rows = steps.map(({ text }) => [`${text}.`]);
  const after: View[] =
    stopped.length === 0
      ? []
      : [{ kind: 'text', text: `Would not run afterwards: ${stopped.join(', ')}.`, tone: 'warn' }];
  const role: View[] = activeNode === null ? [] : [{ kind: 'text', text: `Active afterwards: ${activeNode}.` }];
  const against = concerns.map((text): View => ({ kind: 'text', text, tone: 'warn' }));
  return {
    kind: 'group',
    views: [{ kind: 'table', columns: ["By Pacemaker's calculation"], rows }, ...after, ...role, ...against],
  };
}
