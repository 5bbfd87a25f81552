import { oneDescendsFromOther, type PartedData } from '../drbd/generations.js';
import { isFencingUsed } from '../fencing/fencing-used.js';
import type { Membership } from '../membership/membership.js';
import type { ClusterPicture, PictureNode, PictureResource } from '../pacemaker/picture.js';
import type { Wish } from '../pacemaker/wishes.js';
import { activeNodeOf } from '../prediction/prediction.js';
import type { WitnessVotes } from '../witness/witness-votes.js';
import type { KnetLink } from './links.js';
import type { MemoryFacts } from './memory-capacity.js';
import type { PairNode, PairResource, PairStatus } from './pair-schema.js';
import { judgeProtection, protectionInForce } from './protection.js';
import { isSplitBrain, type OtherSide, type Replication } from './replication.js';
import { faultsNotSurvived, judgeReadiness, type PeerFacts, type WitnessState } from './takeover-readiness.js';

export interface PairInput {
  readonly membership: Membership;
  /** Undefined when Pacemaker does not run here. */
  readonly picture: ClusterPicture | undefined;
  readonly wishes: readonly Wish[];
  readonly links: readonly KnetLink[];
  readonly replication: Replication | undefined;
  /** Of this node, unless its data are connected to the other one's. */
  readonly parted: PartedData | undefined;
  /** Undefined without a witness, and while Corosync does not run here. */
  readonly witnessVotes: WitnessVotes | undefined;
  readonly ownVersion: string;
  readonly peer: PeerFacts;
  /** Of this node. */
  readonly memory: MemoryFacts;
  /** What the other node lacks, as this one knows it. */
  readonly missingVersions: readonly string[];
  readonly fencingTested: boolean;
}

/** All that is shown of the pair, from what the engines say. Pure. */
export function pairState(input: PairInput): PairStatus {
  const { membership, picture, links, replication } = input;
  const { phase, clusterIp, options, thisNode } = membership;
  const activeNode = picture === undefined ? undefined : activeNodeOf(picture);
  const nodes = picture?.nodes.map((node) => pairNode(node, picture, thisNode, activeNode)) ?? [];
  const peerOnline = nodes.some(({ local, state }) => !local && state !== 'offline' && state !== 'unclean');
  const shown = {
    phase,
    running: picture !== undefined,
    clusterIp: clusterIp === null ? null : `${clusterIp.address}/${clusterIp.prefix}`,
    activeNode: activeNode ?? null,
    quorum: picture?.quorum ?? false,
    nodes,
    resources: pairResources(picture?.resources ?? []),
    failures: (picture?.failures ?? []).map(({ resource, node, operation, status, reason, at }) => {
      return { resource, node, operation, text: reason === '' ? status : reason, at };
    }),
    moves: input.wishes.map((wish) => ({ ...wish })),
    links: links.map((link) => ({ ...link })),
    data: replication === undefined ? null : dataState(replication),
    memory: memoryState(input, activeNode),
  };
  if (phase === 'none') return { ...shown, ready: false, reasons: [], notSurvived: [] };
  // One controller is entered first and the other one later: Pacemaker uses neither before.
  const fencing = options === null || !isFencingUsed(options) ? 'none' : input.fencingTested ? 'tested' : 'untested';
  const witness = witnessState(input);
  const judged = judgeReadiness({
    pair: shown,
    replicated: options?.replicated ?? false,
    hasOldData: picture?.oldDataOn.includes(thisNode) ?? false,
    splitBrain: replication !== undefined && isSplitBrain(replication, otherSide(input, peerOnline)),
    ownVersion: input.ownVersion,
    peer: input.peer,
    // Known where the sites are.
    missingVersions: activeNode === thisNode ? input.missingVersions : input.peer.missingVersions,
    fencing,
    witness,
  });
  const isRunning = phase === 'connected' && picture !== undefined;
  const reasons = [...judged, ...(isRunning ? judgeProtection(membership, picture) : [])];
  const inForce = protectionInForce(membership, picture);
  return {
    ...shown,
    ready: !reasons.some(({ blocking }) => blocking),
    reasons,
    notSurvived: [
      ...faultsNotSurvived({
        fencing: inForce.fencing ? fencing : 'none',
        witness: inForce.witness ? witness : null,
      }),
    ],
  };
}

/** Whether one side has all that the other has is not known while the other one does not answer. */
function otherSide({ parted, peer }: PairInput, online: boolean): OtherSide {
  const [own, other] = [parted?.generations, peer.parted?.generations];
  const canConnect = own !== undefined && other !== undefined && oneDescendsFromOther(own, other);
  return { online, gaveUp: peer.parted?.gaveUp === true, canConnect };
}

