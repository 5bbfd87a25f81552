import { ApplianceError } from '@gemel/core/sdk';
import { dataFences } from '../drbd/data-fence.js';
import type { ClusterLog } from '../log/cluster-log.js';
import { maintenanceOff, maintenanceOn } from '../pacemaker/changes.js';
import type { Pacemaker } from '../pacemaker/pacemaker.js';
import type { ClusterChanges } from '../prediction/cluster-changes.js';
import { isWaiting } from '../status/replication.js';
import type { PairStatus } from '../status/pair-schema.js';
import type { GiveUpNote } from './give-up-note.js';
import type { KeptCopies } from './kept-copies.js';
import type { Side } from './side.js';

/** Emulated machines need half a minute to hand over. */
const stepMs = 180_000;

export interface GiveUpParts {
  readonly pacemaker: Pacemaker;
  readonly changes: ClusterChanges;
  readonly copies: KeptCopies;
  readonly note: GiveUpNote;
  readonly clusterLog: ClusterLog;
  readonly read: (signal?: AbortSignal) => Promise<PairStatus>;
  /** How the other node sees it. */
  readonly otherSide: (signal: AbortSignal) => Promise<Side>;
  /** Lets the other node's DRBD take the connection up again. */
  readonly connectOther: () => Promise<void>;
}

export function hasSplitBrain({ reasons }: PairStatus): boolean {
  return reasons.some(({ reason }) => reason === 'split-brain');
}

/** Whether the nodes were parted. Of the two sides one may only wait, and what the other one's core said of itself may be half a minute old. */
export function isParted(pair: PairStatus, other: Side | undefined): boolean {
  if (hasSplitBrain(pair)) return true;
  return pair.data !== null && isWaiting(pair.data) && other?.connection === 'StandAlone';
}

/**
 * This node gives its data up for the other one's. INVARIANT: nothing of them is lost before the copy is whole; a failure
 * until then leaves both sides as they were, parted.
 * @returns id of the copy.
 */
export async function giveUp(
  parts: GiveUpParts,
  local: string,
  signal: AbortSignal,
  say: (step: string) => void,
): Promise<string> {
  const { pacemaker, changes, copies, note, clusterLog, read, otherSide, connectOther } = parts;
  const before = await read(signal);
  if (!hasSplitBrain(before) && !isParted(before, await otherSide(signal))) {
    throw new ApplianceError('conflict', `${local} has no split brain to be resolved. See: gemel cluster status`);
  }
  // It would be over with this, and only a hand ends a maintenance.
  if (before.nodes.some(({ name, state }) => name === local && state === 'maintenance')) {
    throw new ApplianceError(
      'conflict',
      `${local} is in maintenance. End it first: gemel cluster maintenance off ${local}`,
    );
  }
  if ((await note.read()) !== undefined) {
    throw new ApplianceError(
      'conflict',
      `An earlier resolution was interrupted and is being taken back on ${local}. Try again in a minute.`,
    );
  }
  say(`${local} hands everything over`);
  // Here a person has decided whose data count.
  if ((await pacemaker.find(dataFences, signal)).length > 0) {
    await pacemaker.apply({ commands: [['cibadmin', '--delete-all', '--force', '--xpath', dataFences]] }, signal);
  }
  const id = copies.newId();
  await note.write(id);
  try {
    await pacemaker.apply(maintenanceOn(local), signal);
    await reach(changes, signal, `${local} did not give its resources up`, (pair) =>
      pair.resources.every(({ nodes, passiveOn }) => ![...nodes, ...passiveOn].includes(local)),
    );
    say('What this node wrote is copied');
    await copies.take(id, signal);
  } finally {
    // Its volume comes up again, and parted as before unless the next step follows.
    await pacemaker.apply(maintenanceOff(local));
    await note.remove();
  }
  say(`${local} takes the data of the other node`);
  await reach(changes, signal, `The data volume of ${local} did not come up again`, ({ data }) => data !== null);
  await copies.run('discard', signal);
  await connectOther();
  await reach(changes, signal, 'The nodes did not begin to synchronise', ({ data }) =>
    /^(Connected|Sync|Paused)/.test(data?.connection ?? ''),
  );
  await clusterLog.add({
    kind: 'data',
    severity: 'warning',
    text: `Split brain resolved: ${local} takes the data of the other node. What it had written is kept as ${id}.`,
  });
  return id;
}

async function reach(
  changes: ClusterChanges,
  signal: AbortSignal,
  complaint: string,
  isSo: (pair: PairStatus) => boolean,
): Promise<void> {
  if ((await changes.waitUntil(isSo, stepMs, signal)) !== undefined) return;
  throw new ApplianceError(
    'timeout',
    `${complaint} within ${stepMs / 1_000} s. See: gemel cluster status and drbdadm status`,
  );
}
