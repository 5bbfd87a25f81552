import { type AnyAction, ApplianceError, defineAction, type JobCall, type Report, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { maintenanceOff, maintenanceOn } from '../pacemaker/changes.js';
import {
  type Changed,
  type ClusterChanges,
  changedSchema,
  presentChanged,
  whatIfOption,
} from '../prediction/cluster-changes.js';
import type { MembershipService } from '../contract.js';
import type { PairStatus } from '../status/pair-schema.js';
import type { ActiveRole } from './active-role.js';
import { checkMaintenanceOff, checkMaintenanceOn } from './maintenance-rules.js';

/** Resources that need longer to leave a node go on leaving; the job says so. */
const leaveMs = 120_000;

export interface MaintenanceParts {
  readonly changes: ClusterChanges;
  readonly role: ActiveRole;
  readonly membership: MembershipService;
  readonly read: (signal?: AbortSignal) => Promise<PairStatus>;
}

const movedSchema = changedSchema.extend({
  from: z.string().nullable().describe('Node that held the active role before.'),
  to: z.string().describe('Node that holds it now, or would.'),
  tookMs: z
    .number()
    .nullable()
    .describe('From the wish to the last start, milliseconds; null when it was only predicted.'),
});

const node = z.string().optional().describe('Which node; this one when it is not given.');

/** `gemel cluster maintenance on|off` and `gemel cluster move`. */
export function maintenanceActions(parts: MaintenanceParts): readonly AnyAction[] {
  const { changes, role, membership, read } = parts;
  const local = () => membership.current.thisNode;
  return [
    defineAction({
      kind: 'job',
      id: 'cluster.maintenance.on',
      summary: 'Take a node out of service until it is put back by hand; its resources go to the other node first.',
      role: 'operator',
      input: z.strictObject({
        node,
        both: z
          .boolean()
          .default(false)
          .describe('Also when no node is left to run anything, so that all services stop.'),
        whatIf: whatIfOption,
      }),
      output: changedSchema,
      positionals: ['node'],
      confirmation: 'Take the node out of service? The pair is not fail-safe until it is put back.',
      present: (output): View => ({
        kind: 'group',
        views: [
          presentChanged(output),
          {
            kind: 'text',
            text: 'The pair is not fail-safe meanwhile. Nothing ends the maintenance by itself.',
            tone: 'warn',
          },
        ],
      }),
      async run(input, call) {
        changes.requireCluster();
        const target = input.node ?? local();
        refuse(checkMaintenanceOn(await read(call.signal), target, input.both));
        const text = `Node ${target} enters maintenance`;
        const request = { change: maintenanceOn(target), text, whatIf: input.whatIf };
        if (!input.whatIf) call.progress(undefined, text);
        const changed = await changes.make({ ...request, caller: call.caller, signal: call.signal });
        return changed.done ? waitEmpty(changes, changed, target, call) : changed;
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.maintenance.off',
      summary: 'Put a node back into service.',
      role: 'operator',
      input: z.strictObject({ node, whatIf: whatIfOption }),
      output: changedSchema,
      positionals: ['node'],
      present: presentChanged,
      async run(input, { caller, signal }) {
        changes.requireCluster();
        const target = input.node ?? local();
        refuse(checkMaintenanceOff(await read(signal), target));
        const text = `Node ${target} leaves maintenance`;
        return changes.make({ change: maintenanceOff(target), text, whatIf: input.whatIf, caller, signal });
      },
    }),
    defineAction({
      kind: 'job',
      id: 'cluster.move',
      summary: 'Move the active role to the other node, with everything that belongs to it.',
      role: 'operator',
      input: z.strictObject({
        node: z.string().optional().describe('Where to; the passive node when it is not given.'),
        whatIf: whatIfOption,
      }),
      output: movedSchema,
      positionals: ['node'],
      confirmation: 'Move the active role? Its services are away for some seconds.',
      present: presentChanged,
      async run(input, call) {
        changes.requireCluster();
        const pair = await read(call.signal);
        const target = role.check(pair, input.node);
        const prediction = await role.predict(pair, target, call.signal);
        const text = `The active role is moved to ${target}`;
        const base = { text: `${text}.`, prediction, from: pair.activeNode, to: target };
        if (input.whatIf) return { ...base, done: false, result: null, tookMs: null };
        call.progress(undefined, text);
        const moved = await role.move(pair, target, call);
        const result = `${target} holds the active role, ${(moved.tookMs / 1_000).toFixed(1)} s after it was asked to.`;
        return { ...base, done: true, result, tookMs: moved.tookMs };
      },
      resume: (_input, _call, saved) => role.takeBack(saved),
    }),
  ];
}

function refuse(reports: readonly Report[]): void {
  const [first] = reports;
  if (first !== undefined) throw new ApplianceError('conflict', first.text, { reports });
}

async function waitEmpty(
  changes: ClusterChanges,
  changed: Changed,
  target: string,
  { signal, progress }: JobCall,
): Promise<Changed> {
  const isEmpty = (pair: PairStatus) => {
    const running = pair.resources.filter((each) => [...each.nodes, ...each.passiveOn].includes(target));
    progress(undefined, `Still on ${target}: ${running.map((each) => each.name).join(', ') || 'nothing'}`);
    return running.length === 0;
  };
  const pair = await changes.waitUntil(isEmpty, leaveMs, signal);
  const result =
    pair === undefined
      ? `Some resources are still on ${target} after ${leaveMs / 1_000} s. See: gemel cluster status`
      : `Nothing runs on ${target} any more${pair.activeNode === null ? '' : `; ${pair.activeNode} is active`}.`;
  return { ...changed, result };
}
