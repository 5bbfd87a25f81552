import {
  type AnyAction,
  ApplianceError,
  type Clock,
  type CommandRunner,
  defineAction,
  type JobCall,
} from '@gemel/core/sdk';
import { z } from 'zod';
import type { MembershipService } from '../contract.js';
import type { ClusterLog } from '../log/cluster-log.js';
import type { ActiveRole } from '../maintenance/active-role.js';
import type { ClusterChanges } from '../prediction/cluster-changes.js';
import type { PairStatus } from '../status/pair-schema.js';
import { longestOutage } from './outage.js';
import { AddressProbe, probeIntervalMs } from './probe.js';

/** Before and after the takeover, so that its edges are seen. */
const quietMs = 1_000;

export interface DrillParts {
  readonly commands: CommandRunner;
  readonly clock: Clock;
  readonly changes: ClusterChanges;
  readonly role: ActiveRole;
  readonly membership: MembershipService;
  readonly clusterLog: ClusterLog;
  readonly read: (signal?: AbortSignal) => Promise<PairStatus>;
}

const takeoverSchema = z.object({
  from: z.string().nullable().describe('Node that held the active role before.'),
  to: z.string().describe('Node that holds it now.'),
  tookMs: z.number().describe('From the wish to the last start, milliseconds.'),
  outageMs: z.number().describe('How long the cluster IP did not answer, milliseconds, to about 50 ms.'),
  answers: z.number().describe('Answers of the cluster IP that were counted.'),
});
type MeasuredTakeover = z.output<typeof takeoverSchema>;

const drillSchema = z.object({
  address: z.string().describe('Cluster IP that was asked, twenty times a second, by this node.'),
  takeovers: z.array(takeoverSchema).describe('One, or with --back two.'),
});

/** `gemel cluster drill`: a planned takeover that measures what clients notice. */
export function drillAction(parts: DrillParts): AnyAction {
  const { changes, membership, read } = parts;
  return defineAction({
    kind: 'job',
    id: 'cluster.drill',
    summary: 'Practise a takeover: move the active role to the other node and measure how long the cluster IP is away.',
    role: 'operator',
    input: z.strictObject({
      back: z.boolean().default(false).describe('Move the role back afterwards, measured as well.'),
    }),
    output: drillSchema,
    confirmation: 'Move the active role for practice? Its services are away for some seconds.',
    present: ({ takeovers }) => ({
      kind: 'table',
      columns: ['From', 'To', 'Outage', 'Took'],
      rows: takeovers.map(({ from, to, outageMs, tookMs }) => [
        from ?? '-',
        to,
        inSeconds(outageMs),
        inSeconds(tookMs),
      ]),
    }),
    async run({ back }, call) {
      changes.requireCluster();
      const address = membership.current.clusterIp?.address;
      if (address === undefined) throw new ApplianceError('conflict', 'The cluster has no cluster IP to be measured.');
      const there = await takeOver(parts, await read(call.signal), address, call);
      const takeovers = [there];
      if (back) takeovers.push(await takeOver(parts, await read(call.signal), address, call));
      return { address, takeovers };
    },
    resume: (_input, _call, saved) => parts.role.takeBack(saved),
  });
}

async function takeOver(
  { commands, clock, role, clusterLog }: DrillParts,
  pair: PairStatus,
  address: string,
  call: JobCall,
): Promise<MeasuredTakeover> {
  const target = role.check(pair, undefined);
  call.progress(undefined, `Moving the active role to ${target}`);
  const probe = new AddressProbe(commands, clock, address);
  let times: readonly number[];
  let moved: Awaited<ReturnType<ActiveRole['move']>>;
  try {
    await clock.sleep(quietMs, call.signal);
    moved = await role.move(pair, target, call);
    await clock.sleep(quietMs, call.signal);
  } finally {
    times = await probe.end();
  }
  const { outageMs, answers } = longestOutage(times, probeIntervalMs);
  if (answers === 0) {
    throw new ApplianceError(
      'engine-failed',
      `${address} never answered this node, also when all was well: nothing was measured. The active role is on ${target}.`,
    );
  }
  const text = `Drill: the active role went from ${moved.from ?? 'nowhere'} to ${target}; the cluster IP was away for ${inSeconds(outageMs)}.`;
  call.log(text);
  await clusterLog.add({ kind: 'takeover', severity: 'info', text });
  return { ...moved, outageMs, answers };
}

function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}
