/** Changes of what both nodes' engines read, with the other node away or lost in the middle. */
import { ApplianceError } from '@gemel/core/sdk';
import { clusterProperties } from '#cluster/cib/base-configuration.js';
import { fencingActions } from '#cluster/fencing/fencing-actions.js';
import { renderFencing } from '#cluster/fencing/fencing-resource.js';
import { changeConfiguration } from '#cluster/formation/configuration-change.js';
import { disband, disconnect, dropOther } from '#cluster/formation/leaving.js';
import { keyAction } from '#cluster/keys/key-action.js';
import { witnessActions } from '#cluster/witness/witness-actions.js';
import test from 'ava';
import { type Box, type Boxes, configuration, nodesIn, pair } from './two-boxes.js';

const keyOf = async (box: Box) => box.system.files.read('/var/lib/gemel/cluster/authkey');
const fresh = 'k'.repeat(256);
const rotate = (box: Box) => changeConfiguration(box.parts, (current) => current, { key: fresh });

async function act({ parts }: Box, id: string, input: object = {}): Promise<unknown> {
  const actions = [keyAction(parts), ...fencingActions(parts), ...witnessActions(parts)];
  const action = actions.find((each) => each.id === id);
  if (action?.kind !== 'call') throw new Error('it is not there');
  // Only what a call of an action is asked for here.
  return action.run(input as never, { signal: new AbortController().signal } as never);
}

const device = { node: 'node2', address: '192.0.2.1', user: 'admin', lanplus: true, cipher: 3 };
const changes = [
  ['cluster.key.rotate', {}],
  ['cluster.witness.set', { host: '192.0.2.9', algorithm: 'ffsplit' }],
  ['cluster.witness.remove', {}],
  ['cluster.fencing.set', { ...device, password: 'geheim' }],
  ['cluster.fencing.remove', { node: 'node2' }],
] as const;

for (const [id, input] of changes) {
  test(`${id} touches nothing while the other node is away`, async (t) => {
    const { one, two } = await pairWithControllers('node2');
    two.reachable = false;
    one.system.faults.clear();
    const failure = await t.throwsAsync(act(one, id, input), {
      instanceOf: ApplianceError,
      message: /^node2 does not/,
    });
    t.is(failure?.code, 'unavailable');
    t.deepEqual(one.system.faults.journal, []);
    t.is(one.parts.journal.open, undefined);
  });

  test(`${id} touches nothing while the other node has a change of its own to take back`, async (t) => {
    const boxes = await pairWithControllers('node2');
    const { one, two } = boxes;
    await lostInTheMiddle(boxes);
    two.system.faults.clear();
    await t.throwsAsync(act(two, id, input), { message: /^node1 is in the middle of another change/ });
    t.deepEqual(two.system.faults.journal, []);
    t.not(one.parts.journal.open, undefined);
  });
}

