/** Until the other node is a member there may be no quorum, for which the node that keeps the services must not stop them. */
import type { JobCall } from '@gemel/core/sdk';
import { disconnect, dropOther } from '#cluster/formation/leaving.js';
import { reconnect } from '#cluster/formation/reconnection.js';
import type { ClusterOptions } from '#cluster/membership/membership.js';
import test from 'ava';
import { crmMon, look } from '../crm-mon.js';
import { type Box, type Boxes, lackQuorum, nodesIn, pair } from './two-boxes.js';

// Only what reconnecting asks a job for.
const call = { progress() {}, log() {}, signal: new AbortController().signal } as unknown as JobCall;
const qdevice = 'corosync-qdevice.service';
const witness: Partial<ClusterOptions> = { witness: { host: '10.77.0.5', algorithm: 'ffsplit' } };
const device = (node: string) => ({ node, address: '192.0.2.1', user: 'admin', lanplus: true, cipher: 3, testedAt: 7 });
const fencing: Partial<ClusterOptions> = { fencing: [device('node1'), device('node2')] };

const loose = ['stonith-enabled=false', 'no-quorum-policy=ignore', 'priority-fencing-delay=0s'];
const tight = ['stonith-enabled=true', 'no-quorum-policy=stop', 'priority-fencing-delay=5s'];

/** What happens on the box from now on that quorum hangs on, in order. */
function told(box: Box): readonly string[] {
  const all: string[] = [];
  const tell = (text: string) => {
    all.push(text);
    return '';
  };
  box.system.commands
    .always(['crm_attribute', '--type', 'crm_config', '--name', /./, '--update', /./], (argv) =>
      tell(`${argv[4]}=${argv[6]}`),
    )
    .always(['crm_node', '--force', '--remove', /./], (argv) => tell(`forget ${argv[3]}`))
    .always(['corosync-cfgtool', '-R'], () => tell('files'));
  box.system.units.onStart('corosync.service', () => void tell('corosync'));
  box.system.units.onStart(qdevice, () => void tell('witness'));
  return all;
}

async function together(options: Partial<ClusterOptions>): Promise<Boxes> {
  const boxes = await pair();
  for (const { system, parts } of [boxes.one, boxes.two]) {
    const { current } = parts.membership;
    await parts.membership.set({ ...current, options: current.options && { ...current.options, ...options } });
    system.units.add(qdevice);
  }
  return boxes;
}

async function apart(options: Partial<ClusterOptions>): Promise<Boxes> {
  const boxes = await together(options);
  await disconnect(boxes.one.parts);
  return boxes;
}

test('with a witness the policy is loosened before the files are written, and is back once the witness is asked', async (t) => {
  const boxes = await apart(witness);
  const seen = told(boxes.one);
  await boxes.pass(reconnect(boxes.one.parts, undefined, call));
  const [policy, files, ...rest] = seen.filter((text) => text !== 'corosync');
  t.deepEqual([policy, files, rest], ['no-quorum-policy=ignore', 'files', ['witness', 'no-quorum-policy=stop']]);
});

test('a node with fencing that is restarted waits for nobody, and switches nobody off meanwhile', async (t) => {
  const boxes = await apart(fencing);
  const { membership } = boxes.one.parts;
  await membership.set({ ...membership.current, movedAlone: true });
  const seen = told(boxes.one);
  await boxes.pass(reconnect(boxes.one.parts, undefined, call));
  const handsOff = seen.indexOf('maintenance-mode=false');
  t.deepEqual(seen.slice(0, 4), ['maintenance-mode=true', ...loose]);
  t.true(handsOff > 4);
  t.deepEqual(seen.slice(-3), tight);
});

test('a reconnection that fails has the former policy back once the other node is forgotten', async (t) => {
  const boxes = await apart(fencing);
  const seen = told(boxes.one);
  boxes.two.system.units.failNext('pacemaker.service');
  await t.throwsAsync(boxes.pass(reconnect(boxes.one.parts, undefined, call)));
  t.deepEqual(seen.slice(0, 4), [...loose, 'files']);
  t.deepEqual(seen.slice(-4), ['forget node2', ...tight]);
});

test('a pair without fencing and witness is told nothing', async (t) => {
  const boxes = await apart({});
  const seen = told(boxes.one);
  await boxes.pass(reconnect(boxes.one.parts, undefined, call));
  t.deepEqual(
    seen.filter((text) => text.includes('=')),
    [],
  );
});

