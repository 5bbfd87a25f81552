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

/** What happened between two looks at the pair. Pure. */
export function pairChanges(before: PairStatus, now: PairStatus): readonly PairChange[] {
  // Engines that are stopped say nothing of the other node or the resources.
  const known = before.running && now.running;
  return [
    ...(known ? now.nodes.flatMap((node) => nodeChanges(nodeNamed(before, node.name), node)) : []),
    ...(known ? now.resources.flatMap((each) => resourceChanges(before, each)) : []),
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

function resourceChanges({ resources }: PairStatus, now: PairResource): readonly PairChange[] {
  const before = resources.find(({ name }) => name === now.name);
  const [from] = before?.nodes ?? [];
  const [to] = now.nodes;
  if (before === undefined || to === undefined || !runs(now)) return [];
  const didNotRun = before.state === 'failed' || before.state === 'blocked' || before.state === 'stopped';
  if (didNotRun) return [{ kind: 'resource-recovered', resource: now.name, node: to }];
  const single = before.nodes.length === 1 && now.nodes.length === 1;
  if (!single || from === undefined || from === to) return [];
  return [{ kind: 'resource-moved', resource: now.name, from, to }];
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
