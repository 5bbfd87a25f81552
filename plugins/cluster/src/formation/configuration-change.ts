import { ApplianceError } from '@gemel/core/sdk';
import { setClusterProperties } from '../cib/cluster-properties.js';
import { corosyncFile, keyFile, renderCorosync } from '../corosync/corosync-conf.js';
import { fencingId, presentFencing } from '../fencing/fencing-resource.js';
import { isFencingUsed } from '../fencing/fencing-used.js';
import { type Membership, otherMember } from '../membership/membership.js';
import { parseXml } from '../pacemaker/xml.js';
import type { FormationJournal } from './journal.js';
import { keepTrying } from './keep-trying.js';
import { type FormationParts, pairPaths, readKey, seenFrom, writeCorosyncFiles } from './parts.js';
import * as requests from './peer-requests.js';
import type { CorosyncFiles } from './peer-requests.js';

/** Core of the other node that was killed is back within seconds; a node that starts needs a minute. */
const againMs = 5_000;
const patienceMs = 30_000;
/** Step of the journal: this node and the CIB are as before, and only the other node is to be told. */
const restored = 'restored';

/** Nothing but the other node, which does not answer, is still to be told. */
export function isTakingBack({ open }: FormationJournal): boolean {
  return open?.kind === 'configure' && open.step === restored;
}

interface ChangeDetails {
  /** Of knet, when it is to be another one. */
  readonly key?: string;
  /** Elements of the CIB for a management controller that is new or changed. */
  readonly controller?: string;
}

/**
 * Changes corosync.conf or the key of the running cluster on all its nodes, and what belongs to it in the CIB, without an interruption. Both
 * nodes have the files before Corosync is told, which tells its other node by itself. All or nothing: with two keys on two disks the nodes
 * would part when one of them is restarted.
 * @param change of the membership as it is once nothing else is under way; may throw.
 */
export async function changeConfiguration(
  parts: FormationParts,
  change: (current: Membership) => Membership,
  { key, controller }: ChangeDetails = {},
): Promise<void> {
  const { context, membership, engines, journal } = parts;
  await mustBeReady(parts);
  const { current } = membership;
  const next = change(current);
  const files = { corosync: renderCorosync(next), key: key ?? (await readKey(parts)) };
  const gone = controllersOnlyIn(current, next);
  const controllers = controller === undefined && gone.length === 0 ? undefined : await readControllers(parts);
  await journal.begin(
    'configure',
    context.system.clock.now(),
    { before: current, planned: next, controllers },
    pairPaths,
  );
  // While votes are counted anew there may be no quorum for a moment, for which nothing must be stopped.
  const isLoosened = protection(next) < protection(current);
  const setProperties = () => setClusterProperties(engines, current.options, next.options);
  try {
    if (controller !== undefined) await engines.merge(controller);
    if (isLoosened) await setProperties();
    await putThere(parts, next, files);
    await writeCorosyncFiles(parts, files);
    await engines.reload();
    await followWitness(parts, next);
    if (!isLoosened) await setProperties();
    // Pacemaker counts on none of them any more.
    for (const node of gone) await engines.deleteResource(fencingId(node));
    await membership.set(next);
  } catch (failure) {
    // What went wrong first is what is told.
    await undoConfiguration(parts).catch((problem: unknown) => keepTrying(parts, problem, undoConfiguration));
    throw failure;
  }
  await journal.end();
  await followThere(parts, next);
}

/**
 * Asked before anything is touched: a change that only one node has can be taken back only when the other one answers.
 * @throws ApplianceError `conflict`, or `unavailable` when the other node is away.
 */
async function mustBeReady({ membership, peer, journal }: FormationParts): Promise<void> {
  journal.mustBeClosed();
  const other = otherOf(membership.current);
  if (other === undefined) return;
  const { hostName } = other;
  const { outcome } = await peer.call(requests.joinOutcome, {}).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `${hostName} does not answer (${why}), and both nodes need the change at once: nothing was changed. Switch it on, or look at gemel-peer on both. If it is lost for good: gemel cluster replace.`;
    throw new ApplianceError('unavailable', text, { cause });
  });
  // Another one may have begun while that was asked.
  if (outcome === 'connected') return journal.mustBeClosed();
  throw new ApplianceError(
    'conflict',
    `${hostName} is in the middle of another change of the cluster, or was disconnected. See there: gemel cluster status`,
  );
}

