import type { Alert } from '../alerts/alert.js';
import type { PairNode, PairStatus } from '../status/pair-schema.js';

export const takeoverCauses = [
  'node-lost',
  'node-left',
  'maintenance',
  'external-lost',
  'hardware',
  'resource-failed',
  'by-hand',
  'placement',
  'first',
] as const;
export type TakeoverCause = (typeof takeoverCauses)[number];

export interface TakeoverInput {
  readonly thisNode: string;
  /** The pair as it was last seen with another active node; undefined right after the start of core. */
  readonly before: PairStatus | undefined;
  /** When the role was first seen here; its failures may be later. */
  readonly now: PairStatus;
  /** Of this node's Pacemaker, from some time before the takeover to its end. */
  readonly alerts: readonly Alert[];
  /** Somebody asked for the role to be here. */
  readonly asked: boolean;
  /** Silence and agreement after which Corosync gives a node up, milliseconds. */
  readonly detectionMs: number | undefined;
}

export interface Takeover {
  readonly cause: TakeoverCause;
  readonly from: string | null;
  /** Which fault. */
  readonly fault: string;
  /** Which rule made Pacemaker act. */
  readonly rule: string;
  readonly steps: readonly string[];
  /** From the fault, as far as it is known, to the last start on this node. */
  readonly tookMs: number | undefined;
  /** Begins with what Corosync needs at most to give a node up: nobody measures when a node that is silent fell silent. */
  readonly isEstimate: boolean;
}

/** The why of a takeover in plain words. Pure. */
export function explainTakeover(input: TakeoverInput): Takeover {
  const { before, now, thisNode, alerts } = input;
  const from = before?.activeNode ?? null;
  const other = now.nodes.find(({ name }) => name !== thisNode);
  const operations = startsOf(alerts, thisNode).filter(({ resource }) => isTakenOver(resource, before, thisNode));
  const first = operations[0];
  const lost = lossOf(alerts, other?.name, first);
  const { cause, fault, rule } = judge(input, other, lost, first);
  // what was noticed before the first start belongs to it; older alerts do not
  const sign = cause === 'node-lost' ? lost : cause === 'external-lost' ? lossOfExternal(alerts, other) : undefined;
  const silentMs = cause === 'node-lost' && sign !== undefined ? (input.detectionMs ?? 0) : 0;
  const began = sign === undefined ? first && begunAt(first) : sign.at - silentMs;
  const last = operations.at(-1);
  return {
    cause,
    from: from === thisNode ? null : from,
    fault,
    rule,
    steps: began === undefined ? [] : [...signStep(sign, fault, began), ...operations.map((each) => step(each, began))],
    tookMs: began === undefined || last === undefined ? undefined : last.at - began,
    isEstimate: silentMs > 0,
  };
}

/** Pacemaker tells of an operation when it has ended. */
function begunAt({ at, tookMs }: Operation): number {
  return at - tookMs;
}

type Operation = Extract<Alert, { kind: 'resource' }>;

const bringsUp = new Set(['start', 'promote']);

function startsOf(alerts: readonly Alert[], node: string): readonly Operation[] {
  return alerts.filter(
    (alert): alert is Operation => alert.kind === 'resource' && alert.node === node && bringsUp.has(alert.task),
  );
}

/** What did not run here before. A clone that runs on both nodes, and what is gone meanwhile, is no part of a takeover. */
function isTakenOver(resource: string, before: PairStatus | undefined, thisNode: string): boolean {
  if (before === undefined) return true;
  const known = before.resources.find(({ name }) => name === resource || name === `${resource}-clone`);
  return known !== undefined && !known.nodes.includes(thisNode);
}

/** The loss of the other node that came before the first start, unless it was back by then. */
function lossOf(alerts: readonly Alert[], other: string | undefined, first: Operation | undefined): Alert | undefined {
  const steps = alerts.filter((alert) => alert.kind === 'node' && alert.node === other);
  const lost = steps.findLast((alert) => alert.kind === 'node' && alert.state === 'lost');
  if (lost === undefined || first === undefined) return lost;
  const isBack = steps.some(
    (alert) => alert.kind === 'node' && alert.state === 'member' && alert.at > lost.at && alert.at < first.at,
  );
  return isBack ? undefined : lost;
}

