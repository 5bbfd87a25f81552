import type { PairNode, PairResource, PairStatus } from './pair-schema.js';

export type PairChange =
  | { readonly kind: 'node-lost' | 'node-joined'; readonly node: string }
  | { readonly kind: 'maintenance'; readonly node: string; readonly on: boolean }
  | {
      readonly kind: 'resource-failed';
      readonly resource: string;
      readonly node: string;
      readonly operation: string;
      readonly reason: string;
    }
  | { readonly kind: 'resource-recovered'; readonly resource: string; readonly node: string }
  | { readonly kind: 'resource-moved'; readonly resource: string; readonly from: string; readonly to: string }
  | {
      readonly kind: 'readiness';
      readonly ready: boolean;
      /** Otherwise only the reasons are others. */
      readonly flipped: boolean;
      readonly reasons: PairStatus['reasons'];
    }
  | { readonly kind: 'split-brain'; readonly connection: string };

/** Where each resource was last seen to run: between its two places it runs nowhere for a moment. */
export type Places = ReadonlyMap<string, string>;

/** What happened between two looks at the pair. Pure. */
export function pairChanges(before: PairStatus, now: PairStatus, places: Places = new Map()): readonly PairChange[] {
  // Engines that are stopped say nothing of the other node or the resources.
  const known = before.running && now.running;
  return [
    ...(known ? now.nodes.flatMap((node) => nodeChanges(nodeNamed(before, node.name), node)) : []),
    ...(known ? now.resources.flatMap((each) => resourceChanges(before, each, places)) : []),
    ...newFailures(before, now),
    ...splitBrain(before, now),
    ...readiness(before, now),
  ];
}

function nodeNamed({ nodes }: PairStatus, name: string): PairNode | undefined {
  return nodes.find((node) => node.name === name);
}

const isAway = ({ state }: PairNode) => state === 'offline' || state === 'unclean';

function nodeChanges(before: PairNode | undefined, now: PairNode): readonly PairChange[] {
  if (before === undefined) return isAway(now) ? [] : [{ kind: 'node-joined', node: now.name }];
  const changes: PairChange[] = [];
  if (isAway(before) !== isAway(now)) changes.push({ kind: isAway(now) ? 'node-lost' : 'node-joined', node: now.name });
  if (isAway(before) || isAway(now)) return changes;
  const [was, is] = [before.state === 'maintenance', now.state === 'maintenance'];
  if (was !== is) changes.push({ kind: 'maintenance', node: now.name, on: is });
  return changes;
}

const runs = ({ state }: PairResource) => state === 'started' || state === 'promoted';

function resourceChanges(pair: PairStatus, now: PairResource, places: Places): readonly PairChange[] {
  const before = pair.resources.find(({ name }) => name === now.name);
  const [to, ...more] = now.nodes;
  if (before === undefined || to === undefined || !runs(now)) return [];
  const failedBefore = pair.failures.some(({ resource }) => resource === now.name);
  const didNotRun =
    before.state === 'failed' || before.state === 'blocked' || (before.nodes.length === 0 && failedBefore);
  const from = before.nodes.length > 1 ? undefined : (before.nodes[0] ?? places.get(now.name));
  return [
    ...(didNotRun ? [{ kind: 'resource-recovered', resource: now.name, node: to } as const] : []),
    ...(from === undefined || from === to || more.length > 0
      ? []
      : [{ kind: 'resource-moved', resource: now.name, from, to } as const]),
  ];
}

function newFailures(before: PairStatus, now: PairStatus): readonly PairChange[] {
  const key = ({ resource, node, operation, at }: PairStatus['failures'][number]) =>
    [resource, node, operation, at].join(' ');
  const known = new Set(before.failures.map(key));
  return now.failures
    .filter((failure) => !known.has(key(failure)))
    .map(({ resource, node, operation, text }) => ({
      kind: 'resource-failed',
      resource,
      node,
      operation,
      reason: text,
    }));
}

const saysSplitBrain = ({ reasons }: PairStatus) => reasons.some(({ reason }) => reason === 'split-brain');

function splitBrain(before: PairStatus, now: PairStatus): readonly PairChange[] {
  if (saysSplitBrain(before) || !saysSplitBrain(now)) return [];
  return [{ kind: 'split-brain', connection: now.data?.connection ?? '' }];
}

function readiness(before: PairStatus, now: PairStatus): readonly PairChange[] {
  const names = ({ reasons }: PairStatus) => reasons.map(({ reason }) => reason).join(' ');
  if (before.ready === now.ready && names(before) === names(now)) return [];
  return [{ kind: 'readiness', ready: now.ready, flipped: before.ready !== now.ready, reasons: now.reasons }];
}
