import type { PartedData } from '../drbd/generations.js';
import type { FencingTest } from '../fencing/fencing-tests.js';
import type { MemoryFacts } from './memory-capacity.js';
import type { PairStatus, ReadinessReason } from './pair-schema.js';

/** More, and log lines and failure times of the two nodes contradict each other. The same limit as for connecting them. */
const clockLimitMs = 2_000;

/** What is known of the other node besides what the engines say. */
export interface PeerFacts {
  /** Of the last exchange with the other node's core; undefined when it was not reached. */
  readonly version: string | undefined;
  /** Wall clock of the other node minus this one's, milliseconds. */
  readonly clockOffsetMs: number | undefined;
  readonly memory: MemoryFacts | undefined;
  /** Unless its data are connected to this node's. */
  readonly parted: PartedData | undefined;
  /** That it knows of. */
  readonly fencingTests: readonly FencingTest[];
  /** What this node lacks, when the other one holds the active role. */
  readonly missingVersions: readonly string[];
}

export interface WitnessState {
  /** Its address. */
  readonly host: string;
  /** Members that do not have its vote. */
  readonly missingOn: readonly string[];
}

type PairData = NonNullable<PairStatus['data']>;

export interface ReadinessInput {
  readonly pair: Pick<
    PairStatus,
    'phase' | 'running' | 'quorum' | 'nodes' | 'links' | 'data' | 'failures' | 'activeNode' | 'clusterIp' | 'memory'
  >;
  readonly replicated: boolean;
  /** The other node went on writing without this one. */
  readonly hasOldData: boolean;
  readonly splitBrain: boolean;
  readonly ownVersion: string;
  readonly peer: PeerFacts;
  /** What the node that would take over lacks for the sites, as `type version`. */
  readonly missingVersions: readonly string[];
  readonly fencing: 'none' | 'untested' | 'tested';
  readonly witness: WitnessState | null;
}

/** Would the other node take over now, and would the data be whole? Pure. All reasons, not only the first. */
export function judgeReadiness(input: ReadinessInput): readonly ReadinessReason[] {
  const { pair } = input;
  const say = (reason: ReadinessReason['reason'], blocking: boolean, text: string) => [{ reason, blocking, text }];
  if (pair.phase === 'disconnected') {
    const text =
      'The nodes run apart. On the one that kept the services: gemel cluster reconnect, or with a new box in place of the other one: gemel cluster replace';
    return say('not-connected', true, text);
  }
  if (pair.phase !== 'connected') {
    return say('not-connected', true, 'There is no second node in the cluster. Add one: gemel cluster connect');
  }
  if (!pair.running) {
    return say(
      'engine-down',
      true,
      'Pacemaker does not run on this node. Look at: systemctl status corosync pacemaker',
    );
  }
  return [
    ...judgePeer(input),
    ...judgeWitness(input),
    ...judgeData(input),
    ...judgeLinks(input),
    ...judgeSurroundings(input),
  ];
}

/** The node that would have to take over: the one without the active role. */
function standbyNode({ activeNode, nodes }: ReadinessInput['pair']) {
  return nodes.find(({ name, local }) => (activeNode === null ? !local : name !== activeNode));
}

