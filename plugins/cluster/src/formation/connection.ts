import { randomBytes } from 'node:crypto';
import { ApplianceError, type JobCall } from '@gemel/core/sdk';
import { HardwareService, type PairNode } from '@gemel/plugin-hardware/contract';
import type { UnpairedPeer } from '@gemel/plugin-peer/contract';
import { loosen, tighten } from '../cib/cluster-properties.js';
import { drbdFile } from '../drbd/drbd-resource.js';
import { followSync } from '../drbd/sync-progress.js';
import { type Membership, type Member, otherMember, thisMember } from '../membership/membership.js';
import { parseNetworkAddress } from '../readiness/ip-network.js';
import { judgePair } from '../readiness/judge-pair.js';
import type { NodeView, ReadinessItem } from '../readiness/node-view.js';
import { readNode } from '../readiness/read-node.js';
import { clusterReports } from '../reports.js';
import { followWitness } from './configuration-change.js';
import { carryReferences } from './external-references.js';
import { addressesOf } from './joining.js';
import { keepTrying } from './keep-trying.js';
import { followVolume, type FormationParts, pairFiles, pairPaths, readKey, seenFrom, writePairFiles } from './parts.js';
import * as requests from './peer-requests.js';
import { carryNames, renamesOf } from './renaming.js';
import type { PairFiles } from './peer-requests.js';

export interface PeerLogin {
  readonly address: string;
  readonly fingerprint: string;
  readonly user: string;
  readonly password: string;
}

/** What a person sees before saying yes. */
export interface ConnectPreview {
  readonly address: string;
  readonly fingerprint: string;
  /** Empty until the password was given. */
  readonly hostName: string;
  readonly lost: readonly string[];
  readonly readiness: readonly ReadinessItem[];
}

interface Looked {
  readonly peer: UnpairedPeer;
  readonly ticket: string;
  readonly view: NodeView;
  readonly planned: Membership;
  readonly preview: ConnectPreview;
}

type Progress = Pick<JobCall, 'progress' | 'log' | 'signal'>;

/**
 * Asks the other node who it is, compares the fingerprint with the one that the person saw there, proves the password. Changes nothing.
 * @param current the cluster of one that the other node is to be connected to.
 */
export async function lookAtPeer(
  parts: FormationParts,
  login: PeerLogin,
  signal: AbortSignal,
  current: Membership = mustBeCreated(parts),
): Promise<Looked> {
  const { context, peer } = parts;
  const unpaired = await peer.introduce(login.address, { signal });
  if (normal(unpaired.fingerprint) !== normal(login.fingerprint)) {
    throw new ApplianceError(
      'forbidden',
      `${login.address} shows the fingerprint ${unpaired.fingerprint}, not the one that you gave. Compare it with what gemel peer show says on the other node.`,
    );
  }
  const own = await readNode(context, signal);
  const { clock } = context.system;
  const began = clock.monotonic();
  const { user, password } = login;
  const answer = await peer.callUnpaired(
    unpaired,
    requests.joinLook,
    { user, password, node: own.hostName },
    { signal },
  );
  const tookMs = clock.monotonic() - began;
  const planned = planPair(current, answer.view);
  const readiness = [
    ...answer.obstacles.map((text) => ({
      id: 'peer-ready',
      ok: false,
      text: `${answer.view.hostName}: ${text}`,
      fix: 'Do so there.',
    })),
    ...judgePair({
      own,
      other: answer.view,
      planned,
      clockOffsetMs: answer.view.now + tookMs / 2 - clock.now(),
      clockErrorMs: tookMs / 2,
      hardware: judgeHardware(parts, own, answer.view),
    }),
  ];
  const preview = {
    address: unpaired.address,
    fingerprint: unpaired.fingerprint,
    hostName: answer.view.hostName,
    lost: answer.lost,
    readiness,
  };
  return { peer: unpaired, ticket: answer.ticket, view: answer.view, planned, preview };
}

function mustBeCreated({ membership }: FormationParts): Membership {
  return membership.must(
    'created',
    'Create a cluster first (gemel cluster create), or reconnect it (gemel cluster reconnect).',
  );
}

export async function connectPeer(parts: FormationParts, login: PeerLogin, call: Progress): Promise<Membership> {
  call.progress(undefined, 'Asking the other node');
  const looked = await lookAtPeer(parts, login, call.signal);
  refuseUnready(looked.preview.readiness);
  return connectLooked(parts, looked, call);
}

