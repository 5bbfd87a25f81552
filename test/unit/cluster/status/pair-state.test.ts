import { parseXml } from '#cluster/pacemaker/xml.js';
import { readPicture } from '#cluster/pacemaker/picture.js';
import { parseLinks } from '#cluster/status/links.js';
import { presentPair } from '#cluster/status/pair-status.js';
import { parseReplication } from '#cluster/status/replication.js';
import type { PeerFacts } from '#cluster/status/takeover-readiness.js';
import { noMembership } from '#cluster/membership/membership.js';
import test from 'ava';
import { golden } from '../golden.js';
import { membership, pair, peerFacts, picture, pictureOf } from '../pair.js';

const reasons = async (...input: Parameters<typeof pair>) => {
  const { ready, reasons: list } = await pair(...input);
  return [ready, list.map(({ reason }) => reason)];
};

test('gives each node its role and state', async (t) => {
  const roles = async (name: string) =>
    (await pair(name)).nodes.map(({ name: node, role, state, local }) => [node, role, state, local]);
  t.deepEqual(await roles('pair'), [
    ['node1', 'M', 'online', true],
    ['node2', 'S', 'online', false],
  ]);
  t.deepEqual(await roles('standby'), [
    ['node1', '-', 'maintenance', true],
    ['node2', 'M', 'online', false],
  ]);
  t.deepEqual(await roles('lost'), [
    ['node1', '-', 'offline', true],
    ['node2', 'M', 'online', false],
  ]);
});

test('shows a clone as one resource with its active and passive places', async (t) => {
  const { resources } = await pair('pair');
  t.deepEqual(resources[0], {
    name: 'drbd-data-clone',
    agent: 'ocf:pacemaker:Stateful',
    state: 'promoted',
    nodes: ['node1'],
    passiveOn: ['node2'],
    managed: true,
  });
  const states = resources.map(({ name, state, nodes }) => [name, state, ...nodes].join(' '));
  t.deepEqual(states.toSorted(), [
    'active started node1',
    'cluster-ip started node1',
    'data started node1',
    'drbd-data-clone promoted node1',
    'external-clone started node1 node2',
    'lamp disabled',
    'site-shop started node1',
  ]);
});

function withControllers(...nodes: readonly string[]) {
  const fencing = nodes.map((node) => ({
    node,
    address: '192.0.2.1',
    user: 'admin',
    lanplus: true,
    cipher: 3,
    testedAt: null,
  }));
  return { ...membership, options: membership.options === null ? null : { ...membership.options, fencing } };
}

test('a whole pair is ready, and says what only fencing could survive', async (t) => {
  t.deepEqual(await reasons('pair'), [true, ['no-fencing']]);
  t.is((await pair('pair')).notSurvived.length, 2);
  const fenced = { membership: withControllers('node1', 'node2') };
  t.deepEqual(await reasons('pair', fenced), [true, ['fencing-untested']]);
  t.deepEqual(await reasons('pair', { ...fenced, fencingTested: true }), [true, []]);
  // What takes its controller along leaves nobody to switch it off.
  const { notSurvived } = await pair('pair', fenced);
  t.is(notSurvived.length, 1);
  t.regex(notSurvived[0] ?? '', /gemel cluster fencing confirm/);
});

test('is not ready while a node does not have the vote of the witness, though two of three are a quorum', async (t) => {
  const witness = { host: '10.77.0.5', algorithm: 'ffsplit' } as const;
  const options = membership.options === null ? null : { ...membership.options, witness };
  const given = (...votes: readonly boolean[]) => ({
    membership: { ...membership, options },
    witnessVotes: new Map(votes.map((vote, index) => [index + 1, vote])),
  });
  t.deepEqual(await reasons('pair', given(true, true)), [true, []]);
  t.is((await pair('pair', given(true, true))).notSurvived.length, 1);
  const dead = await pair('pair', given(false, false));
  t.deepEqual(
    [dead.quorum, dead.ready, dead.reasons.map(({ reason }) => reason)],
    [true, false, ['witness-unreached']],
  );
  t.is(dead.notSurvived.length, 2);
  const half = await pair('pair', given(true, false));
  t.regex(half.reasons[0]?.text ?? '', /^node2 does not have the vote of the witness 10\.77\.0\.5: .* it stops/);
  // Nothing is known of it while Corosync does not run here.
  t.deepEqual(await reasons('pair', { ...given(), witnessVotes: undefined }), [true, []]);
});