/** What told first: the carrier comes before the pings, which then only confirm it. */
function lossOfExternal(alerts: readonly Alert[], other: PairNode | undefined): Alert | undefined {
  const losses = ['external-carrier', 'external'].flatMap((name) =>
    alerts
      .filter(
        (alert) =>
          alert.kind === 'attribute' && alert.name === name && alert.node === other?.name && !(Number(alert.value) > 0),
      )
      .slice(-1),
  );
  return losses[0];
}

interface Judgement {
  readonly cause: TakeoverCause;
  readonly fault: string;
  readonly rule: string;
}

function judge(
  input: TakeoverInput,
  other: PairNode | undefined,
  lost: Alert | undefined,
  first: Operation | undefined,
): Judgement {
  const { before, now, thisNode } = input;
  const name = other?.name ?? 'The other node';
  if (before === undefined || (before.activeNode === null && other === undefined)) {
    return {
      cause: 'first',
      fault: 'No node held the active role before.',
      rule: `${thisNode} is the node that Pacemaker chose to start it.`,
    };
  }
  const away = other === undefined || other.state === 'offline' || other.state === 'unclean';
  const leaving =
    other?.state === 'leaving' || (away && lost !== undefined && first !== undefined && first.at < lost.at);
  if (leaving) {
    return {
      cause: 'node-left',
      fault: `${name} was shut down or restarted.`,
      rule: 'A node that leaves hands everything over first.',
    };
  }
  if (away || lost !== undefined) return nodeLost(input, name);
  if (other.state === 'maintenance') {
    return {
      cause: 'maintenance',
      fault: `${name} entered maintenance.`,
      rule: 'A node in maintenance runs nothing; the other one takes it all.',
    };
  }
  if (input.asked) {
    return {
      cause: 'by-hand',
      fault: `Somebody moved the active role to ${thisNode}.`,
      rule: 'A move by hand outweighs everything else while the node can take it.',
    };
  }
  if (other.health === 'red') {
    return {
      cause: 'hardware',
      fault: `The hardware of ${name} reported a failure.`,
      rule: 'A node whose health is red gives everything to the other one (node-health-strategy).',
    };
  }
  if (other.external === false) {
    return {
      cause: 'external-lost',
      fault: `${name} lost the external network, and ${thisNode} reaches it.`,
      rule: 'The active role prefers the node that reaches the external network (attribute external).',
    };
  }
  const failures = now.failures.filter(({ node }) => node === other.name);
  if (failures.length > 0) {
    const which = [...new Set(failures.map(({ resource, operation }) => `${resource} (${operation})`))].join(', ');
    return {
      cause: 'resource-failed',
      fault: `On ${name} failed: ${which}.`,
      rule: 'What failed too often on a node (migration-threshold), or cannot be started there, goes to the other one with all that belongs to it.',
    };
  }
  return {
    cause: 'placement',
    fault: 'No fault is known.',
    rule: `By the scores of the configuration Pacemaker prefers ${thisNode}. See: crm_simulate --live-check --show-scores`,
  };
}

function nodeLost({ detectionMs }: TakeoverInput, name: string): Judgement {
  const within =
    detectionMs === undefined ? '' : `, which Corosync notices within ${(detectionMs / 1_000).toFixed(1)} s`;
  return {
    cause: 'node-lost',
    fault: `${name} was lost: it stopped answering on all links${within}.`,
    rule: 'The node that is left takes everything over.',
  };
}

function signStep(sign: Alert | undefined, fault: string, began: number): readonly string[] {
  return sign === undefined ? [] : [`${inSeconds(sign.at - began)}: noticed: ${fault}`];
}

function step(operation: Operation, began: number): string {
  const { resource, task, tookMs, succeeded, description } = operation;
  const when = inSeconds(begunAt(operation) - began);
  const what = `${task} ${resource} took ${tookMs} ms`;
  return succeeded ? `${when}: ${what}` : `${when}: ${what} and failed: ${description}`;
}

function inSeconds(ms: number): string {
  return `${(Math.max(0, ms) / 1_000).toFixed(2)} s`;
}