/**
 * Both nodes read again what they read before. Nothing to take back is left where this node's cluster is another one by now.
 * @throws ApplianceError `unavailable` while the other node, or `engine-failed` while Pacemaker cannot be told; the journal stays then.
 */
export async function undoConfiguration(parts: FormationParts): Promise<void> {
  const { context, membership, engines, journal } = parts;
  const { open } = journal;
  if (open?.kind !== 'configure') return;
  const { before, planned, files, controllers } = open;
  const { current } = membership;
  if (current.createdAt !== before.createdAt || current.phase !== before.phase) return await journal.end();
  const former = {
    corosync: files[corosyncFile] ?? renderCorosync(before),
    key: files[keyFile] ?? (await readKey(parts)),
  };
  // Once, and at once: Pacemaker goes by it while the other node is away, and somebody may change it then.
  if (open.step !== restored) {
    await journal.restoreFiles();
    if (JSON.stringify(current.options) !== JSON.stringify(before.options)) await membership.set(before);
    if (controllers !== undefined) await engines.merge(controllers);
    await setClusterProperties(engines, planned.options, before.options);
    for (const node of controllersOnlyIn(planned, before)) await engines.deleteResource(fencingId(node));
    if (journal.open !== open) return;
    await journal.step(restored);
  }
  await putThere(parts, before, former);
  // After a loss of power Corosync may not run yet; it reads the files when it starts.
  for (const follow of [() => engines.reload(), () => followWitness(parts, before)]) {
    await follow().catch((problem: unknown) => {
      context.log.warn({ problem: String(problem) }, 'an engine was not told that its former configuration is back');
    });
  }
  if (journal.open?.startedAt === open.startedAt) await journal.end();
}

async function putThere({ peer }: FormationParts, membership: Membership, files: CorosyncFiles): Promise<void> {
  const other = otherOf(membership);
  if (other === undefined) return;
  await peer.call(requests.configurationPut, { membership: seenFrom(membership, other.hostName), files });
}

/** The change is in force whatever comes of this: what hangs on it there is started or stopped by the next boot at the latest. */
async function followThere({ context, peer }: FormationParts, next: Membership): Promise<void> {
  const other = otherOf(next);
  if (other === undefined) return;
  const { clock } = context.system;
  for (const end = clock.monotonic() + patienceMs; ; ) {
    try {
      return void (await peer.call(requests.configurationFollow, {}));
    } catch (failure) {
      const isAway = failure instanceof ApplianceError && failure.code === 'unavailable';
      if (!isAway || clock.monotonic() > end) {
        context.log.warn({ failure: String(failure) }, `${other.hostName} did not start or stop what asks the witness`);
        return;
      }
    }
    await clock.sleep(againMs);
  }
}

/** In how many ways it is made sure that no more than one half goes on. */
function protection({ options }: Membership): number {
  return options === null ? 0 : Number(isFencingUsed(options)) + Number(options.witness !== null);
}

/** Host names of the nodes whose management controllers the second of the two does not have. */
function controllersOnlyIn({ options: first }: Membership, { options: second }: Membership): readonly string[] {
  const kept = new Set(second?.fencing.map(({ node }) => node));
  return first?.fencing.flatMap(({ node }) => (kept.has(node) ? [] : [node])) ?? [];
}

async function readControllers({ engines, membership }: FormationParts): Promise<string | undefined> {
  const nodes = membership.current.options?.fencing.map(({ node }) => node) ?? [];
  return presentFencing(await parseXml(await engines.configuration()), nodes);
}

/** Only a node that is a member now is told. */
function otherOf(membership: Membership) {
  return membership.phase === 'connected' ? otherMember(membership) : undefined;
}

/** The third vote is asked for by a daemon of its own, on each node. */
export async function followWitness({ engines }: FormationParts, { phase, options }: Membership): Promise<void> {
  await engines.setWitness(phase === 'connected' && options?.witness !== null && options !== null);
}

/** At a start of core: it may have been killed after a change was in force and before the nodes had followed it. */
export async function followWitnessAgain(parts: FormationParts): Promise<void> {
  const { current } = parts.membership;
  await followWitness(parts, current);
  if (current.options?.witness) await followThere(parts, current);
}