test('one controller of two is no fencing', async (t) => {
  const half = { membership: withControllers('node1') };
  t.deepEqual(await reasons('pair', half), [true, ['no-fencing']]);
  t.is((await pair('pair', half)).notSurvived.length, 2);
});

test('a lost node that could not be switched off is told with what to do', async (t) => {
  const seen = await picture('lost');
  const nodes = seen.nodes.map((node) => (node.online ? node : { ...node, unclean: true }));
  const stuck = await pair('lost', { membership: withControllers('node1', 'node2'), picture: { ...seen, nodes } });
  t.regex(stuck.reasons[0]?.text ?? '', /gemel cluster fencing confirm node1$/);
});

test('a node without carrier does not reach the external network, whatever its last ping found', async (t) => {
  const seen = await picture('pair');
  const dark = { ...seen.attributes['node2'], 'external-carrier': '0' };
  const reached = async (attributes: typeof seen.attributes) =>
    (await pair('pair', { picture: { ...seen, attributes } })).nodes.map(({ external }) => external);
  t.deepEqual(await reached(seen.attributes), [true, true]);
  t.deepEqual(await reached({ ...seen.attributes, node2: dark }), [true, false]);
  t.deepEqual(await reached({}), [null, null]);
});

test('is not ready while the passive node is away or in maintenance', async (t) => {
  t.deepEqual(await reasons('lost'), [false, ['peer-down', 'no-fencing']]);
  t.deepEqual(await reasons('standby'), [false, ['peer-maintenance', 'no-fencing']]);
});