test('of two changes at once one is refused, and nothing of the other one is lost', async (t) => {
  const { one, two } = await pairWithControllers();
  const told = toldPacemaker(one);
  const set = (node: string) => act(one, 'cluster.fencing.set', { ...device, node, password: 'geheim' });
  const done = await Promise.allSettled([set('node1'), set('node2')]);
  t.deepEqual(done.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  const refused = done.find((each) => each.status === 'rejected');
  t.regex(String(refused?.reason), /under way already on node1/);
  t.is(one.parts.journal.open, undefined);
  await set(done[0].status === 'fulfilled' ? 'node2' : 'node1');
  for (const { parts } of [one, two])
    t.deepEqual(parts.membership.current.options?.fencing.map(({ node }) => node).toSorted(), ['node1', 'node2']);
  t.deepEqual(told.slice(-3), fenced);
});

test('a change builds on the one that was made while the other node was asked', async (t) => {
  const { one, two } = await pairWithControllers();
  toldPacemaker(one);
  const outcome = two.handlers.get('cluster.join.outcome');
  const held = Promise.withResolvers<void>();
  let asked = 0;
  two.handlers.set('cluster.join.outcome', async (...given) => {
    if ((asked += 1) === 1) await held.promise;
    return outcome?.(...given);
  });
  const set = (node: string) => act(one, 'cluster.fencing.set', { ...device, node, password: 'geheim' });
  const first = set('node1');
  await set('node2');
  held.resolve();
  await first;
  const { options } = one.parts.membership.current;
  t.deepEqual(options?.fencing.map(({ node }) => node).toSorted(), ['node1', 'node2']);
});

/** What Pacemaker is told from now on, in order. */
function toldPacemaker(box: Box): readonly string[] {
  const told: string[] = [];
  const tell = (text: string) => {
    told.push(text);
    return '';
  };
  const present = ['node1', 'node2'].map((node) => /<primitive[^]*<\/primitive>/.exec(controller(node, 'former'))?.[0]);
  box.system.commands
    .always(['cibadmin', '--query', '--scope', 'configuration'], `<configuration>${present.join('')}</configuration>`)
    .always(
      ['cibadmin', '--modify', '--allow-create', '--scope', 'configuration', '--xml-pipe'],
      (_argv, { input }) => {
        const nodes = [...(input ?? '').matchAll(/<primitive id="fence-(\w+)"/g)].map(([, node]) => node);
        return tell(`merge ${nodes.join()} ${/name="password" value="(\w+)"/.exec(input ?? '')?.[1]}`);
      },
    )
    .always(['cibadmin', '--delete-all', '--force', '--xpath', /primitive/], (argv) => tell(`delete ${argv.at(-1)}`))
    .always(['cibadmin', '--delete-all', '--force', '--xpath', /rsc_location/])
    .always(['crm_attribute', '--type', 'crm_config', '--name', /./, '--update', /./], (argv) =>
      tell(`${argv[4]}=${argv[6]}`),
    )
    .always(['corosync-cfgtool', '-R'], () => tell('files'));
  return told;
}

const controller = (node: string, password: string) => renderFencing({ ...device, node, testedAt: null }, password);

async function pairWithControllers(...nodes: readonly string[]): Promise<Boxes> {
  const boxes = await pair();
  for (const { parts } of [boxes.one, boxes.two]) {
    const { current } = parts.membership;
    const fencing = nodes.map((node) => ({ ...device, node, testedAt: null }));
    await parts.membership.set({ ...current, options: current.options && { ...current.options, fencing } });
  }
  return boxes;
}

const fenced = ['stonith-enabled=true', 'no-quorum-policy=stop', 'priority-fencing-delay=5s'];
const unfenced = ['stonith-enabled=false', 'no-quorum-policy=ignore', 'priority-fencing-delay=0s'];
type Change = readonly [id: string, input: object];
const setNode2: Change = ['cluster.fencing.set', { ...device, password: 'geheim' }];
const removeNode2: Change = ['cluster.fencing.remove', { node: 'node2' }];
const setWitness: Change = ['cluster.witness.set', { host: '192.0.2.9', algorithm: 'ffsplit' }];

test('Pacemaker fences once everything else is in force, and does no more before anything else is gone', async (t) => {
  const { one } = await pairWithControllers('node1');
  const told = toldPacemaker(one);
  await act(one, ...setNode2);
  t.deepEqual(told, ['merge node2 geheim', 'files', ...fenced]);
  await act(one, ...removeNode2);
  t.deepEqual(told.slice(5), [...unfenced, 'files', 'delete //primitive[@id="fence-node2"]']);
});

test('with a witness the half without it stops, and no more before the witness is gone', async (t) => {
  const { one } = await pair();
  const told = toldPacemaker(one);
  await act(one, ...setWitness);
  await act(one, 'cluster.witness.remove');
  t.deepEqual(told, ['files', 'no-quorum-policy=stop', 'no-quorum-policy=ignore', 'files']);
});

for (const [what, given, change, undone] of [
  ['entered', ['node1'], setNode2, ['merge node1 former', ...unfenced, 'delete //primitive[@id="fence-node2"]']],
  ['changed', ['node1', 'node2'], setNode2, ['merge node1,node2 former']],
  ['removed', ['node1', 'node2'], removeNode2, ['merge node1,node2 former', ...fenced]],
] as const) {
  test(`Pacemaker is told the former when a controller that is ${what} cannot be taken into force`, async (t) => {
    const boxes = await pairWithControllers(...given);
    const { one, two } = boxes;
    const before = one.parts.membership.current.options;
    const told = toldPacemaker(one);
    one.system.commands.once(['corosync-cfgtool', '-R'], { exitCode: 1, stderr: 'no' });
    const failure = await t.throwsAsync(boxes.pass(act(one, ...change)));
    t.regex(failure?.message ?? '', /corosync-cfgtool/);
    t.deepEqual(told.slice(-undone.length - 1), [...undone, 'files']);
    t.deepEqual([one.parts.membership.current.options, two.parts.membership.current.options], [before, before]);
    t.is(one.parts.journal.open, undefined);
  });
}

test('Pacemaker is told the former at once, also while the other node is away', async (t) => {
  const boxes = await pairWithControllers('node1', 'node2');
  const { one, two } = boxes;
  const told = toldPacemaker(one);
  one.system.commands.once(['corosync-cfgtool', '-R'], () => {
    two.reachable = false;
    return { exitCode: 1, stderr: 'no' };
  });
  await t.throwsAsync(act(one, ...removeNode2));
  const expected = [...unfenced, 'merge node1,node2 former', ...fenced];
  t.deepEqual(told, expected);
  await boxes.clock.advance(60_000);
  t.deepEqual(told, expected, 'and not again: somebody may have changed it meanwhile');
  two.reachable = true;
  await boxes.clock.advance(6_000);
  t.deepEqual([one.parts.journal.open, told.length], [undefined, expected.length + 1]);
});

for (const [what, nodes, change] of [
  ['entering a controller', ['node1'], setNode2],
  ['removing a controller', ['node1', 'node2'], removeNode2],
  ['setting a witness', [], setWitness],
] as const) {
  test(`Pacemaker and the membership agree, at whichever step of ${what} core is killed`, async (t) => {
    const clean = await pairWithControllers(...nodes);
    toldPacemaker(clean.one);
    clean.one.system.faults.clear();
    await act(clean.one, ...change);
    const steps = [...clean.one.system.faults.journal];
    t.true(steps.length > 5, String(steps.length));
    for (const [index, step] of steps.entries()) {
      const boxes = await pairWithControllers(...nodes);
      const { one } = boxes;
      const told = [toldPacemaker(one)];
      one.system.faults.clear();
      one.system.faults.crashAt(index + 1);
      act(one, ...change).catch(() => {});
      await boxes.clock.advance(10_000);
      await one.crashAndRestart();
      told.push(toldPacemaker(one));
      await boxes.pass(one.recover());
      const { options } = one.parts.membership.current;
      const policy = told.flat().findLast((text) => text.startsWith('no-quorum-policy=')) ?? '';
      if (policy !== '' && options !== null)
        t.is(policy, `no-quorum-policy=${clusterProperties(options)['no-quorum-policy']}`, `killed before ${step}`);
      t.is(one.parts.journal.open, undefined, step);
    }
  });
}

test('a witness is in use although the other node was away when it was to follow', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  const told = toldPacemaker(one);
  two.handlers.delete('cluster.configuration.follow');
  await boxes.pass(act(one, ...setWitness));
  t.deepEqual(told, ['files', 'no-quorum-policy=stop']);
  t.is(two.parts.membership.current.options?.witness?.host, '192.0.2.9');
});

