import { ApplianceError } from '@gemel/core/sdk';
import { drbdFile, renderPairResource } from '#cluster/drbd/drbd-resource.js';
import { disband, disconnect } from '#cluster/formation/leaving.js';
import { replaceOther } from '#cluster/formation/replacement.js';
import test from 'ava';
import { crmMon, look } from '../crm-mon.js';
import { type Boxes, lackQuorum, login, nodesIn, pair } from './two-boxes.js';

const { address, ...proof } = login;

function replace({ one }: Boxes, at: string | undefined = address, given: typeof proof = proof) {
  const call = { progress() {}, log() {}, signal: new AbortController().signal };
  return replaceOther(one.parts, at, given, call);
}

/** Node 2 is lost, and what is found at its addresses is a box that belongs to no cluster. */
async function bereaved(): Promise<Boxes> {
  const boxes = await pair();
  const { one, two } = boxes;
  one.reachable = false;
  await boxes.pass(disband(two.parts));
  one.reachable = true;
  return boxes;
}

test('a new box takes the place of the lost node', async (t) => {
  const boxes = await bereaved();
  const { one, two } = boxes;
  t.is(one.phase, 'connected');
  await boxes.pass(replace(boxes, undefined));
  t.deepEqual([one.phase, two.phase], ['connected', 'connected']);
  t.deepEqual([await nodesIn(one), await nodesIn(two)], [2, 2]);
});

for (const [what, at, given, code] of [
  ['a wrong password', address, { ...proof, password: 'wrong' }, 'forbidden'],
  ['another fingerprint', address, { ...proof, fingerprint: 'FP:3' }, 'forbidden'],
  ['an address where nobody is', '10.78.0.99', proof, 'unavailable'],
] as const) {
  test(`${what} leaves the pair as it is: the lost node may still come back`, async (t) => {
    const boxes = await bereaved();
    const before = await boxes.states();
    boxes.one.system.faults.clear();
    const failure = await t.throwsAsync(boxes.pass(replace(boxes, at, given)), { instanceOf: ApplianceError });
    t.is(failure?.code, code);
    t.deepEqual(await boxes.states(), before);
    const looking = `run ${look.join(' ')}`;
    t.deepEqual(boxes.one.system.faults.journal, [looking, looking]);
  });
}

test('a box that is not ready leaves the pair as it is', async (t) => {
  const boxes = await bereaved();
  boxes.two.hostName = 'node1';
  const before = await boxes.states();
  await t.throwsAsync(boxes.pass(replace(boxes)), { message: /different-host-names/ });
  t.deepEqual(await boxes.states(), before);
});

test('a node that is in the cluster is not replaced', async (t) => {
  const boxes = await pair();
  const before = await boxes.states();
  await t.throwsAsync(boxes.pass(replace(boxes)), { message: /^node2 is in the cluster and answers/ });
  t.deepEqual(await boxes.states(), before);
});

test('only the active node takes a new box', async (t) => {
  const boxes = await bereaved();
  const before = await boxes.states();
  boxes.one.system.commands.always(look, crmMon({ nodes: { node1: {} } }));
  await t.throwsAsync(boxes.pass(replace(boxes)), { message: /^No node is active now. Replace node2 where/ });
  t.deepEqual(await boxes.states(), before);
});

test('a node that runs nothing for want of quorum takes a new box', async (t) => {
  const boxes = await bereaved();
  const { one } = boxes;
  lackQuorum(one);
  const { membership } = one.parts;
  const { options } = membership.current;
  await membership.set({ ...membership.current, options: options && { ...options, replicated: true } });
  await one.system.files.write(drbdFile, renderPairResource(membership.current, 'secret'));
  const active: unknown[] = [];
  one.system.commands.always(['corosync-cfgtool', '-R'], async () => {
    const [, fencing] = /fencing (.*);/.exec((await one.system.files.read(drbdFile)) ?? '') ?? [];
    active.push([await nodesIn(one), await one.parts.engines.activeNode(), fencing]);
    return '';
  });
  // Node 2 is seen by nobody here: what matters is that it came that far.
  await t.throwsAsync(boxes.pass(replace(boxes)), { message: /did not become operational/ });
  t.deepEqual(active[0], [1, 'node1', 'dont-care']);
  t.deepEqual([one.phase, one.parts.membership.current.nodes.length], ['created', 1]);
});

test('a node without quorum leaves the services to one that has them', async (t) => {
  const boxes = await bereaved();
  const before = await boxes.states();
  boxes.one.system.commands.always(look, crmMon({ quorum: false, active: 'node2' }));
  await t.throwsAsync(boxes.pass(replace(boxes)), { message: /^node2 is the active node. Replace node2 where/ });
  t.deepEqual(await boxes.states(), before);
});

test('a disconnected node that stays off may be replaced where the services are, and nowhere else', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  await disconnect(one.parts);
  const call = { progress() {}, log() {}, signal: new AbortController().signal };
  await t.throwsAsync(replaceOther(two.parts, one.address, proof, call), { message: /Replace the other node there/ });
  one.reachable = false;
  await boxes.pass(disband(two.parts));
  one.reachable = true;
  await boxes.pass(replace(boxes));
  t.deepEqual([one.phase, two.phase], ['connected', 'connected']);
});