test('is ready with one link of two, and says which is down', async (t) => {
  const links = parseLinks(golden('corosync-cfgtool-one-link.txt'));
  t.deepEqual(
    links.map(({ number, connected }) => [number, connected]),
    [
      [0, false],
      [1, true],
    ],
  );
  const { ready, reasons: list } = await pair('pair', { links });
  t.true(ready);
  t.regex(list.find(({ reason }) => reason === 'link-down')?.text ?? '', /Link 0 \(synchronisation, .*links 1 of 2/);
});

test('knows no link when the other node is away', (t) => {
  t.deepEqual(
    parseLinks(golden('corosync-cfgtool-alone.txt')).map(({ connected }) => connected),
    [false, false],
  );
});

test('tells other firmware, another time and a silent Gemel', async (t) => {
  const peer = (version: string | undefined, clockOffsetMs: number | undefined) =>
    reasons('pair', { peer: { ...peerFacts, version, clockOffsetMs, memory: undefined } });
  t.deepEqual(await peer('0.2.0', 2_001), [true, ['firmware-differs', 'clock-skew', 'no-fencing']]);
  t.deepEqual(await peer('0.1.0', -2_000), [true, ['no-fencing']]);
  t.deepEqual(await peer(undefined, undefined), [true, ['peer-unreached', 'no-fencing']]);
});

test('tells when the sites would not fit on the node that takes over', async (t) => {
  const free = (availableMiB: number | undefined) => ({
    peer: { ...peerFacts, memory: { neededMiB: 0, availableMiB } },
  });
  t.deepEqual(await reasons('pair', free(1_024)), [true, ['no-fencing']]);
  t.deepEqual(await reasons('pair', free(1_023)), [true, ['sites-do-not-fit', 'no-fencing']]);
  t.deepEqual((await pair('pair', free(1_023))).memory, { neededMiB: 1_024, availableMiB: 1_023 });
  t.is((await pair('pair', free(undefined))).memory, null);
});

test('on the passive node the other one says what is needed', async (t) => {
  const seen = await pair('pair', {
    membership: { ...membership, thisNode: 'node2' },
    peer: { ...peerFacts, memory: { neededMiB: 700, availableMiB: 5 } },
    memory: { neededMiB: 0, availableMiB: 900 },
  });
  t.deepEqual(seen.memory, { neededMiB: 700, availableMiB: 900 });
});

test('is not ready while the node that would take over lacks versions of sites, on both nodes', async (t) => {
  const missingVersions = ['pages 1.37.0', 'prometheus 2.53.3'];
  const { ready, reasons: list } = await pair('pair', { missingVersions });
  t.deepEqual([ready, list[0]?.reason], [false, 'site-versions-missing']);
  t.regex(list[0]?.text ?? '', /^node2 lacks pages 1\.37\.0, prometheus 2\.53\.3,/);
  const passive = { membership: { ...membership, thisNode: 'node2' }, peer: { ...peerFacts, missingVersions } };
  t.deepEqual(await reasons('pair', passive), [false, ['site-versions-missing', 'no-fencing']]);
  t.deepEqual(await reasons('pair', { ...passive, peer: peerFacts, missingVersions }), [true, ['no-fencing']]);
});

const replicated = {
  membership: {
    ...membership,
    options: membership.options === null ? null : { ...membership.options, replicated: true },
  },
};
const drbd = (line: string) => parseReplication(`version: 8.4.11 (api:1/proto:86-101)\n 0: ${line}\n    ns:0 nr:0\n`);

test('is ready only with data that are current on the passive node', async (t) => {
  const withData = (line: string) => reasons('pair', { ...replicated, replication: drbd(line) });
  t.deepEqual(await withData('cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----'), [
    true,
    ['no-fencing'],
  ]);
  t.deepEqual(await withData('cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----'), [
    false,
    ['data-not-current', 'no-fencing'],
  ]);
  t.deepEqual(await withData('cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown C r-----'), [
    false,
    ['data-not-current', 'data-disconnected', 'no-fencing'],
  ]);
  t.deepEqual(await withData('cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown   r-----'), [
    false,
    ['split-brain', 'no-fencing'],
  ]);
  t.deepEqual(await reasons('pair', replicated), [false, ['data-disconnected', 'no-fencing']]);
});

/** Node 1 without node 2, when no node is active. */
async function left(disk: string, oldDataOn: readonly string[] = []) {
  const seen = await pictureOf('pair', membership);
  const nodes = seen.nodes.map((node) => ({ ...node, online: node.name === 'node1' }));
  const resources = seen.resources.map((each) => ({ ...each, role: 'Stopped', nodes: [] }));
  const replication = drbd(`cs:WFConnection ro:Secondary/Unknown ds:${disk}/DUnknown C r-----`);
  const { reasons: list } = await pair('pair', {
    ...replicated,
    replication,
    picture: { ...seen, nodes, resources, oldDataOn },
  });
  return list.find(({ reason }) => reason === 'data-not-current')?.text;
}

test('says why its data keep a node that is left alone from being active, and what to do', async (t) => {
  t.is(
    await left('Consistent'),
    'Whether node2 has newer data than this node is not known. Nothing is started before node2 is back. If it is lost for good and switched off: gemel cluster disconnect --force',
  );
  const older =
    'node2 has newer data than this node. Nothing is started before node2 is back. If it is lost for good and switched off: gemel cluster disconnect --old-data, and what only node2 has is lost.';
  t.is(await left('Outdated'), older);
  t.is(await left('UpToDate', ['node1']), older);
  t.is(await left('UpToDate', ['node2']), undefined);
  t.is(await left('Inconsistent'), 'The data of this node are Inconsistent. Nothing is started before node2 is back.');
});

test('knows from Pacemaker which node went on writing without the other', async (t) => {
  const fence = '<ban id="drbd-fence-by-handler-gemel-drbd-data-clone" resource="drbd-data-clone" node="node2"/>';
  const other = '<ban id="location-lamp" resource="lamp" node="node1"/>';
  const root = await parseXml(`<pacemaker-result><bans>${other}${fence}</bans></pacemaker-result>`);
  t.deepEqual(readPicture(root).oldDataOn, ['node2']);
});

test('a pair that runs apart is put together where the services are', async (t) => {
  const apart = { ...membership, phase: 'disconnected' as const };
  const { reasons: list } = await pair('lost', { membership: apart });
  t.regex(list[0]?.text ?? '', /^The nodes run apart\..* gemel cluster reconnect/);
});

// as `drbdadm get-gi` of two nodes printed them
const same = '45B2318CE2667D36:0000000000000000:0ACC28695F6E6C1E:0ACB28695F6E6C1E:1:1:0:1:0:0:1';
const wroteOn = '9D11C9B2A3F4E5D7:45B2318CE2667D37:0ACC28695F6E6C1E:0ACB28695F6E6C1E:1:1:1:0:0:0:0';
const wroteToo = '71C0FFEE12345678:45B2318CE2667D36:0ACC28695F6E6C1E:0ACB28695F6E6C1E:1:1:1:0:0:0:0';
const another = '1122334455667788:0000000000000000:0000000000000000:0000000000000000:1:1:0:1:0:0:0';

test('calls it a split brain unless the data of one side are known to come from those of the other', async (t) => {
  const parted = (own: string, other: string | undefined, otherGaveUp = true) =>
    reasons('pair', {
      ...replicated,
      replication: drbd('cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown   r-----'),
      parted: { gaveUp: true, generations: own },
      peer: other === undefined ? peerFacts : { ...peerFacts, parted: { gaveUp: otherGaveUp, generations: other } },
    });
  const disconnected = [false, ['data-not-current', 'data-disconnected', 'no-fencing']];
  const splitBrain = [false, ['split-brain', 'no-fencing']];
  t.deepEqual(await parted(same, same), disconnected);
  t.deepEqual(await parted(wroteOn, same), disconnected);
  t.deepEqual(await parted(same, wroteOn), disconnected);
  t.deepEqual(await parted(wroteOn, wroteToo), splitBrain);
  t.deepEqual(await parted(same, another), splitBrain);
  t.deepEqual(await parted(same, undefined), splitBrain);
  t.deepEqual(await parted('drbdadm: unknown', same), splitBrain);
  // One of the two was told to give the connection up, and the other one waits.
  t.deepEqual(await parted(same, wroteOn, false), disconnected);
  t.deepEqual(await parted(wroteToo, wroteOn, false), splitBrain);
});

test('the side that waits calls it a split brain too when the other one gave the connection up', async (t) => {
  const waiting = (parted: PeerFacts['parted'], connection = 'WFConnection') =>
    reasons('pair', {
      ...replicated,
      replication: drbd(`cs:${connection} ro:Primary/Unknown ds:UpToDate/DUnknown   r-----`),
      parted: { gaveUp: false, generations: wroteOn },
      peer: { ...peerFacts, parted },
    });
  const disconnected = [false, ['data-not-current', 'data-disconnected', 'no-fencing']];
  const splitBrain = [false, ['split-brain', 'no-fencing']];
  t.deepEqual(await waiting({ gaveUp: true, generations: wroteToo }), splitBrain);
  t.deepEqual(await waiting({ gaveUp: true, generations: wroteToo }, 'Unconnected'), splitBrain);
  t.deepEqual(await waiting({ gaveUp: true }), splitBrain);
  t.deepEqual(await waiting({ gaveUp: true, generations: same }), disconnected);
  t.deepEqual(await waiting({ gaveUp: false, generations: wroteToo }), disconnected);
  t.deepEqual(await waiting(undefined), disconnected);
  const synchronising = drbd('cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----');
  const late = { ...peerFacts, parted: { gaveUp: true, generations: wroteToo } };
  const { reasons: list } = await pair('pair', { ...replicated, replication: synchronising, peer: late });
  t.false(list.some(({ reason }) => reason === 'split-brain'));
});

test('says that writes are held back, and how that ends', async (t) => {
  // also where the log of changes alone is held, which is the last flag and nothing to worry about
  t.false(drbd('cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r----s')?.suspended);
  for (const protocol of ['C', ' ']) {
    const replication = drbd(`cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown ${protocol} s-----`);
    const { ready, reasons: list, data } = await pair('lost', { ...replicated, replication });
    const held = list.find(({ reason }) => reason === 'io-suspended');
    t.deepEqual([ready, data?.suspended, held?.blocking], [false, true, true]);
    t.regex(
      held?.text ?? '',
      /bring node2, or the link to it, back\. Only if node2 is off .* drbdadm resume-io gemel$/,
    );
  }
});

test('reads the progress of a synchronisation', (t) => {
  t.deepEqual(parseReplication(golden('proc-drbd-synchronising.txt')), {
    connection: 'SyncSource',
    role: 'Primary',
    peerRole: 'Secondary',
    disk: 'UpToDate',
    peerDisk: 'Inconsistent',
    suspended: false,
    synchronisedPercent: 12.5,
    remaining: '0:04:51',
  });
  t.is(parseReplication(' 0: cs:Unconfigured\n'), undefined);
  t.is(parseReplication(undefined), undefined);
});

test('a single appliance has nothing to say', async (t) => {
  const alone = await pair('pair', { membership: noMembership, picture: undefined, links: [] });
  t.deepEqual([alone.phase, alone.running, alone.reasons, alone.notSurvived], ['none', false, [], []]);
  t.is(presentPair(alone).kind, 'text');
});

test('says plainly that the engine does not run', async (t) => {
  t.deepEqual(await reasons('pair', { picture: undefined }), [false, ['engine-down']]);
});
