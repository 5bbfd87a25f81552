import { ApplianceError } from '@gemel/core/sdk';
import { aloneResource, drbdFile } from '../drbd/drbd-resource.js';
import { type Membership, otherMember } from '../membership/membership.js';
import { helperUnits } from './engines.js';
import type { FormationParts } from './parts.js';

const secret = { mode: 0o600 };

/**
 * Somebody says that the other node is off: DRBD, which cannot know, counts this node's data as current. Before Pacemaker has quorum,
 * since it acts then.
 * @param oldData also when the other node is known to have newer ones.
 * @throws ApplianceError `conflict` when these data cannot be gone on with. Everything is as before then.
 */
export async function countOnOwnData(parts: FormationParts, current: Membership, oldData = false): Promise<void> {
  const { context, engines } = parts;
  const { files } = context.system;
  const former = await files.read(drbdFile);
  const drbd = aloneResource(former, current);
  if (drbd === undefined || former === undefined) return;
  const other = otherMember(current)?.hostName ?? 'the other node';
  const isOld = await engines.hasOldData(current.thisNode);
  if (isOld && !oldData) throw older(other);
  await files.write(drbdFile, drbd, secret);
  try {
    await engines.runHelper(oldData ? helperUnits.volumeOld : helperUnits.volumeAlone);
  } catch (failure) {
    await files.write(drbdFile, former, secret);
    await doubtOwnData(parts, current).catch((problem: unknown) => {
      context.log.warn({ problem: String(problem) }, 'DRBD goes on with another configuration than gemel.res has');
    });
    throw oldData ? unusable(failure) : older(other, failure);
  }
  if (isOld) await engines.liftDataFences();
}

/** `countOnOwnData` was taken back: DRBD, where it runs, is told what gemel.res says again. */
export async function doubtOwnData({ engines }: FormationParts, { options }: Membership): Promise<void> {
  if (options?.replicated === true) await engines.runHelper(helperUnits.volumeAdjust);
}

function older(other: string, cause?: unknown): ApplianceError {
  const why = cause === undefined ? '' : ` ${reasonOf(cause)}`;
  return new ApplianceError(
    'conflict',
    `${other} has newer data than this node, or this node's are not whole. Switch ${other} on. If it is lost for good, and with it what only it has: gemel cluster disconnect --old-data.${why}`,
    { cause },
  );
}

function unusable(cause: unknown): ApplianceError {
  return new ApplianceError('conflict', `The data of this node cannot be gone on with. ${reasonOf(cause)}`, { cause });
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
