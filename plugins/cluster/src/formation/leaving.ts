import { ApplianceError } from '@gemel/core/sdk';
import { loosen, setClusterProperties, tighten } from '../cib/cluster-properties.js';
import { corosyncFile, keyFile, renderCorosync } from '../corosync/corosync-conf.js';
import { drbdFile } from '../drbd/drbd-resource.js';
import { fencingId } from '../fencing/fencing-resource.js';
import { type Membership, noMembership, otherMember, thisMember } from '../membership/membership.js';
import { helperUnits } from './engines.js';
import { followWitness, isTakingBack } from './configuration-change.js';
import { keepTrying } from './keep-trying.js';
import type { Journal } from './journal-schema.js';
import { countOnOwnData, doubtOwnData } from './own-data.js';
import { type FormationParts, leftFile, pairPaths, stayOffFile } from './parts.js';
import * as requests from './peer-requests.js';

/** Step of the journal: Pacemaker neither counts votes nor fences until the other node is forgotten, or is back. */
const loosened = 'loosened';

export interface DisconnectOptions {
  /** When the other node cannot be asked. Where there is no quorum without it, and so no active node, this one gets the services. */
  readonly force?: boolean;
  /** As `force`, and where this node is not active because the other one has newer data: it gets the services with those that it has. */
  readonly oldData?: boolean;
}

/** The active node goes on alone, the other one stops its engines. */
export async function disconnect(
  parts: FormationParts,
  { oldData = false, ...options }: DisconnectOptions = {},
): Promise<Membership> {
  const { context, membership, engines, peer, journal } = parts;
  const force = oldData || options.force === true;
  const current = membership.must('connected', 'Only a connected cluster can be disconnected.');
  if (force && isTakingBack(journal)) {
    // What both nodes had is not taken back any more: there is nobody left to tell.
    await mustBeAway(parts, current);
    await journal.end();
  }
  journal.mustBeClosed();
  const active = await engines.activeNode();
  const isHalted = force && active === undefined && (oldData || (await engines.lacksQuorum()));
  if (active !== current.thisNode && !isHalted) {
    const text =
      active === undefined
        ? 'No node is active now. What keeps the services from running says: gemel cluster status'
        : `${active} is the active node. Disconnect there: the active node keeps the services.`;
    throw new ApplianceError('conflict', text);
  }
  if (isHalted) await refuseUnlessAlone(parts, current);
  const nodes = await withMaintenance(parts, current);
  const planned: Membership = { ...current, phase: 'disconnected', keepsServices: true, nodes };
  // Until it is gone the other node, which asks, is told that this is open.
  await journal.begin('disconnect', context.system.clock.now(), { before: current, planned }, pairPaths);
  try {
    await peer.call(requests.leave, {}).catch(async (failure: unknown) => {
      if (!force) throw notTold(current, failure);
      await mustBeAway(parts, current);
    });
    if (isHalted) {
      await journal.step(loosened);
      await countOnOwnData(parts, current, oldData);
      // With quorum again Pacemaker would have the lost node switched off, and on.
      await loosen(engines, current.options);
    }
    await goOnAlone(parts, current);
    await membership.set(planned);
  } catch (failure) {
    // What went wrong first is what is told.
    await undoDisconnect(parts).catch((problem: unknown) => keepTrying(parts, problem, undoDisconnect));
    throw failure;
  }
  await finishDisconnect(parts);
  return planned;
}

/** The nodes run apart, and this one is left alone in Pacemaker too; also after an interruption. */
export async function finishDisconnect(parts: FormationParts): Promise<void> {
  const { open } = parts.journal;
  if (open !== undefined) {
    await forgetOther(parts, open.before);
    await tightenAgain(parts, open);
  }
  await parts.journal.end();
}

async function tightenAgain({ context, engines }: FormationParts, { step, before }: Journal): Promise<void> {
  if (step !== loosened) return;
  await tighten(engines, before.options).catch((failure: unknown) => {
    context.log.warn({ failure: String(failure) }, 'Pacemaker goes on without quorum and does not fence');
  });
}