/** Connects the node that was looked at. */
export async function connectLooked(parts: FormationParts, looked: Looked, call: Progress): Promise<Membership> {
  const { context, peer } = parts;
  const { planned, ticket } = looked;
  const key = await readKey(parts);
  const files = pairFiles(planned, key, randomBytes(24).toString('hex'));
  const caller = { hostName: planned.thisNode, addresses: ownAddresses(planned) };
  const asPeer = seenFrom(planned, looked.view.hostName);
  const prepare = async () => {
    await peer.callUnpaired(looked.peer, requests.joinPrepare, { ticket, planned: asPeer, files, caller });
    const addresses = addressesOf(planned);
    await peer.pair({ hostName: looked.view.hostName, fingerprint: looked.peer.fingerprint, addresses });
  };
  await formPair(parts, planned, files, call, prepare, parts.membership.current.movedAlone === true);
  context.log.info({ node: looked.view.hostName }, 'the other node was connected');
  await synchronise(parts, files, call);
  return planned;
}

/**
 * Both nodes become members, or neither: whatever fails before this node has the new membership on disk is taken back on both.
 * @param prepare makes the other node ready; its journal is on disk after it, and it can be called.
 */
export async function formPair(
  parts: FormationParts,
  planned: Membership,
  files: PairFiles,
  call: Progress,
  prepare: () => Promise<void>,
  restart = false,
): Promise<void> {
  const { context, membership, journal, engines, peer } = parts;
  journal.mustBeClosed();
  const names = planned.nodes.map(({ hostName }) => hostName);
  const before = membership.current;
  await journal.begin('connect', context.system.clock.now(), { before, planned }, pairPaths, files);
  try {
    call.progress(0.1, 'Preparing the other node');
    await prepare();
    await journal.step('prepared');
    call.progress(0.3, 'Writing the configuration of both nodes');
    const carry = async () => {
      // With a witness, or restarted with fencing, this node has no quorum until the other one is a member.
      await loosen(engines, before.options);
      await carryNames(engines, renamesOf(before, planned));
      await carryReferences(engines, before, planned);
    };
    if (restart) await engines.pauseAround(() => writePairFiles(parts, { ...files, drbd: null }), call.signal, carry);
    else {
      await carry();
      // DRBD stays as it is until both nodes are members: data must not flow before it is sure that it shall.
      await writePairFiles(parts, { ...files, drbd: null });
      await engines.reload();
    }
    call.progress(0.5, 'Starting the other node');
    await again(parts, () => peer.call(requests.joinStart, {}));
    await keepMaintenance(parts, before, planned, call);
    call.progress(0.7, 'Waiting until both nodes are members');
    await engines.operational(names, call.signal);
    await membership.set(planned);
  } catch (failure) {
    call.log('Taking everything back on both nodes.');
    await undoPair(parts);
    throw failure;
  }
  // From here on the nodes are connected, whatever fails.
  await finishConnection(parts).catch((problem: unknown) => keepTrying(parts, problem, finishConnection));
}

/** A node that was in maintenance when it was disconnected is so before it carries anything: only a person puts it back. */
async function keepMaintenance(
  { engines }: FormationParts,
  before: Membership,
  planned: Membership,
  call: Progress,
): Promise<void> {
  const resting = before.nodes.find(({ inMaintenance }) => inMaintenance);
  const now = planned.nodes.find(({ nodeId }) => nodeId === resting?.nodeId);
  if (resting === undefined || now === undefined) return;
  await engines.keepInMaintenance(now.hostName, call.signal);
  call.log(`${now.hostName} is in maintenance, as before. End it: gemel cluster maintenance off ${now.hostName}`);
}

/**
 * Both nodes are members: DRBD may copy, with the secret and the addresses that the other node has already. Also after an interruption.
 * @throws ApplianceError `storage`, or `engine-failed` or `timeout` while Pacemaker cannot be told; the journal stays then.
 */
export async function finishConnection(parts: FormationParts): Promise<void> {
  const { context, membership, journal, engines } = parts;
  const drbd = journal.open?.pending?.drbd ?? null;
  if (drbd !== null) {
    await context.system.files.write(drbdFile, drbd, { mode: 0o600 });
    await followVolume(parts, { drbd }).catch((failure: unknown) => {
      context.log.warn(
        { failure: String(failure) },
        'DRBD was not told of its new configuration; it reads it at its next start',
      );
    });
  }
  // After a loss of power they may not take orders yet.
  await engines.start(new AbortController().signal);
  await followWitness(parts, membership.current).catch((failure: unknown) => {
    context.log.warn({ failure: String(failure) }, 'the witness is not asked on this node');
  });
  await tellConnected(parts);
  await tighten(engines, membership.current.options);
  await journal.end();
}

/** If the other node does not hear this, it asks. */
async function tellConnected(parts: FormationParts): Promise<void> {
  await again(parts, () => parts.peer.call(requests.joinCommit, {})).catch((failure: unknown) => {
    parts.context.log.warn(
      { failure: String(failure) },
      'the other node was not told that it is connected; it will ask',
    );
  });
}