test('the policy is back at whichever step of a reconnection core is killed', async (t) => {
  const clean = await apart(witness);
  clean.one.system.faults.clear();
  await clean.pass(reconnect(clean.one.parts, undefined, call));
  const steps = [...clean.one.system.faults.journal];
  t.true(steps.length > 10, String(steps.length));
  for (const [index, step] of steps.entries()) {
    const boxes = await apart(witness);
    const { one } = boxes;
    const seen = [told(one)];
    one.system.faults.clear();
    one.system.faults.crashAt(index + 1);
    reconnect(one.parts, undefined, call).catch(() => {});
    await boxes.clock.advance(30_000);
    await one.crashAndRestart();
    seen.push(told(one));
    await boxes.pass(one.recover());
    const policy = seen.flat().findLast((text) => text.startsWith('no-quorum-policy=')) ?? 'no-quorum-policy=stop';
    t.is(policy, 'no-quorum-policy=stop', `killed before ${step}`);
    t.is(one.parts.journal.open, undefined, step);
  }
});

/** Node 2 is off, and node 1 has not the votes without it. */
async function halted(options: Partial<ClusterOptions>): Promise<Boxes> {
  const boxes = await together(options);
  boxes.two.reachable = false;
  lackQuorum(boxes.one);
  boxes.one.system.commands.always(['cibadmin', '--delete-all', '--force', '--xpath', /./]);
  return boxes;
}

test('a node without quorum goes on alone once an operator says that the other one is off', async (t) => {
  const { one } = await halted(witness);
  const refused = { message: /^No node is active now/ };
  await t.throwsAsync(disconnect(one.parts), refused);
  await disconnect(one.parts, { force: true });
  t.deepEqual([one.phase, await nodesIn(one), await one.parts.engines.activeNode()], ['disconnected', 1, 'node1']);
});

test('a node that is active nowhere although there is quorum does not go on alone', async (t) => {
  const { one } = await halted(witness);
  one.system.commands.always(look, crmMon({}));
  await t.throwsAsync(disconnect(one.parts, { force: true }), { message: /^No node is active now/ });
  t.deepEqual([one.phase, await nodesIn(one)], ['connected', 2]);
});

test('a lost node is not switched off and on when quorum is back', async (t) => {
  const forced = await halted(fencing);
  const seen = told(forced.one);
  await disconnect(forced.one.parts, { force: true });
  t.deepEqual(seen, [...loose, 'files', 'forget node2', ...tight]);
  const replaced = await halted(fencing);
  const dropped = told(replaced.one);
  await dropOther(replaced.one.parts);
  t.deepEqual(dropped, [...loose, 'files', 'forget node2']);
});

test('fencing is back at whichever step of going on alone core is killed', async (t) => {
  const clean = await halted(fencing);
  clean.one.system.faults.clear();
  await disconnect(clean.one.parts, { force: true });
  const steps = [...clean.one.system.faults.journal];
  t.true(steps.length > 10, String(steps.length));
  for (const [index, step] of steps.entries()) {
    const boxes = await halted(fencing);
    const { one } = boxes;
    const seen = [told(one)];
    one.system.faults.clear();
    one.system.faults.crashAt(index + 1);
    disconnect(one.parts, { force: true }).catch(() => {});
    await boxes.clock.advance(30_000);
    await one.crashAndRestart();
    seen.push(told(one));
    await boxes.pass(one.recover());
    const last = seen.flat().findLast((text) => text.startsWith('stonith-enabled=')) ?? 'stonith-enabled=true';
    t.is(last, 'stonith-enabled=true', `killed before ${step}`);
    t.is(one.parts.journal.open, undefined, step);
  }
});

/** Pacemaker does not take this order the next time. */
const refuseOnce = ({ system }: Box, value: string) =>
  system.commands.once(['crm_attribute', '--type', 'crm_config', '--name', 'stonith-enabled', '--update', value], {
    exitCode: 1,
    stderr: 'busy',
  });

test('fencing that Pacemaker does not take back at once is back as soon as it takes orders', async (t) => {
  const { one, clock } = await halted(fencing);
  const seen = told(one);
  one.system.commands.once(['corosync-cfgtool', '-R'], { exitCode: 1, stderr: 'no' });
  refuseOnce(one, 'true');
  await t.throwsAsync(disconnect(one.parts, { force: true }), { message: /corosync-cfgtool/ });
  t.deepEqual([one.phase, one.parts.journal.open?.kind], ['connected', 'disconnect']);
  await clock.advance(6_000);
  t.deepEqual([seen.slice(-3), one.parts.journal.open], [tight, undefined]);
});

test('a pair that is connected is fenced as soon as Pacemaker takes orders', async (t) => {
  const boxes = await apart(fencing);
  const { one, two } = boxes;
  const seen = told(one);
  refuseOnce(one, 'true');
  await boxes.pass(reconnect(one.parts, undefined, call));
  t.deepEqual([one.phase, two.phase], ['connected', 'connected']);
  await boxes.clock.advance(6_000);
  t.deepEqual([seen.slice(-3), one.parts.journal.open], [tight, undefined]);
});
