import { planCreate } from '#cluster/formation/create-plan.js';
import { planPair } from '#cluster/formation/connection.js';
import { planAgain } from '#cluster/formation/reconnection.js';
import { parseProcDrbd } from '#cluster/drbd/sync-progress.js';
import { isOperational } from '#cluster/formation/engines.js';
import { judgeNode } from '#cluster/readiness/judge-node.js';
import { judgePair } from '#cluster/readiness/judge-pair.js';
import type { NodeView } from '#cluster/readiness/node-view.js';
import test from 'ava';
import { picture } from '../pair.js';

const view = (number: number, changes: Partial<NodeView> = {}): NodeView => ({
  hostName: `node${number}`,
  version: '0.1.0',
  advancedMode: true,
  interfaces: [
    { name: 'bond0', up: true, fixed: true, addresses: [`10.77.0.1${number}/24`] },
    { name: 'bond1', up: true, fixed: true, addresses: [`10.78.0.1${number}/24`] },
  ],
  pendingChanges: 0,
  activationPending: false,
  missingEngines: [],
  volume: 'replicated',
  volumeBytes: 64 * 1_048_576,
  hardware: null,
  now: 1_000_000,
  ...changes,
});

const unmet = (node: NodeView) =>
  judgeNode(node)
    .filter(({ ok }) => !ok)
    .map(({ id }) => id);

test('finds a prepared node ready', (t) => t.deepEqual(unmet(view(1)), []));

for (const [what, changes, expected] of [
  ['Simple Mode', { advancedMode: false }, 'advanced-mode'],
  ['a factory host name', { hostName: 'gemel' }, 'host-name'],
  ['missing engines', { missingEngines: ['corosync.service'] }, 'engines'],
  ['no data volume', { volume: 'absent' }, 'data-volume'],
  ['a draft', { pendingChanges: 2 }, 'draft-empty'],
  ['an unconfirmed change', { activationPending: true }, 'draft-empty'],
  ['one interface', { interfaces: view(1).interfaces.slice(0, 1) }, 'two-networks'],
  [
    'two interfaces in one network',
    { interfaces: view(1).interfaces.map((each, index) => ({ ...each, addresses: [`10.77.0.2${index}/24`] })) },
    'two-networks',
  ],
  [
    'addresses from a DHCP server',
    { interfaces: view(1).interfaces.map((each) => ({ ...each, fixed: false })) },
    'two-networks',
  ],
] as const satisfies readonly (readonly [string, Partial<NodeView>, string])[]) {
  test(`says what a node with ${what} needs`, (t) => {
    const items = judgeNode(view(1, changes)).filter(({ ok }) => !ok);
    t.deepEqual(
      items.map(({ id }) => id),
      [expected],
    );
    t.true(items.every(({ fix }) => fix.length > 10));
  });
}

const input = {
  clusterIp: '10.77.0.100/24',
  external: 'bond0',
  sync: 'bond1',
  peerExternal: '10.77.0.12',
  peerSync: '10.78.0.12',
  externalReferences: ['10.77.0.1'],
  tokenMs: 1_000,
  consensusMs: 400,
};
const plan = (changes: Partial<typeof input> = {}, holder?: string, node = view(1)) =>
  planCreate({ ...input, ...changes }, { node, gateways: [], clusterIpHolder: holder });
const errors = (...given: Parameters<typeof plan>) =>
  plan(...given)
    .reports.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);

test('plans a cluster of the interfaces that were named', (t) => {
  const { membership } = plan();
  t.deepEqual(membership?.nodes, [
    {
      hostName: 'node1',
      nodeId: 1,
      sync: { interface: 'bond1', address: '10.78.0.11' },
      external: { interface: 'bond0', address: '10.77.0.11' },
    },
  ]);
});

for (const [what, changes, expected] of [
  ['a cluster IP without prefix', { clusterIp: '10.77.0.100' }, 'cluster.ip.invalid'],
  ['a cluster IP outside the external network', { clusterIp: '10.79.0.100/24' }, 'cluster.ip.outside-network'],
  ['a cluster IP in the synchronisation network', { clusterIp: '10.78.0.100/24' }, 'cluster.ip.outside-network'],
  ['this node as cluster IP', { clusterIp: '10.77.0.11/24' }, 'cluster.ip.taken'],
  ['the other node as cluster IP', { clusterIp: '10.77.0.12/24' }, 'cluster.ip.taken'],
  ['the broadcast address as cluster IP', { clusterIp: '10.77.0.255/24' }, 'cluster.ip.not-a-host'],
  ['an interface that is not there', { sync: 'bond7' }, 'cluster.interface.unknown'],
  ['a peer outside the network', { peerSync: '10.79.0.12' }, 'cluster.peer-address.outside'],
  ['this node as its own peer', { peerExternal: '10.77.0.11' }, 'cluster.peer-address.own'],
  ['a peer that is no address', { peerSync: 'node2' }, 'cluster.peer-address.invalid'],
  ['a reference that is no address', { externalReferences: ['gateway'] }, 'cluster.reference.invalid'],
] as const) {
  test(`refuses ${what}`, (t) => {
    const found = errors({ ...changes } as Partial<typeof input>);
    t.true(found.includes(expected), found.join(', '));
    t.is(plan({ ...changes } as Partial<typeof input>).membership, undefined);
  });
}

test('refuses one network for both links', (t) => {
  t.true(errors({ sync: 'bond0', peerSync: '10.77.0.12' }).includes('cluster.interfaces.same'));
});

test('refuses a cluster IP that somebody answers at', (t) => {
  t.deepEqual(errors({}, 'another machine'), ['cluster.ip.taken']);
});