/** A connection over an address that is being changed ends; the next one goes another way. All of these may be asked twice. */
async function again<Output>({ context }: FormationParts, ask: () => Promise<Output>): Promise<Output> {
  for (let left = 2; ; left -= 1) {
    try {
      return await ask();
    } catch (failure) {
      const isLost = failure instanceof ApplianceError && failure.code === 'unavailable';
      if (!isLost || left === 0) throw failure;
      await context.system.clock.sleep(1_000);
    }
  }
}

export async function undoPair(parts: FormationParts): Promise<void> {
  const { context, journal, engines, peer } = parts;
  const { before, planned, step } = journal.open ?? {};
  if (before === undefined || planned === undefined) return;
  const tolerate = (what: string) => (failure: unknown) => {
    context.log.warn({ failure: String(failure) }, what);
  };
  if (peer.paired !== undefined) {
    await again(parts, () => peer.call(requests.joinUndo, {})).catch(
      tolerate('the other node will take the change back by itself'),
    );
  }
  if (step !== 'begun') {
    await journal.restoreFiles();
    const unlimited = new AbortController().signal;
    const carryBack = async () => {
      await carryNames(engines, renamesOf(planned, before)).catch(tolerate('the CIB still has new host names'));
      await carryReferences(engines, planned, before).catch(tolerate('the CIB still has new external references'));
    };
    await engines.resume(unlimited, carryBack).catch(tolerate('the engines do not run with the former configuration'));
    const other = otherMember(planned);
    if (other !== undefined)
      await engines.forgetNode(other.hostName).catch(tolerate('Pacemaker still lists the other node'));
    // Not before: a node that it counts on and does not see would be switched off.
    await tighten(engines, before.options).catch(tolerate('Pacemaker goes on without quorum and does not fence'));
  }
  if (before.phase === 'created') await peer.unpair();
  await journal.end();
}

/** DRBD copies; services run meanwhile. */
export async function synchronise({ context }: FormationParts, files: PairFiles, call: Progress): Promise<void> {
  if (files.drbd === null) return;
  call.progress(0.8, 'Synchronising the data volume');
  await followSync(context.system, call);
}

export function refuseUnready(items: readonly ReadinessItem[]): void {
  const reports = items
    .filter(({ ok }) => !ok)
    .map(({ id, text, fix }) => clusterReports.report('cluster.not-ready', { item: id, text, fix }));
  const [first] = reports;
  if (first !== undefined) throw new ApplianceError('conflict', first.text, { reports });
}

export function ownAddresses(planned: Membership): readonly string[] {
  const own = thisMember(planned);
  return own === undefined ? [] : [own.sync.address, own.external.address];
}

/** The cluster with the other node in it. What its addresses should be was said when the cluster was created. Pure. */
export function planPair(current: Membership, other: NodeView): Membership {
  const expected = current.expectedPeer;
  if (expected === null)
    throw new ApplianceError('conflict', 'The addresses of the other node are not known. Create the cluster anew.');
  const interfaceWith = (address: string) =>
    other.interfaces.find(({ addresses }) => addresses.some((text) => parseNetworkAddress(text)?.text === address))
      ?.name ?? '-';
  const member: Member = {
    hostName: other.hostName,
    nodeId: thisMember(current)?.nodeId === 1 ? 2 : 1,
    sync: { interface: interfaceWith(expected.sync), address: expected.sync },
    external: { interface: interfaceWith(expected.external), address: expected.external },
  };
  const own = current.nodes.filter(({ hostName }) => hostName === current.thisNode);
  const nodes = [...own, member].toSorted((one, two) => one.nodeId - two.nodeId);
  const { movedAlone: _, ...same } = current;
  return { ...same, phase: 'connected', nodes, keepsServices: true };
}

export function judgeHardware({ context }: FormationParts, own: NodeView, other: NodeView) {
  const service = context.find(HardwareService);
  const [first, second] = [pairNode(own), pairNode(other)];
  if (service === undefined || first === undefined || second === undefined) return undefined;
  const { allowed, reports } = service.compatible(first, second);
  return { allowed, text: reports.map(({ text }) => text).join(' ') };
}

function pairNode({ hostName, hardware }: NodeView): PairNode | undefined {
  if (hardware === null) return undefined;
  // Made by the hardware plugin of the same firmware on the other node, over a way that both trust.
  return { name: hostName, ...(hardware as Omit<PairNode, 'name'>) };
}

function normal(fingerprint: string): string {
  return fingerprint
    .replace(/^sha256:?/i, '')
    .replaceAll(/[^0-9a-f]/gi, '')
    .toUpperCase();
}