function judgePeer({ pair, fencing, missingVersions }: ReadinessInput): readonly ReadinessReason[] {
  const standby = standbyNode(pair);
  const reasons: ReadinessReason[] = [];
  const say = (reason: ReadinessReason['reason'], blocking: boolean, text: string) =>
    reasons.push({ reason, blocking, text });
  const name = standby?.name ?? 'The other node';
  if (fencing !== 'none' && standby?.state === 'unclean') {
    say(
      'peer-down',
      true,
      `${name} is lost and could not be switched off yet, so nothing takes its services over. If it has no power: gemel cluster fencing confirm ${name}`,
    );
  } else if (standby === undefined || standby.state === 'offline' || standby.state === 'unclean') {
    say('peer-down', true, `${name} is not in the cluster. Switch it on, or look at its links and at corosync there.`);
  } else if (standby.state === 'maintenance') {
    say('peer-maintenance', true, `${name} is in maintenance. End it: gemel cluster maintenance off ${name}`);
  } else if (standby.state === 'joining' || standby.state === 'leaving') {
    say('peer-pending', true, `${name} is ${standby.state}. That takes some seconds.`);
  } else if (standby.state === 'unmanaged') {
    say(
      'unmanaged',
      true,
      `Pacemaker was told to leave ${name} alone (its maintenance mode). End that with the tool that set it.`,
    );
  }
  if (!pair.quorum) {
    const missing = standby?.name ?? 'the other node';
    say(
      'no-quorum',
      true,
      `There is no quorum: nothing is started. Bring ${missing} or the witness back. If ${missing} is lost for good and switched off: gemel cluster replace, or without a new box gemel cluster disconnect --force`,
    );
  }
  if (standby?.health === 'red')
    say('peer-health', true, `The hardware of ${name} reports a failure. See: gemel hardware show`);
  if (standby?.external === false) {
    say('peer-no-external', false, `${name} does not reach the external network. Look at its cable, bond and switch.`);
  }
  if (missingVersions.length > 0) {
    say(
      'site-versions-missing',
      true,
      `${name} lacks ${missingVersions.join(', ')}, so that sites could not start there. It gets them by itself within minutes. If it does not: gemel site version copy`,
    );
  }
  const failed = [
    ...new Set(pair.failures.filter(({ node }) => node === standby?.name).map(({ resource }) => resource)),
  ];
  if (failed.length > 0) {
    const names = failed.join(', ');
    say('peer-failures', false, `On ${name} failed before: ${names}. When mended: gemel cluster resource cleanup`);
  }
  return reasons;
}

/** Two of three votes look like a whole pair, until one of the two goes. */
function judgeWitness({ witness }: ReadinessInput): readonly ReadinessReason[] {
  if (witness === null || witness.missingOn.length === 0) return [];
  const { host, missingOn } = witness;
  const [who, stops] = missingOn.length === 1 ? [`${missingOn[0]} does`, 'it stops'] : ['The nodes do', 'they stop'];
  const text = `${who} not have the vote of the witness ${host}: when the other node is lost, ${stops} all services. Look at corosync-qnetd on ${host}, whether its TCP port 5403 is reached, and at corosync-qdevice on the nodes. Without a witness: gemel cluster witness remove`;
  return [{ reason: 'witness-unreached', blocking: true, text }];
}

function judgeData({ pair, replicated, hasOldData, splitBrain }: ReadinessInput): readonly ReadinessReason[] {
  if (!replicated) return [];
  if (splitBrain) {
    const text = 'Both nodes wrote their data while apart. Decide whose data stay: gemel cluster split-brain show';
    return [{ reason: 'split-brain', blocking: true, text }];
  }
  const { data } = pair;
  if (data === null) {
    return [
      {
        reason: 'data-disconnected',
        blocking: true,
        text: 'The data volume is not up on this node. See: drbdadm status',
      },
    ];
  }
  const reasons: ReadinessReason[] = [];
  const name = pair.nodes.find(({ local }) => !local)?.name ?? 'the other node';
  if (data.suspended) {
    const text = `Writes to the data volume are held on this node: it lost ${name} and does not know yet that ${name} does not write. That takes some seconds. If it stays, DRBD's fence-peer handler failed: bring ${name}, or the link to it, back. Only if ${name} is off for sure, as root on this node: drbdadm resume-io gemel`;
    reasons.push({ reason: 'io-suspended', blocking: true, text });
  }
  const stale = pair.activeNode === null ? judgeOwnData(data, hasOldData, name) : judgePassiveData(pair, data);
  if (stale !== undefined) reasons.push({ reason: 'data-not-current', blocking: true, text: stale });
  if (!/^(Connected|Sync|Paused|Verify)/.test(data.connection)) {
    const what =
      data.connection === 'StandAlone'
        ? 'DRBD gave the connection up. Why: journalctl -k --grep=drbd; to take it up again, on both nodes: drbdadm adjust gemel'
        : 'Look at the synchronisation link.';
    const text = `Data are not replicated now (${data.connection}). ${what}`;
    reasons.push({ reason: 'data-disconnected', blocking: true, text });
  }
  return reasons;
}

function judgePassiveData(pair: ReadinessInput['pair'], data: PairData): string | undefined {
  const disk = standbyNode(pair)?.local === true ? data.disk : data.peerDisk;
  if (disk === 'UpToDate') return undefined;
  const how =
    data.synchronisedPercent === null ? `They are ${disk}.` : `${data.synchronisedPercent} % are synchronised.`;
  return `The data of the passive node are not current. ${how}`;
}