test('warns when a loss of the external network would not be noticed', (t) => {
  const codes = plan({ externalReferences: [] }).reports.map(({ code }) => code);
  t.true(codes.includes('cluster.reference.none'));
});

const created = plan().membership ?? (undefined as never);
const judged = (other: NodeView, offset = 0, allowed = true) =>
  judgePair({
    own: view(1),
    other,
    planned: planPair(created, other),
    clockOffsetMs: offset,
    clockErrorMs: 10,
    hardware: { allowed, text: 'Two models.' },
  })
    .filter(({ ok }) => !ok)
    .map(({ id }) => id);

test('finds two alike a pair', (t) => t.deepEqual(judged(view(2)), []));
test('refuses two of one name', (t) => t.true(judged(view(2, { hostName: 'node1' })).includes('different-host-names')));
test('refuses clocks apart', (t) => t.deepEqual(judged(view(2), -5_000), ['clocks']));
test('refuses other firmware', (t) => t.deepEqual(judged(view(2, { version: '0.2.0' })), ['same-firmware']));
test('refuses other hardware', (t) => t.deepEqual(judged(view(2), 0, false), ['compatible-hardware']));
test('refuses a volume of another kind', (t) =>
  t.deepEqual(judged(view(2, { volume: 'folder' })), ['same-data-volume']));
test('refuses a data volume that is smaller by a sector, and takes a larger one or one of unknown size', (t) => {
  t.deepEqual(judged(view(2, { volumeBytes: 64 * 1_048_576 - 512 })), ['same-data-volume']);
  t.deepEqual(judged(view(2, { volumeBytes: 65 * 1_048_576 })), []);
  t.deepEqual(judged(view(2, { volumeBytes: null })), []);
});
test('refuses a peer with other addresses', (t) => t.deepEqual(judged(view(3)), ['peer-addresses']));

test('refuses a node that was renamed since its cluster was created', (t) => {
  const other = view(2);
  const own = view(1, { hostName: 'box7' });
  const planned = planPair(created, other);
  const items = judgePair({ own, other, planned, clockOffsetMs: 0, clockErrorMs: 0, hardware: undefined });
  t.deepEqual(
    items.filter(({ ok }) => !ok).map(({ id }) => id),
    ['different-host-names'],
  );
});

for (const [what, addresses, expected] of [
  ['external addresses in another network than the cluster IP', ['10.79.0.1', '10.79.0.2'], 'node1'],
  ['a node whose external network has lost the cluster IP', ['10.77.0.11', '10.77.0.12'], undefined],
] as const) {
  const prefix = expected === undefined ? 26 : 24;
  test(`refuses ${what}`, (t) => {
    const [own, other] = addresses.map((address, index) =>
      view(index + 1, {
        interfaces: [
          { name: 'bond0', up: true, fixed: true, addresses: [`${address}/${index === 1 ? prefix : 24}`] },
          { name: 'bond1', up: true, fixed: true, addresses: [`10.78.0.1${index + 1}/24`] },
        ],
      }),
    ) as [NodeView, NodeView];
    const planned = planAgain(planPair(created, view(2)), own, other);
    const items = judgePair({ own, other, planned, clockOffsetMs: 0, clockErrorMs: 0, hardware: undefined });
    const [first, ...others] = items.filter(({ ok }) => !ok);
    t.deepEqual([first?.id, others], ['cluster-ip', []]);
    t.true(first?.text.endsWith(`of ${expected ?? 'node2'}.`), first?.text);
  });
}

test('takes changed addresses over, and never the cluster IP', (t) => {
  const connected = planPair(created, view(2));
  const moved = [
    { name: 'bond0', up: true, fixed: true, addresses: ['10.77.0.100/24', '10.77.0.21/24'] },
    { name: 'bond1', up: true, fixed: true, addresses: ['10.88.0.21/24'] },
  ];
  const { nodes } = planAgain(connected, view(1, { interfaces: moved }), view(2));
  t.deepEqual(nodes[0], {
    hostName: 'node1',
    nodeId: 1,
    sync: { interface: 'bond1', address: '10.88.0.21' },
    external: { interface: 'bond0', address: '10.77.0.21' },
  });
});

test('reads how far DRBD 8.4 is', (t) => {
  const text = `version: 8.4.11 (api:1/proto:86-101)
srcversion: 60F610B702CC05315B04B50
 0: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----
    ns:24576 nr:0 dw:0 dr:25440 al:8 bm:0 lo:0 pe:1 ua:0 ap:0 ep:1 wo:f oos:40960
	[======>.............] sync'ed: 37.5% (40960/65536)K
	finish: 0:00:06 speed: 6,144 (6,144) K/sec
`;
  t.deepEqual(parseProcDrbd(text), {
    connection: 'SyncSource',
    ownDisk: 'UpToDate',
    peerDisk: 'Inconsistent',
    fraction: 0.375,
    rate: 6_144,
  });
});

test('calls a cluster operational only with all nodes and the active role', async (t) => {
  const whole = await picture('pair');
  const changed = (part: Partial<typeof whole>) => isOperational({ ...whole, ...part }, ['node1', 'node2']);
  t.true(changed({}));
  t.false(changed({ nodes: whole.nodes.slice(0, 1) }));
  t.false(changed({ nodes: whole.nodes.map((node) => ({ ...node, pending: node.name === 'node2' })) }));
  t.false(changed({ resources: whole.resources.filter(({ id }) => id !== 'active') }));
  t.false(changed({ resources: whole.resources.map((each) => ({ ...each, failed: each.id === 'cluster-ip' })) }));
});
