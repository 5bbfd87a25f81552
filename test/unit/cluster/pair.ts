import { parseXml } from '#cluster/pacemaker/xml.js';
import { type ClusterPicture, readPicture } from '#cluster/pacemaker/picture.js';
import { type Membership, noMembership } from '#cluster/membership/membership.js';
import { clusterProperties } from '#cluster/cib/base-configuration.js';
import { parseLinks } from '#cluster/status/links.js';
import type { PairStatus } from '#cluster/status/pair-schema.js';
import { type PairInput, pairState } from '#cluster/status/pair-state.js';
import type { PeerFacts } from '#cluster/status/takeover-readiness.js';
import { golden } from './golden.js';

const member = (hostName: string, nodeId: number) => ({
  hostName,
  nodeId,
  sync: { interface: 'sync0', address: `10.78.0.1${nodeId}` },
  external: { interface: 'ext0', address: `10.77.0.1${nodeId}` },
});

export const membership: Membership = {
  ...noMembership,
  phase: 'connected',
  thisNode: 'node1',
  nodes: [member('node1', 1), member('node2', 2)],
  clusterIp: { address: '10.77.0.100', prefix: 24 },
  options: {
    tokenMs: 1_000,
    consensusMs: 1_200,
    externalReferences: ['10.77.0.1'],
    fencing: [],
    witness: null,
    replicated: false,
  },
};

export async function picture(name: string): Promise<ClusterPicture> {
  return readPicture(await parseXml(golden(`crm-mon-${name}.xml`)));
}

export const peerFacts: PeerFacts = {
  version: '0.1.0',
  clockOffsetMs: 3,
  memory: { neededMiB: 0, availableMiB: 3_000 },
  parted: undefined,
  fencingTests: [],
  missingVersions: [],
};

/** A picture in which Pacemaker goes by what the membership says of fencing and witness. */
export async function pictureOf(name: string, { options }: Membership): Promise<ClusterPicture> {
  const seen = await picture(name);
  if (options === null) return seen;
  const properties = clusterProperties(options);
  const fencingEnabled = properties['stonith-enabled'] === 'true';
  return { ...seen, fencingEnabled, withoutQuorum: properties['no-quorum-policy'] };
}

/** The pair as node1 sees it in a recorded picture. */
export async function pair(name: string, change: Partial<PairInput> = {}): Promise<PairStatus> {
  return pairState({
    membership,
    picture: await pictureOf(name, change.membership ?? membership),
    links: parseLinks(golden('corosync-cfgtool-one-link.txt')).map((link) => ({ ...link, connected: true })),
    wishes: [],
    replication: undefined,
    parted: undefined,
    witnessVotes: undefined,
    ownVersion: '0.1.0',
    peer: peerFacts,
    memory: { neededMiB: 1_024, availableMiB: 2_000 },
    missingVersions: [],
    fencingTested: false,
    ...change,
  });
}
