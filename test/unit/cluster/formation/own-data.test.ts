/** A node that goes on without the other one, by an operator's word and with the data that it has. */
import { drbdFile, renderPairResource } from '#cluster/drbd/drbd-resource.js';
import { disconnect } from '#cluster/formation/leaving.js';
import test from 'ava';
import { crmMon, look } from '../crm-mon.js';
import { type Box, type Boxes, lackQuorum, nodesIn, pair } from './two-boxes.js';

const [alone, old, adjust] = ['alone', 'old', 'adjust'].map((what) => `gemel-cluster-volume@${what}.service`);

/** Node 2 is off, and node 1 has a mirrored volume and is not active. */
async function bereaved(): Promise<Boxes> {
  const boxes = await pair();
  const { one, two } = boxes;
  const { current } = one.parts.membership;
  await one.parts.membership.set({ ...current, options: current.options && { ...current.options, replicated: true } });
  await one.system.files.write(drbdFile, renderPairResource(one.parts.membership.current, 'secret'));
  two.reachable = false;
  return boxes;
}

/** There is no quorum until node 1 knows no other. */
async function halted(): Promise<Boxes> {
  const boxes = await bereaved();
  lackQuorum(boxes.one);
  return boxes;
}

/** Nothing but that node 2 has newer data keeps node 1 from being active. */
async function behind(): Promise<{ boxes: Boxes; lifted: readonly string[] }> {
  const boxes = await bereaved();
  const { commands } = boxes.one.system;
  const lifted: string[] = [];
  commands.always(look, crmMon({ nodes: { node1: {}, node2: { online: false } }, oldDataOn: 'node1' }));
  commands.always(['cibadmin', '--delete-all', '--force', '--xpath', /./], (argv) => {
    lifted.push(argv.at(-1) ?? '');
    return '';
  });
  return { boxes, lifted };
}

const volume = async ({ system }: Box) => (await system.files.read(drbdFile)) ?? '';
const started = ({ system }: Box, unit: string | undefined) => system.faults.journal.includes(`start ${unit}`);

test('data that are not known to be old are counted on once an operator says that the other node is off', async (t) => {
  const { one } = await halted();
  t.regex(await volume(one), /fencing resource-and-stonith;/);
  await disconnect(one.parts, { force: true });
  t.regex(await volume(one), /fencing dont-care;[^]*shared-secret "secret"/);
  t.true(started(one, alone));
  t.is(one.phase, 'disconnected');
});

test('data are counted on before there is quorum, by which Pacemaker acts', async (t) => {
  const { one } = await halted();
  const nodes: (number | undefined)[] = [];
  one.system.units.onStart('gemel-cluster-volume@.service', () => void nodesIn(one).then((count) => nodes.push(count)));
  await disconnect(one.parts, { force: true });
  t.deepEqual(nodes, [2]);
});

test('data are counted on no longer when going on alone comes to nothing', async (t) => {
  const { one } = await halted();
  const before = await volume(one);
  one.system.commands.once(['corosync-cfgtool', '-R'], { exitCode: 1, stderr: 'no' });
  await t.throwsAsync(disconnect(one.parts, { force: true }), { message: /corosync-cfgtool/ });
  t.is(await volume(one), before);
  t.true(started(one, adjust));
});

test('data that DRBD knows to be old are not gone on with, and everything is as before', async (t) => {
  const { one } = await halted();
  const before = await volume(one);
  one.system.units.failNext(alone ?? '');
  await t.throwsAsync(disconnect(one.parts, { force: true }), {
    message:
      /^node2 has newer data than this node, or .* gemel cluster disconnect --old-data\. .*gemel-cluster-volume@alone/,
  });
  t.is(await volume(one), before);
  t.true(started(one, adjust));
  t.deepEqual([one.phase, one.parts.journal.open, await nodesIn(one)], ['connected', undefined, 2]);
});

test('data that are not whole are never gone on with', async (t) => {
  const { one } = await halted();
  one.system.units.failNext(old ?? '');
  await t.throwsAsync(disconnect(one.parts, { oldData: true }), {
    message: /^The data of this node cannot be gone on with\. .*gemel-cluster-volume@old/,
  });
  t.deepEqual([one.phase, one.parts.journal.open], ['connected', undefined]);
});

test('a node that has quorum and old data goes on with them when it is told so in as many words', async (t) => {
  const { boxes, lifted } = await behind();
  const { one } = boxes;
  await t.throwsAsync(disconnect(one.parts, { force: true }), {
    message: /^No node is active now\..* cluster status$/,
  });
  t.deepEqual([one.phase, lifted], ['connected', []]);
  await disconnect(one.parts, { oldData: true });
  t.is(one.phase, 'disconnected');
  t.true(started(one, old));
  t.deepEqual(lifted, ['/cib/configuration/constraints/rsc_location[starts-with(@id,"drbd-fence-by-handler")]']);
});

test('without quorum a node that Pacemaker says has old data is told so before anything is changed', async (t) => {
  const { boxes } = await behind();
  const { one } = boxes;
  one.system.commands.always(look, crmMon({ nodes: { node1: {} }, quorum: false, oldDataOn: 'node1' }));
  const before = await volume(one);
  await t.throwsAsync(disconnect(one.parts, { force: true }), { message: /^node2 has newer data/ });
  t.is(await volume(one), before);
  t.false(started(one, alone));
});

test('old data are not gone on with while the other node is in the cluster', async (t) => {
  const { boxes } = await behind();
  const { one } = boxes;
  one.system.commands.always(look, crmMon({ nodes: { node1: {}, node2: {} } }));
  await t.throwsAsync(disconnect(one.parts, { oldData: true }), { message: /node2 is in the cluster too\./ });
  t.is(one.phase, 'connected');
});
