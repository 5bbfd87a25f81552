import { ApplianceError, type Clock, type JobCall, type Report } from '@gemel/core/sdk';
import { z } from 'zod';
import { clearMoves, moveTo } from '../pacemaker/changes.js';
import type { ClusterChange, Pacemaker } from '../pacemaker/pacemaker.js';
import type { Prediction } from '../prediction/prediction.js';
import type { ClusterChanges } from '../prediction/cluster-changes.js';
import type { PairStatus } from '../status/pair-schema.js';
import { checkMove, maintenanceReports, otherNode } from './maintenance-rules.js';

/** Emulated machines need half a minute; what takes longer hangs, and the wish is taken back. */
const moveMs = 120_000;

/** The wish stays until the node that has the role now has seen it: it tells in the Cluster Log why it was moved. */
const seenMs = 1_000;

/** What the active role stands on, first of these that exists: all else follows it. */
const heads = ['drbd-data-clone', 'data', 'cluster-ip', 'active'];

/** What a move leaves for the next core. */
const savedSchema = z.object({ head: z.string() });

export interface Moved {
  readonly from: string | null;
  readonly to: string;
  readonly tookMs: number;
}

/** Moves the active role by hand: a wish that is in force only until the role is where it should be. */
export class ActiveRole {
  constructor(
    readonly pacemaker: Pacemaker,
    readonly changes: ClusterChanges,
    readonly clock: Clock,
  ) {}

  /** @throws ApplianceError `invalid` with all reasons that speak against it. */
  check(pair: PairStatus, wanted: string | undefined): string {
    const node = wanted ?? otherNode(pair);
    const reports: readonly Report[] =
      node === undefined ? [maintenanceReports.report('cluster.move.alone', {})] : checkMove(pair, node);
    const [first] = reports;
    if (first !== undefined) throw new ApplianceError('conflict', first.text, { reports });
    if (node === undefined) throw new ApplianceError('internal', 'a node without reports is there');
    return node;
  }

  async predict(pair: PairStatus, node: string, signal: AbortSignal): Promise<Prediction> {
    return this.changes.predict(wish(headOf(pair), node), {}, signal);
  }

  /** After a restart of core in the middle of a move. The move itself needs no core and went on. */
  async takeBack(saved: unknown): Promise<never> {
    const { success, data } = savedSchema.safeParse(saved);
    if (success) await this.pacemaker.apply(clearMoves(data.head));
    throw new ApplianceError(
      'cancelled',
      'Core was restarted during the move, which went on without it. Where the active role is: gemel cluster status',
    );
  }

  /** @throws ApplianceError `timeout` when the role does not arrive; the wish is taken back then, as after a cancellation. */
  async move(pair: PairStatus, node: string, { caller, signal, log, save }: JobCall): Promise<Moved> {
    const head = headOf(pair);
    const began = this.clock.monotonic();
    const text = `The active role is moved to ${node}`;
    await save({ head });
    try {
      await this.changes.make({ change: wish(head, node), text, whatIf: false, caller, signal });
      log(`${head} is asked to go to ${node}`);
      const there = await this.changes.waitUntil((now) => isSettledOn(now, node), moveMs, signal);
      if (there === undefined) {
        throw new ApplianceError(
          'timeout',
          `The active role did not reach ${node} within ${moveMs / 1_000} s. See the failures: gemel cluster status`,
        );
      }
      const tookMs = Math.round(this.clock.monotonic() - began);
      await this.clock.sleep(seenMs, signal);
      return { from: pair.activeNode, to: node, tookMs };
    } finally {
      // Without the caller's signal: also a cancelled move leaves nothing behind.
      await this.pacemaker.apply(clearMoves(head));
    }
  }
}

function headOf({ resources }: PairStatus): string {
  const head = heads.find((name) => resources.some((resource) => resource.name === name));
  if (head === undefined) {
    throw new ApplianceError('conflict', 'The cluster has no active role that could move. See: gemel cluster status');
  }
  return head;
}

function wish(head: string, node: string): ClusterChange {
  return moveTo({ resource: head, node, promoted: head === 'drbd-data-clone', lasting: false });
}

function isSettledOn(pair: PairStatus, node: string): boolean {
  const isMoving = pair.resources.some(({ state }) => state === 'starting' || state === 'stopping');
  return pair.activeNode === node && !isMoving;
}
