import type { Report } from '@gemel/core/sdk';
import type { Membership } from '../membership/membership.js';
import { isInNetwork, type NetworkAddress, networksOverlap, parseNetworkAddress } from '../readiness/ip-network.js';
import { judgeNode } from '../readiness/judge-node.js';
import type { NodeView } from '../readiness/node-view.js';
import { clusterReports } from '../reports.js';

/** As the operator enters it. */
export interface CreateInput {
  readonly clusterIp: string;
  readonly external: string;
  readonly sync: string;
  readonly peerExternal: string;
  readonly peerSync: string;
  readonly externalReferences: readonly string[];
  readonly tokenMs: number;
  readonly consensusMs: number;
}

export interface CreateFacts {
  readonly node: NodeView;
  /** Default gateways of the external interface. */
  readonly gateways: readonly string[];
  /** Who answers at the cluster IP; undefined when nobody does. */
  readonly clusterIpHolder: string | undefined;
}

export interface CreatePlan {
  readonly reports: readonly Report[];
  /** Undefined when an error is among the reports. */
  readonly membership: Membership | undefined;
}

/** Shorter ones were not tried under load. */
const safeTokenMs = 1_000;

type Role = 'external' | 'sync';

/** What a cluster created with this input will be, and what is wrong with it. Pure. */
export function planCreate(input: CreateInput, { node, gateways, clusterIpHolder }: CreateFacts): CreatePlan {
  const reports: Report[] = judgeNode(node)
    .filter(({ ok }) => !ok)
    .map(({ id, text, fix }) => clusterReports.report('cluster.not-ready', { item: id, text, fix }));
  const external = addressesOf(node, 'external', input.external, reports);
  const sync = addressesOf(node, 'sync', input.sync, reports);
  if (input.external === input.sync) {
    reports.push(clusterReports.report('cluster.interfaces.same', { name: input.sync }));
  }
  const clusterIp = checkClusterIp(input, external, clusterIpHolder, reports);
  const own = {
    // An interface may have several addresses: the one in the cluster IP's network is meant.
    external: clusterIp === undefined ? undefined : external.find((address) => isInNetwork(clusterIp, address)),
    sync: sameNetwork(sync, input.peerSync),
  };
  if (own.external !== undefined && own.sync !== undefined && networksOverlap(own.external, own.sync)) {
    const params = { external: own.external.text, sync: own.sync.text };
    reports.push(clusterReports.report('cluster.networks.same', params));
  }
  checkPeer('external', input, external, reports);
  checkPeer('sync', input, sync, reports);
  for (const address of input.externalReferences) {
    if (!isPlain(address)) reports.push(clusterReports.report('cluster.reference.invalid', { address }));
  }
  const references = input.externalReferences.length > 0 ? input.externalReferences : gateways;
  if (references.length === 0) reports.push(clusterReports.report('cluster.reference.none', {}));
  if (input.tokenMs < safeTokenMs) {
    const params = { tokenMs: input.tokenMs, safeMs: safeTokenMs };
    reports.push(clusterReports.report('cluster.token.too-short', params));
  }
  reports.push(clusterReports.report('cluster.fencing.none', {}));
  const failed = reports.some(({ severity }) => severity === 'error');
  if (failed || clusterIp === undefined || own.external === undefined || own.sync === undefined) {
    return { reports, membership: undefined };
  }
  const membership: Membership = {
    phase: 'created',
    thisNode: node.hostName,
    nodes: [
      {
        hostName: node.hostName,
        nodeId: 1,
        sync: { interface: input.sync, address: own.sync.text },
        external: { interface: input.external, address: own.external.text },
      },
    ],
    clusterIp: { address: clusterIp.text, prefix: clusterIp.prefix },
    expectedPeer: {
      sync: parseNetworkAddress(input.peerSync)?.text ?? input.peerSync,
      external: parseNetworkAddress(input.peerExternal)?.text ?? input.peerExternal,
    },
    keepsServices: true,
    createdAt: node.now,
    options: {
      tokenMs: input.tokenMs,
      consensusMs: input.consensusMs,
      externalReferences: [...references],
      fencing: [],
      witness: null,
      replicated: node.volume === 'replicated',
    },
  };
  return { reports, membership };
}

function addressesOf(node: NodeView, role: Role, name: string, reports: Report[]): readonly NetworkAddress[] {
  const found = node.interfaces.find((each) => each.name === name);
  if (found === undefined) {
    const known = node.interfaces.map((each) => each.name).join(', ') || 'those that you give an address first';
    reports.push(clusterReports.report('cluster.interface.unknown', { field: role, name, known }));
    return [];
  }
  if (!found.fixed) reports.push(clusterReports.report('cluster.interface.not-fixed', { field: role, name }));
  return found.addresses.flatMap((text) => parseNetworkAddress(text) ?? []);
}

function checkClusterIp(
  input: CreateInput,
  external: readonly NetworkAddress[],
  holder: string | undefined,
  reports: Report[],
): NetworkAddress | undefined {
  const address = input.clusterIp;
  const parsed = address.includes('/') ? parseNetworkAddress(address) : undefined;
  if (parsed === undefined) {
    reports.push(clusterReports.report('cluster.ip.invalid', { address }));
    return undefined;
  }
  const network = external.find((each) => isInNetwork(parsed, each));
  if (network === undefined) {
    const params = { address, interface: input.external, networks: texts(external) };
    if (external.length > 0) reports.push(clusterReports.report('cluster.ip.outside-network', params));
    return undefined;
  }
  const last = network.network + (1n << BigInt((network.family === 6 ? 128 : 32) - network.prefix)) - 1n;
  const isEdge =
    network.family === 4 && network.prefix < 31 && (parsed.value === network.network || parsed.value === last);
  if (isEdge) reports.push(clusterReports.report('cluster.ip.not-a-host', { address }));
  const peer = parseNetworkAddress(input.peerExternal)?.text === parsed.text ? 'the other node' : undefined;
  const own = external.some(({ text }) => text === parsed.text) ? 'this node' : undefined;
  const taken = own ?? peer ?? holder;
  if (taken !== undefined) reports.push(clusterReports.report('cluster.ip.taken', { address, holder: taken }));
  return parsed;
}

function checkPeer(role: Role, input: CreateInput, own: readonly NetworkAddress[], reports: Report[]): void {
  const field = role === 'external' ? 'peer-external' : 'peer-sync';
  const address = role === 'external' ? input.peerExternal : input.peerSync;
  const name = role === 'external' ? input.external : input.sync;
  if (!isPlain(address)) {
    reports.push(clusterReports.report('cluster.peer-address.invalid', { field, address, interface: name }));
    return;
  }
  const parsed = parseNetworkAddress(address);
  if (own.some(({ text }) => text === parsed?.text)) {
    reports.push(clusterReports.report('cluster.peer-address.own', { field, address }));
  } else if (own.length > 0 && sameNetwork(own, address) === undefined) {
    const params = { field, address, interface: name, networks: texts(own) };
    reports.push(clusterReports.report('cluster.peer-address.outside', params));
  }
}

function sameNetwork(own: readonly NetworkAddress[], address: string): NetworkAddress | undefined {
  const parsed = parseNetworkAddress(address);
  return parsed === undefined ? undefined : own.find((each) => isInNetwork(parsed, each));
}

export function isPlain(address: string): boolean {
  return !address.includes('/') && parseNetworkAddress(address) !== undefined;
}

function texts(addresses: readonly NetworkAddress[]): string {
  return addresses.map(({ text, prefix }) => `${text}/${prefix}`).join(', ');
}
