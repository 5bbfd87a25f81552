import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { renderFirstCib } from '#cluster/cib/base-configuration.js';
import { renderCorosync } from '#cluster/corosync/corosync-conf.js';
import { renderPairResource } from '#cluster/drbd/drbd-resource.js';
import type { Membership } from '#cluster/membership/membership.js';
import test from 'ava';

/** `GOLDEN=write` renews the golden files, to be read before they are committed. */
function compare(t: { is(actual: string, expected: string): void }, name: string, text: string): void {
  const golden = new URL(`../../../../golden/cluster/formation/${name}`, import.meta.url);
  if (process.env['GOLDEN'] === 'write') {
    mkdirSync(dirname(golden.pathname), { recursive: true });
    writeFileSync(golden, text);
  }
  t.is(text, readFileSync(golden, 'utf8'));
}

const node = (number: 1 | 2) => ({
  hostName: `node${number}`,
  nodeId: number,
  sync: { interface: 'bond1', address: `10.78.0.1${number}` },
  external: { interface: 'bond0', address: `10.77.0.1${number}` },
});

const pair: Membership = {
  phase: 'connected',
  thisNode: 'node1',
  nodes: [node(1), node(2)],
  clusterIp: { address: '10.77.0.100', prefix: 24 },
  expectedPeer: { sync: '10.78.0.12', external: '10.77.0.12' },
  keepsServices: true,
  createdAt: 0,
  options: {
    tokenMs: 1_000,
    consensusMs: 400,
    externalReferences: ['10.77.0.1'],
    fencing: [],
    witness: null,
    replicated: true,
  },
};
const alone: Membership = { ...pair, phase: 'created', nodes: [node(1)] };
const options = pair.options ?? (undefined as never);
const inContainer: Membership = { ...alone, options: { ...options, replicated: false, externalReferences: [] } };
const withWitness: Membership = {
  ...pair,
  options: { ...options, witness: { host: '10.77.0.5', algorithm: 'ffsplit' } },
};
const overIpv6: Membership = {
  ...pair,
  nodes: [node(1), node(2)].map((member) => ({
    ...member,
    sync: { ...member.sync, address: `fd78::1${member.nodeId}` },
  })),
};

test('renders corosync.conf of one node', (t) => compare(t, 'corosync-alone.conf', renderCorosync(alone)));
test('renders corosync.conf of a pair', (t) => compare(t, 'corosync-pair.conf', renderCorosync(pair)));
test('renders corosync.conf of a pair with a witness', (t) =>
  compare(t, 'corosync-witness.conf', renderCorosync(withWitness)));
test('renders gemel.res of a pair', (t) => compare(t, 'gemel.res', renderPairResource(pair, 'secret')));
test('renders gemel.res of a pair over IPv6', (t) =>
  compare(t, 'gemel-ipv6.res', renderPairResource(overIpv6, 'secret')));
test('renders the first CIB', (t) => compare(t, 'first-cib.xml', renderFirstCib(alone)));
test('only an external network that is known to be lost moves the active role', (t) =>
  t.notRegex(renderFirstCib(alone), /not_defined/));
test('renders the first CIB of a container', (t) => compare(t, 'first-cib-container.xml', renderFirstCib(inContainer)));