/** Pacemaker forgets with the other node that it is in maintenance, which only a person lifts. */
async function withMaintenance({ engines }: FormationParts, current: Membership): Promise<Membership['nodes']> {
  const other = otherMember(current);
  if (other === undefined || !(await engines.isInMaintenance(other.hostName))) return current.nodes;
  return current.nodes.map((member) => (member === other ? { ...member, inMaintenance: true } : member));
}

function notTold(current: Membership, failure: unknown): ApplianceError {
  const name = otherMember(current)?.hostName ?? 'the other node';
  return new ApplianceError(
    'unavailable',
    `${name} could not be told to stay off: ${String(failure instanceof Error ? failure.message : failure)} If it is switched off, pass force: it stays off as soon as it reaches this node again.`,
    { cause: failure },
  );
}

/** A node that runs and was told nothing would take this one for dead, and start the services too. */
async function mustBeAway({ engines }: FormationParts, current: Membership): Promise<void> {
  const other = otherMember(current);
  if (other === undefined || !(await engines.isOnline(other.hostName))) return;
  throw new ApplianceError(
    'conflict',
    `${other.hostName} could not be told to stay off, but it runs and is in the cluster. Look at gemel-core and gemel-peer there, or switch it off.`,
  );
}

/** No node is active: one that runs has, or may have, the newer data. */
async function refuseUnlessAlone({ engines }: FormationParts, current: Membership): Promise<void> {
  const other = otherMember(current);
  if (other === undefined || !(await engines.isOnline(other.hostName))) return;
  throw new ApplianceError(
    'conflict',
    `No node is active now, but ${other.hostName} is in the cluster too. What keeps the services from running says: gemel cluster status. If ${other.hostName} has nothing to go on with, switch it off.`,
  );
}

/**
 * Both are members again. The other node, where it stays off already, asks and comes back.
 * @throws ApplianceError `engine-failed` or `timeout` while Pacemaker cannot be told what it was told before; the journal stays then.
 */
export async function undoDisconnect(parts: FormationParts): Promise<void> {
  const { context, engines, journal } = parts;
  const { open } = journal;
  if (open === undefined) return;
  const { before } = open;
  await journal.restoreFiles();
  // After a loss of power Corosync may not run yet; it reads the file when it starts.
  const follows = [() => engines.reload(), () => followWitness(parts, before)];
  if (open.step === loosened) follows.push(() => doubtOwnData(parts, before));
  for (const follow of follows) {
    await follow().catch((problem: unknown) => {
      context.log.warn({ problem: String(problem) }, 'an engine was not told that the cluster is connected as before');
    });
  }
  if (open.step === loosened) {
    await engines.start(new AbortController().signal);
    await tighten(engines, before.options);
  }
  await journal.end();
}

/** This node's cluster has no other member any more; nothing that runs here is touched. */
async function goOnAlone({ context, engines }: FormationParts, current: Membership): Promise<void> {
  const own = thisMember(current);
  if (own === undefined) return;
  await context.system.files.write(corosyncFile, renderCorosync({ ...current, nodes: [own] }), { mode: 0o600 });
  await engines.reload();
  await engines.setWitness(false);
}

/** Once it is sure that the other node is no member: Pacemaker forgets everything that was said of it. */
async function forgetOther({ context, engines }: FormationParts, current: Membership): Promise<void> {
  const other = otherMember(current);
  if (other === undefined) return;
  await engines.forgetNode(other.hostName).catch((failure: unknown) => {
    context.log.warn({ failure: String(failure) }, 'Pacemaker still lists the other node');
  });
}

/** The lost or leaving node is no member any more: what is left is a cluster of one, to which another can be connected. */
export async function dropOther(parts: FormationParts): Promise<Membership> {
  const { membership, peer, journal } = parts;
  const { current } = membership;
  const next = withoutOther(current);
  // What both nodes had is not taken back any more: there is nobody left to tell.
  if (journal.open?.kind === 'configure') await journal.end();
  // First: with quorum again Pacemaker would have the lost node switched off, and on.
  await forgetController(parts, current, next);
  if (current.phase === 'connected') {
    await goOnAlone(parts, current);
    await forgetOther(parts, current);
  }
  await peer.unpair();
  await membership.set(next);
  return next;
}