/** Of a member that does not run nothing is known, and nothing is asked. */
function witnessState({ membership, witnessVotes }: PairInput): WitnessState | null {
  const witness = membership.options?.witness ?? null;
  if (witness === null) return null;
  const missing = membership.nodes.filter(({ nodeId }) => witnessVotes?.get(nodeId) === false);
  return { host: witness.host, missingOn: missing.map(({ hostName }) => hostName) };
}

/** What is needed is known where the active role is, what is free where it is not. */
function memoryState({ membership, memory, peer }: PairInput, activeNode: string | undefined): PairStatus['memory'] {
  if (activeNode === undefined || peer.memory === undefined) return null;
  const [active, standby] = activeNode === membership.thisNode ? [memory, peer.memory] : [peer.memory, memory];
  if (standby.availableMiB === undefined) return null;
  return { neededMiB: active.neededMiB, availableMiB: standby.availableMiB };
}

function dataState({ connection, role, disk, peerDisk, suspended, synchronisedPercent, remaining }: Replication) {
  return {
    connection,
    role,
    disk,
    peerDisk,
    suspended,
    synchronisedPercent: synchronisedPercent ?? null,
    remaining: remaining ?? null,
  };
}

function pairNode(
  node: PictureNode,
  picture: ClusterPicture,
  thisNode: string,
  activeNode: string | undefined,
): PairNode {
  const state = nodeState(node, picture.unmanaged);
  const attributes = picture.attributes[node.name];
  const external = reachesExternal(attributes?.['external'], attributes?.['external-carrier']);
  const watched = picture.resources.some(({ id }) => id === 'external');
  const red = node.health === 'red';
  return {
    name: node.name,
    local: node.name === thisNode,
    role: node.name === activeNode ? 'M' : state === 'online' && !red ? 'S' : '-',
    state,
    health: red ? 'red' : node.health === 'yellow' ? 'yellow' : 'green',
    external: !watched || state !== 'online' ? null : external,
    resources: node.running,
  };
}

/** Pings find out within seconds; a lost carrier is known at once, and moves the role before any ping has failed. Null when nothing is known. */
function reachesExternal(answering: string | undefined, carrier: string | undefined): boolean | null {
  if (carrier === '0') return false;
  return answering === undefined ? null : Number(answering) > 0;
}

function nodeState(node: PictureNode, allUnmanaged: boolean): PairNode['state'] {
  if (node.unclean) return 'unclean';
  if (!node.online) return 'offline';
  if (node.leaving) return 'leaving';
  if (node.pending) return 'joining';
  if (node.standby) return 'maintenance';
  return node.unmanaged || allUnmanaged ? 'unmanaged' : 'online';
}

/** One line per resource, however many instances a clone has. */
function pairResources(resources: readonly PictureResource[]): PairResource[] {
  const byName = new Map<string, PictureResource[]>();
  for (const resource of resources) {
    const name = resource.parent ?? resource.id;
    const key = resource.parent?.endsWith('-clone') === true ? name : resource.id;
    byName.set(key, [...(byName.get(key) ?? []), resource]);
  }
  return [...byName].map(([name, instances]) => {
    const where = (passive: boolean) =>
      instances.filter(({ role }) => (role === 'Unpromoted') === passive).flatMap(({ nodes }) => nodes);
    return {
      name,
      agent: instances[0]?.agent ?? '',
      state: resourceState(instances),
      nodes: where(false),
      passiveOn: where(true),
      managed: instances.every(({ managed }) => managed),
    };
  });
}

function resourceState(instances: readonly PictureResource[]): PairResource['state'] {
  if (instances.some(({ blocked }) => blocked)) return 'blocked';
  if (instances.some(({ failed }) => failed)) return 'failed';
  const pending = instances.find((each) => each.pending !== undefined)?.pending?.toLowerCase();
  if (pending === 'starting' || pending === 'stopping') return pending;
  const roles = new Set(instances.map(({ role }) => role));
  if (roles.has('Starting')) return 'starting';
  if (roles.has('Stopping')) return 'stopping';
  if (roles.has('Promoted')) return 'promoted';
  if (roles.has('Started')) return 'started';
  if (instances.some(({ targetRole }) => targetRole === 'Stopped')) return 'disabled';
  return roles.has('Stopped') || roles.has('Unpromoted') ? 'stopped' : 'other';
}
