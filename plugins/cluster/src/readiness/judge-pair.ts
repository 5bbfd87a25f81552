import type { Member, Membership } from '../membership/membership.js';
import { otherMember, thisMember } from '../membership/membership.js';
import { isInNetwork, type NetworkAddress, parseNetworkAddress } from './ip-network.js';
import { met, type NodeView, type ReadinessItem, unmet } from './node-view.js';

/** More and log lines, certificates and failure times of the two contradict each other. */
const clockLimitMs = 2_000;

export interface PairInput {
  readonly own: NodeView;
  readonly other: NodeView;
  /** The cluster with both nodes in it, as it shall be. */
  readonly planned: Membership;
  /** Wall clock of the other node minus this one's, milliseconds, and how far off that measurement can be. */
  readonly clockOffsetMs: number;
  readonly clockErrorMs: number;
  /** What the hardware plugin says of the two; undefined without it. */
  readonly hardware: { readonly allowed: boolean; readonly text: string } | undefined;
}

/** Can these two be a pair? Pure; each has already been judged for itself. */
export function judgePair(input: PairInput): readonly ReadinessItem[] {
  return [
    hostNames(input),
    addresses(input),
    clusterIp(input),
    volumes(input),
    clocks(input),
    firmware(input),
    hardware(input),
  ];
}

function hostNames({ own, other, planned }: PairInput): ReadinessItem {
  const id = 'different-host-names';
  if (own.hostName !== planned.thisNode) {
    // Neither its Corosync nor its DRBD would find itself in the configuration of the pair.
    return unmet(
      id,
      `This node is called ${own.hostName}, and its cluster knows it as ${planned.thisNode}.`,
      'Give it its former name again: gemel device host-name set NAME, then activate.',
    );
  }
  if (own.hostName !== other.hostName) return met(id, `The nodes are ${own.hostName} and ${other.hostName}.`);
  return unmet(
    id,
    `Both nodes are called ${own.hostName}.`,
    'Give one of them another name: gemel device host-name set NAME, then activate.',
  );
}

/** The other node has the planned addresses, in the same two networks as this one. */
function addresses({ own, other, planned }: PairInput): ReadinessItem {
  const id = 'peer-addresses';
  const [self, peer] = [thisMember(planned), otherMember(planned)];
  if (self === undefined || peer === undefined)
    return unmet(id, 'The other node is not planned.', 'Name its addresses.');
  for (const network of ['sync', 'external'] as const) {
    const at = other.interfaces.find(({ addresses: has }) => has.some((text) => plain(text) === peer[network].address));
    if (at === undefined) {
      return unmet(
        id,
        `${other.hostName} does not have the address ${peer[network].address}.`,
        `Correct the address there, or disband this node and create the cluster with the right one.`,
      );
    }
    const wire = networkOf(own, self[network]);
    const there = parseNetworkAddress(peer[network].address);
    if (wire === undefined || there === undefined || !isInNetwork(there, wire)) {
      return unmet(
        id,
        `${peer[network].address} is not in the network of ${self[network].address} on ${self[network].interface}.`,
        'Give both nodes addresses in the same two networks.',
      );
    }
  }
  return met(id, `${other.hostName} has ${peer.sync.address} and ${peer.external.address}.`);
}

/** On a node without an interface in its network the cluster IP does not come up. An address that is missing says `addresses`. */
function clusterIp({ own, other, planned }: PairInput): ReadinessItem {
  const id = 'cluster-ip';
  const address = planned.clusterIp?.address ?? '';
  const parsed = parseNetworkAddress(address);
  for (const [{ hostName, interfaces }, member] of [
    [own, thisMember(planned)],
    [other, otherMember(planned)],
  ] as const) {
    const wire = member && networkOf({ interfaces }, member.external);
    if (member === undefined || wire === undefined || parsed === undefined || isInNetwork(parsed, wire)) continue;
    return unmet(
      id,
      `The cluster IP ${address} is not in the network of ${wire.text}/${wire.prefix} on ${member.external.interface} of ${hostName}.`,
      'Give both nodes external addresses in the network of the cluster IP. For another cluster IP disband both nodes, and create the cluster anew.',
    );
  }
  return met(id, `The cluster IP ${address} is in the external network of both nodes.`);
}

/** The address as its interface has it now, with the prefix. */
function networkOf({ interfaces }: Pick<NodeView, 'interfaces'>, at: Member['external']): NetworkAddress | undefined {
  return interfaces
    .find(({ name }) => name === at.interface)
    ?.addresses.map(parseNetworkAddress)
    .find((each) => each?.text === at.address);
}

function volumes({ own, other }: PairInput): ReadinessItem {
  const id = 'same-data-volume';
  const [needed, there] = [own.volumeBytes, other.volumeBytes];
  if (needed !== null && there !== null && there < needed) {
    // DRBD refuses the connection then, by any one sector: the volume that is in use cannot become smaller.
    return unmet(
      id,
      `The data volume of ${other.hostName} holds ${mebibytes(there)} MiB, and that of this node ${mebibytes(needed)} MiB, which must find room there.`,
      `Create the cluster on ${other.hostName}, or give it a disk that is at least as large.`,
    );
  }
  if (own.volume === other.volume && own.volume !== 'absent') return met(id, 'Both nodes carry the data volume alike.');
  return unmet(
    id,
    `The data volume is ${own.volume} here and ${other.volume} on ${other.hostName}.`,
    'Use two appliances with the same partitions.',
  );
}

function clocks({ other, clockOffsetMs, clockErrorMs }: PairInput): ReadinessItem {
  const id = 'clocks';
  const apart = Math.max(0, Math.abs(clockOffsetMs) - clockErrorMs);
  if (apart <= clockLimitMs) return met(id, `The clocks are within ${clockLimitMs / 1000} s of each other.`);
  return unmet(
    id,
    `The clock of ${other.hostName} is ${(apart / 1000).toFixed(1)} s ${clockOffsetMs > 0 ? 'ahead' : 'behind'}.`,
    'Enter the same NTP servers on both nodes, and wait until both are synchronised: gemel time show.',
  );
}

function firmware({ own, other }: PairInput): ReadinessItem {
  const id = 'same-firmware';
  if (own.version === other.version) return met(id, `Both nodes run Gemel ${own.version}.`);
  return unmet(
    id,
    `This node runs Gemel ${own.version}, ${other.hostName} runs ${other.version}.`,
    'Install the same firmware on both.',
  );
}

function hardware({ hardware: verdict }: PairInput): ReadinessItem {
  const id = 'compatible-hardware';
  if (verdict === undefined) return met(id, 'The hardware is not compared on this host.');
  if (verdict.allowed) return met(id, verdict.text === '' ? 'The nodes have the same hardware.' : verdict.text);
  return unmet(id, verdict.text, 'Use two appliances of one model.');
}

function plain(text: string): string {
  return parseNetworkAddress(text)?.text ?? text;
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
