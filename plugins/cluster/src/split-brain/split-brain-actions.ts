import { type AnyAction, ApplianceError, asApplianceError, type Clock, defineAction, type View } from '@gemel/core/sdk';
import type { PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import type { MembershipService } from '../contract.js';
import type { ClusterChanges } from '../prediction/cluster-changes.js';
import { type GiveUpParts, giveUp, hasSplitBrain, isParted } from './give-up.js';
import { giveUpThere } from './give-up-there.js';
import { copyId, type Kept, keptSchema } from './kept-copies.js';
import { type Side, sideSchema } from './side.js';
import { dismissRequest, sideRequest } from './split-brain-requests.js';

export interface SplitBrainParts extends GiveUpParts {
  readonly peer: PeerService;
  readonly membership: MembershipService;
  readonly changes: ClusterChanges;
  readonly clock: Clock;
  readonly side: (signal?: AbortSignal) => Promise<Side>;
}

const shown = z.object({
  detected: z.boolean().describe('Both nodes wrote their data while apart, and nobody has decided yet.'),
  sides: z.array(sideSchema).describe('This node first.'),
  kept: z.array(keptSchema).describe('Copies of data that lost, until they are dismissed.'),
  missing: z.string().nullable().describe('Why the other side is not shown; null when it is, or there is none.'),
});

/** `gemel cluster split-brain …`. */
export function splitBrainActions(parts: SplitBrainParts): readonly AnyAction[] {
  const { peer, membership, copies, changes, clock, side, read } = parts;
  return [
    defineAction({
      kind: 'call',
      id: 'cluster.split-brain.show',
      summary: 'Show both sides of a split brain, and what is kept of data that lost.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: shown,
      present: presentShown,
      async run(_input, { signal }) {
        const kept = await copies.list();
        if (membership.current.phase === 'none') return { detected: false, sides: [], kept: [...kept], missing: null };
        const [pair, own] = await Promise.all([read(signal), side(signal)]);
        const detected = hasSplitBrain(pair);
        if (peer.paired === undefined) return { detected, sides: [own], kept: [...kept], missing: null };
        try {
          const other = await peer.call(sideRequest, {}, { signal });
          const parted = detected || isParted(pair, other.side);
          return { detected: parted, sides: [own, other.side], kept: [...kept, ...other.kept], missing: null };
        } catch (failure) {
          return { detected, sides: [own], kept: [...kept], missing: asApplianceError(failure).message };
        }
      },
    }),
    defineAction({
      kind: 'job',
      id: 'cluster.split-brain.resolve',
      summary: 'Decide whose data stay. The other node takes them; what it had written itself is kept as a copy.',
      role: 'administrator',
      input: z.strictObject({ keep: z.string().describe('Host name of the node whose data stay.') }),
      output: z.object({
        loser: z.string().describe("Node that takes the other one's data."),
        kept: z.string().describe('Id of the copy of what it had written.'),
      }),
      positionals: ['keep'],
      confirmation:
        'Keep the data of {keep}? The other node stops its services and takes these data; its own are kept as a copy.',
      present: ({ loser, kept }): View => ({
        kind: 'text',
        tone: 'ok',
        text: `${loser} takes the data of the other node. What it had written is kept on it as ${kept}; when nobody needs it: gemel cluster split-brain dismiss ${kept}`,
      }),
      async run({ keep }, { signal, progress }) {
        changes.requireCluster();
        const { nodes, thisNode } = membership.current;
        const loser = nodes.find(({ hostName }) => hostName !== keep)?.hostName;
        if (loser === undefined || !nodes.some(({ hostName }) => hostName === keep)) {
          const known = nodes.map(({ hostName }) => hostName).join(' and ');
          throw new ApplianceError('not-found', `There is no node ${keep} in the cluster. The nodes are ${known}.`);
        }
        if (loser === thisNode)
          return { loser, kept: await giveUp(parts, thisNode, signal, (step) => progress(undefined, step)) };
        progress(undefined, `${loser} keeps a copy of its data and takes those of ${keep}`);
        return { loser, kept: await giveUpThere({ peer, clock }, signal, (step) => progress(undefined, step)) };
      },
      resume: async ({ keep }) => {
        const { nodes, thisNode } = membership.current;
        const loser = nodes.find(({ hostName }) => hostName !== keep)?.hostName ?? 'the other node';
        // Whether this node's maintenance is ended is not up to the job: it may have been the other node's.
        const what =
          loser === thisNode
            ? `What ${loser} had begun is taken back, and it leaves maintenance by itself.`
            : `${loser} was asked already, and may go on with it.`;
        throw new ApplianceError(
          'cancelled',
          `Core was restarted meanwhile. ${what} If two sides are still shown, decide again: gemel cluster split-brain show`,
        );
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.split-brain.dismiss',
      summary: 'Remove the copy of data that lost. They are gone for good then.',
      role: 'administrator',
      input: z.strictObject({
        id: copyId.describe('Of the copy, as show gives it.'),
      }),
      output: z.object({ removed: keptSchema.describe('What is gone.') }),
      positionals: ['id'],
      confirmation: 'Remove the copy {id} for good?',
      present: ({ removed }): View => ({
        kind: 'text',
        text: `${removed.path} on ${removed.node} is removed.`,
        tone: 'ok',
      }),
      async run({ id }, { signal }) {
        const own = (await copies.list()).find((each) => each.id === id);
        if (own !== undefined) {
          await copies.dismiss(id);
          return { removed: own };
        }
        const others = peer.paired === undefined ? [] : (await peer.call(sideRequest, {}, { signal })).kept;
        const removed = others.find((each) => each.id === id);
        if (removed === undefined) {
          throw new ApplianceError(
            'not-found',
            `There is no copy ${id}. All are listed by: gemel cluster split-brain show`,
          );
        }
        await peer.call(dismissRequest, { id }, { signal });
        return { removed };
      },
    }),
  ];
}

function presentShown({ detected, sides, kept, missing }: z.output<typeof shown>): View {
  const head: View = detected
    ? {
        kind: 'text',
        tone: 'bad',
        text: 'Split brain: both nodes wrote their data while apart. Decide: gemel cluster split-brain resolve NODE',
      }
    : { kind: 'text', tone: 'ok', text: 'There is no split brain.' };
  const rest: View[] =
    missing === null ? [] : [{ kind: 'text', tone: 'warn', text: `The other side is not shown: ${missing}` }];
  return { kind: 'group', views: [head, ...sides.flatMap(presentSide), ...rest, presentKept(kept)] };
}

function presentSide({ node, connection, role, disk, changedKiB, sites }: Side): readonly View[] {
  const changed = changedKiB === null ? 'unknown' : `${changedKiB} KiB`;
  return [
    {
      kind: 'fields',
      title: node,
      fields: [
        ['Connection', connection],
        ['Role', role],
        ['Data', disk],
        ['Written since', changed],
      ],
    },
    {
      kind: 'table',
      columns: ['Site', 'Last written', 'MiB'],
      rows: (sites ?? []).map(({ name, lastWritten, bytes }) => [
        name,
        new Date(lastWritten).toISOString(),
        (bytes / 1_048_576).toFixed(1),
      ]),
      empty:
        sites === null
          ? 'What it holds is not known: it could not be looked at in time.'
          : 'Its volume is not mounted, or holds no site.',
    },
  ];
}

function presentKept(kept: readonly Kept[]): View {
  return {
    kind: 'table',
    title: 'Kept copies',
    columns: ['Id', 'On', 'File', 'MiB'],
    rows: kept.map(({ id, node, path, bytes }) => [
      id,
      node,
      path,
      bytes === null ? '-' : (bytes / 1_048_576).toFixed(1),
    ]),
    empty: 'There are none.',
  };
}
