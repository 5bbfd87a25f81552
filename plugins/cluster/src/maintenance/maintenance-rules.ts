import { defineReports, type Report } from '@gemel/core/sdk';
import type { PairStatus, ReadinessReason } from '../status/pair-schema.js';

export const maintenanceReports = defineReports({
  'cluster.node.unknown': {
    severity: 'error',
    text: 'There is no node {node} in the cluster. The nodes are {known}.',
  },
  'cluster.maintenance.stops-everything': {
    severity: 'error',
    text: '{other} cannot take over ({state}): with {node} in maintenance no node runs anything, and all services stop. Pass --both if you mean it.',
  },
  'cluster.maintenance.already': {
    severity: 'error',
    text: '{node} is already in maintenance. End it: gemel cluster maintenance off {node}',
  },
  'cluster.maintenance.not-in': {
    severity: 'error',
    text: '{node} is not in maintenance.',
  },
  'cluster.move.not-ready': {
    severity: 'error',
    text: '{node} cannot take the active role now: {reason}',
  },
  'cluster.move.already': {
    severity: 'error',
    text: '{node} already holds the active role.',
  },
  'cluster.move.alone': {
    severity: 'error',
    text: 'There is no other node that could take the active role. Connect one: gemel cluster connect',
  },
});

const { report } = maintenanceReports;

export function checkNode({ nodes }: PairStatus, node: string): readonly Report[] {
  if (nodes.some(({ name }) => name === node)) return [];
  return [report('cluster.node.unknown', { node, known: nodes.map(({ name }) => name).join(' and ') }, 'node')];
}

/** Pure. `both`: the second confirmation, that all services may stop. Without it the other node must be fit for what this one carries. */
export function checkMaintenanceOn(pair: PairStatus, node: string, both: boolean): readonly Report[] {
  const unknown = checkNode(pair, node);
  if (unknown.length > 0) return unknown;
  if (pair.nodes.some(({ name, state }) => name === node && state === 'maintenance')) {
    return [report('cluster.maintenance.already', { node }, 'node')];
  }
  if (both) return [];
  const other = pair.nodes.find(({ name }) => name !== node);
  // Online is not enough for the node that is to be active: its data may still be on their way, or its hardware have failed.
  const against = pair.activeNode === node ? pair.reasons.find(isAgainstMove) : undefined;
  if (other?.state === 'online' && against === undefined) return [];
  const unfit = other?.state === 'online' ? against?.text.replace(/\.$/, '') : other?.state;
  const state = unfit ?? 'not there';
  const named = { node, other: other?.name ?? 'A second node', state };
  return [report('cluster.maintenance.stops-everything', named, 'both')];
}

export function checkMaintenanceOff(pair: PairStatus, node: string): readonly Report[] {
  const unknown = checkNode(pair, node);
  if (unknown.length > 0) return unknown;
  if (pair.nodes.some(({ name, state }) => name === node && (state === 'maintenance' || state === 'offline')))
    return [];
  return [report('cluster.maintenance.not-in', { node }, 'node')];
}

/** May the active role go to `node`? Pure. Only what speaks against a takeover at all counts. */
export function checkMove(pair: PairStatus, node: string): readonly Report[] {
  const unknown = checkNode(pair, node);
  if (unknown.length > 0) return unknown;
  if (pair.activeNode === node) return [report('cluster.move.already', { node }, 'node')];
  return pair.reasons
    .filter(isAgainstMove)
    .map(({ text }) => report('cluster.move.not-ready', { node, reason: text }, 'node'));
}

/** Without the witness the loss of a node stops everything, but no node is lost by a move: two votes of three are a quorum. */
function isAgainstMove({ blocking, reason }: ReadinessReason): boolean {
  return blocking && reason !== 'witness-unreached';
}

/** The node that does not hold the active role. */
export function otherNode({ nodes, activeNode }: PairStatus): string | undefined {
  return nodes.find(({ name, local }) => (activeNode === null ? !local : name !== activeNode))?.name;
}