/** The cluster of one that is left when the other node is dropped. Pure. */
export function withoutOther(current: Membership): Membership {
  const [own, other] = [thisMember(current), otherMember(current)];
  if (own === undefined || current.phase === 'none' || !current.keepsServices) {
    throw new ApplianceError(
      'conflict',
      'This node does not keep the services of a cluster. Replace the other node there.',
    );
  }
  const alone: Membership = { ...current, phase: 'created', nodes: [own] };
  if (other === undefined) return alone;
  const expectedPeer = { sync: other.sync.address, external: other.external.address };
  const fencing = current.options?.fencing.filter(({ node }) => node !== other.hostName) ?? [];
  return { ...alone, expectedPeer, options: current.options && { ...current.options, fencing } };
}

/** The box that comes in its place has a controller of its own, or none: counting on the former one, Pacemaker would wait for it for ever. */
async function forgetController({ engines }: FormationParts, current: Membership, next: Membership): Promise<void> {
  const hostName = otherMember(current)?.hostName;
  const [former, options] = [current.options, next.options];
  if (former === null || options === null || hostName === undefined) return;
  if (!former.fencing.some(({ node }) => node === hostName)) return;
  await setClusterProperties(engines, former, options);
  await engines.deleteResource(fencingId(hostName));
}

/**
 * This node leaves for good and is a single appliance with its copy of the data. Services are not started by themselves: they may
 * run on the other node.
 * @returns what state this device is in, for people.
 */
export async function disband(parts: FormationParts): Promise<readonly string[]> {
  const { context, membership, engines, peer, journal } = parts;
  const { files } = context.system;
  const { current } = membership;
  if (current.phase === 'none') throw new ApplianceError('conflict', 'This node is not part of a cluster.');
  const other = otherMember(current);
  const said: string[] = [];
  // What runs here goes to the other node, which must still know this one for that.
  await files.write(stayOffFile, '');
  await engines.setWitness(false);
  await engines.stop();
  if (other !== undefined) {
    try {
      const { goesOn } = await peer.call(requests.left, {});
      said.push(`${other.hostName} ${goesOn ? 'goes on alone.' : 'stays off until it is disbanded too.'}`);
    } catch (failure) {
      context.log.warn({ failure: String(failure) }, 'the other node was not told');
      said.push(`${other.hostName} could not be told: disband it there too, or let it replace this node.`);
    }
  }
  // Taking a change back would bring them again.
  if (journal.open !== undefined) await journal.end();
  // Without corosync.conf a boot starts what a single appliance has.
  await files.write(leftFile, '');
  for (const path of [corosyncFile, keyFile, drbdFile]) await files.remove(path);
  await engines.runHelper(helperUnits.forget);
  await peer.unpair();
  await membership.set(noMembership);
  await files.remove(stayOffFile);
  const taken = await takeRoleAlone(parts, current.options?.replicated === true);
  return [
    ...said,
    ...taken,
    'Its sites are not started by themselves, not by a boot either, until you start one: gemel site start NAME.',
  ];
}

/** A single appliance holds the active role: what follows it runs here, sites aside. @returns what became of it. */
async function takeRoleAlone({ engines }: FormationParts, replicated: boolean): Promise<readonly string[]> {
  const reason = (failure: unknown) => (failure instanceof Error ? failure.message : String(failure));
  const said = ['This device is a single appliance.'];
  if (replicated) {
    try {
      await engines.runHelper(helperUnits.volumeKeep);
      said.push('Its copy of the data is mounted at /srv/gemel.');
    } catch (failure) {
      return [...said, `Its copy of the data is not current and is not mounted: ${reason(failure)}`];
    }
  }
  try {
    await engines.startSingle();
  } catch (failure) {
    said.push(`What follows the active role does not run here: ${reason(failure)}`);
  }
  return said;
}