/** Node 2 has the new key and is gone before this one, whose Corosync does not take it, can take it back. */
async function lostInTheMiddle({ one, two }: Boxes): Promise<void> {
  one.system.commands.once(['corosync-cfgtool', '-R'], () => {
    two.reachable = false;
    return { exitCode: 1, stderr: 'no such key' };
  });
  await rotate(one).catch(() => {});
}

test('a change that could not be taken back over there is taken back as soon as the other node answers', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  const before = await keyOf(one);
  await lostInTheMiddle(boxes);
  await boxes.clock.advance(60_000);
  t.deepEqual([await keyOf(one), await keyOf(two)], [before, fresh]);
  await t.throwsAsync(disconnect(one.parts), { message: /under way already on node1/ });
  two.reachable = true;
  await boxes.clock.advance(6_000);
  t.deepEqual([await keyOf(one), await keyOf(two)], [before, before]);
  t.is(one.parts.journal.open, undefined);
  t.is(one.clock.pending, 0);
});

test('a start of core goes on taking back until the other node answers', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  const before = await keyOf(one);
  await lostInTheMiddle(boxes);
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.not(one.parts.journal.open, undefined);
  two.reachable = true;
  await boxes.clock.advance(6_000);
  t.deepEqual([await keyOf(one), await keyOf(two)], [before, before]);
  t.is(one.parts.journal.open, undefined);
});

test('a node goes on alone by force in the middle of a change, once the other one is seen no more', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  await lostInTheMiddle(boxes);
  await t.throwsAsync(disconnect(one.parts, { force: true }), {
    message: /^node2 could not be told to stay off, but it runs/,
  });
  two.system.units.add('pacemaker.service', 'inactive');
  await disconnect(one.parts, { force: true });
  await boxes.clock.advance(60_000);
  t.deepEqual([one.phase, await nodesIn(one), one.parts.journal.open], ['disconnected', 1, undefined]);
});

test('a lost node is dropped for good in the middle of a change, and no start brings it back', async (t) => {
  const boxes = await pair();
  const { one } = boxes;
  await lostInTheMiddle(boxes);
  await dropOther(one.parts);
  await boxes.clock.advance(60_000);
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.deepEqual([one.phase, await nodesIn(one), one.parts.journal.open], ['created', 1, undefined]);
});

test('a node is disbanded in the middle of a change, and no start brings the cluster back', async (t) => {
  const boxes = await pair();
  const { one } = boxes;
  await lostInTheMiddle(boxes);
  await disband(one.parts);
  await boxes.clock.advance(60_000);
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.deepEqual([one.phase, one.parts.journal.open], ['none', undefined]);
  t.is(await one.system.files.read(configuration), undefined);
});

test('what is left of a change of a cluster that is another one now is thrown away', async (t) => {
  const boxes = await pair();
  const { one } = boxes;
  await lostInTheMiddle(boxes);
  const own = one.parts.membership.current.nodes.slice(0, 1);
  await one.parts.membership.set({ ...one.parts.membership.current, phase: 'created', nodes: own });
  await one.system.files.write(configuration, 'of one node');
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.deepEqual([one.phase, one.parts.journal.open], ['created', undefined]);
  t.is(await one.system.files.read(configuration), 'of one node');
});