/** Why the data keep this node from being active when none is. */
function judgeOwnData({ disk }: PairData, hasOldData: boolean, name: string): string | undefined {
  const back = `Nothing is started before ${name} is back. If it is lost for good and switched off:`;
  if (hasOldData || disk === 'Outdated')
    return `${name} has newer data than this node. ${back} gemel cluster disconnect --old-data, and what only ${name} has is lost.`;
  if (disk === 'Consistent')
    return `Whether ${name} has newer data than this node is not known. ${back} gemel cluster disconnect --force`;
  return disk === 'UpToDate'
    ? undefined
    : `The data of this node are ${disk}. Nothing is started before ${name} is back.`;
}

function judgeLinks({ pair, peer }: ReadinessInput): readonly ReadinessReason[] {
  const down = pair.links.filter(({ connected }) => !connected);
  const peerIn = pair.nodes.some(({ local, state }) => !local && state !== 'offline' && state !== 'unclean');
  if (!peerIn) return [];
  const reasons: ReadinessReason[] = down.map(({ number, address }) => ({
    reason: 'link-down',
    blocking: false,
    text: `Link ${number} (${number === 0 ? 'synchronisation' : 'external'}, ${address}) does not reach the other node: links ${pair.links.length - down.length} of ${pair.links.length}. Look at its cable and bond.`,
  }));
  if (peer.version === undefined) {
    const text =
      'The Gemel of the other node does not answer. A takeover works without it. Look at gemel-peer on both.';
    reasons.push({ reason: 'peer-unreached', blocking: false, text });
  }
  return reasons;
}

function judgeSurroundings(input: ReadinessInput): readonly ReadinessReason[] {
  const { pair, ownVersion, peer, fencing, witness } = input;
  const reasons: ReadinessReason[] = [];
  const say = (reason: ReadinessReason['reason'], text: string) => reasons.push({ reason, blocking: false, text });
  if (peer.version !== undefined && peer.version !== ownVersion) {
    say('firmware-differs', `This node runs Gemel ${ownVersion}, the other one ${peer.version}. Update the older one.`);
  }
  if (peer.clockOffsetMs !== undefined && Math.abs(peer.clockOffsetMs) > clockLimitMs) {
    const seconds = (Math.abs(peer.clockOffsetMs) / 1_000).toFixed(1);
    say('clock-skew', `The clocks of the nodes are ${seconds} s apart. See on both: gemel time show`);
  }
  const { memory } = pair;
  if (memory !== null && memory.neededMiB > memory.availableMiB) {
    const name = standbyNode(pair)?.name ?? 'the other node';
    say(
      'sites-do-not-fit',
      `The sites may use ${memory.neededMiB} MiB, and ${name} has ${memory.availableMiB} MiB free: some could end there for want of memory. Give it more, or the sites less: gemel site set`,
    );
  }
  if (fencing === 'untested') say('fencing-untested', 'Fencing was never tested. Test it: gemel cluster fencing test');
  if (fencing === 'none' && witness === null) {
    say(
      'no-fencing',
      'There is neither fencing nor a witness. Set one up: gemel cluster fencing or gemel cluster witness',
    );
  }
  return reasons;
}

/** Faults that need a hand, as the pair is set up. */
export function faultsNotSurvived({
  fencing,
  witness,
}: Pick<ReadinessInput, 'fencing' | 'witness'>): readonly string[] {
  const unreached =
    witness === null || witness.missingOn.length === 0
      ? []
      : ['While the witness is not reached, the loss of a node stops the services on the other one as well.'];
  if (fencing !== 'none') {
    return [
      ...unreached,
      'A node that loses its power together with its management controller cannot be switched off: its services wait until somebody says that it is off, by gemel cluster fencing confirm.',
    ];
  }
  const hung =
    'A node that hangs without being dead keeps its services, or its data volume, until it is switched off by hand.';
  if (witness !== null) return [...unreached, hung];
  return [
    hung,
    'When both links fail at once, each node believes that the other is dead. Both may hold the cluster IP, and what both write meanwhile must be decided by hand.',
  ];
}
