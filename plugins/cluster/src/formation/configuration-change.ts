import { ApplianceError } from '@gemel/core/sdk';
import { corosyncFile, keyFile, renderCorosync } from '../corosync/corosync-conf.js';
import { changedPairResource, drbdFile } from '../drbd/drbd-resource.js';
import { type Membership, otherMember } from '../membership/membership.js';
import { helperUnits } from './engines.js';
import { type FormationParts, pairPaths, readKey, seenFrom, writePairFiles } from './parts.js';
import * as requests from './peer-requests.js';
import type { PairFiles } from './peer-requests.js';

/** Core of the other node that was killed is back within seconds; a node that starts needs a minute. */
const againMs = 2_000;
const patienceMs = 30_000;

/**
 * Changes corosync.conf or the key of the running cluster on all its nodes, without an interruption. Both nodes have the files
 * before Corosync is told, which tells its other node by itself. All or nothing: with two keys on two disks the nodes would part when
 * one of them is restarted.
 */
export async function changeConfiguration(
  parts: FormationParts,
  next: Membership,
  { key }: { readonly key?: string } = {},
): Promise<void> {
  const { context, membership, engines, peer, journal } = parts;
  const { current } = membership;
  if (journal.open !== undefined) throw new ApplianceError('conflict', 'A change of the cluster is under way already.');
  const drbd = changedPairResource(await context.system.files.read(drbdFile), current, next) ?? null;
  const files = { corosync: renderCorosync(next), key: key ?? (await readKey(parts)), drbd };
  await journal.begin('configure', context.system.clock.now(), { before: current, planned: next }, pairPaths);
  try {
    await putThere(parts, next, files);
    await writePairFiles(parts, files);
    await engines.reload();
    await followVolume(parts, files);
    await membership.set(next);
  } catch (failure) {
    // What went wrong first is what is told.
    await undoConfiguration(parts).catch((problem: unknown) => {
      context.log.error({ problem: String(problem) }, 'a change of the cluster was not taken back on the other node');
    });
    throw failure;
  }
  await journal.end();
  await followWitness(parts, next);
  if (otherOf(next) !== undefined) await peer.call(requests.configurationFollow, {});
}

/**
 * Both nodes read again what they read before.
 * @throws ApplianceError `unavailable` while the other node cannot be told; the journal stays for the next start of core then.
 */
export async function undoConfiguration(parts: FormationParts): Promise<void> {
  const { context, membership, engines, journal } = parts;
  if (journal.open === undefined) return;
  const { before, planned, files } = journal.open;
  const present = files[drbdFile] ?? undefined;
  const isOther = changedPairResource(present, before, planned) !== undefined;
  const former = {
    corosync: files[corosyncFile] ?? renderCorosync(before),
    key: files[keyFile] ?? (await readKey(parts)),
    drbd: isOther ? (present ?? null) : null,
  };
  await journal.restoreFiles();
  if (membership.current.options !== before.options) await membership.set(before);
  await untilThere(parts, () => putThere(parts, before, former));
  // After a loss of power Corosync may not run yet; it reads the files when it starts.
  for (const follow of [() => engines.reload(), () => followVolume(parts, former)]) {
    await follow().catch((problem: unknown) => {
      context.log.warn({ problem: String(problem) }, 'an engine was not told that its former configuration is back');
    });
  }
  await journal.end();
}

async function putThere({ peer }: FormationParts, membership: Membership, files: PairFiles): Promise<void> {
  const other = otherOf(membership);
  if (other === undefined) return;
  await peer.call(requests.configurationPut, { membership: seenFrom(membership, other.hostName), files });
}

/** Only a node that is a member now is told. */
function otherOf(membership: Membership) {
  return membership.phase === 'connected' ? otherMember(membership) : undefined;
}

async function untilThere({ context }: FormationParts, tell: () => Promise<void>): Promise<void> {
  const { clock } = context.system;
  for (const end = clock.monotonic() + patienceMs; ; ) {
    try {
      return await tell();
    } catch (failure) {
      const isAway = failure instanceof ApplianceError && failure.code === 'unavailable';
      if (!isAway || clock.monotonic() > end) throw failure;
    }
    await clock.sleep(againMs);
  }
}

/** DRBD is told what its file says now. */
export async function followVolume({ engines }: FormationParts, { drbd }: Pick<PairFiles, 'drbd'>): Promise<void> {
  if (drbd !== null) await engines.runHelper(helperUnits.volumeAdjust);
}

/** The third vote is asked for by a daemon of its own, on each node. */
export async function followWitness({ engines }: FormationParts, { phase, options }: Membership): Promise<void> {
  await engines.setWitness(phase === 'connected' && options?.witness !== null && options !== null);
}
