import { ApplianceError, type JobCall } from '@gemel/core/sdk';
import { createCluster } from '#cluster/formation/creation.js';
import { disband, disconnect, dropOther } from '#cluster/formation/leaving.js';
import { reconnect } from '#cluster/formation/reconnection.js';
import { changeConfiguration } from '#cluster/formation/configuration-change.js';
import { renamedElements } from '#cluster/formation/renaming.js';
import { parseXml } from '#cluster/pacemaker/xml.js';
import { renderFencing } from '#cluster/fencing/fencing-resource.js';
import { fencingActions } from '#cluster/fencing/fencing-actions.js';
import test from 'ava';
import { type Box, Boxes, configuration, createInput, nodesIn, pair, stayOff } from './two-boxes.js';

// Only what reconnecting asks a job for.
const call = { progress() {}, log() {}, signal: new AbortController().signal } as unknown as JobCall;

test('disconnects: the active node goes on alone, the other one stays off', async (t) => {
  const { one, two } = await pair();
  await disconnect(one.parts);
  t.deepEqual([one.phase, two.phase], ['disconnected', 'disconnected']);
  t.deepEqual([one.parts.membership.current.keepsServices, two.parts.membership.current.keepsServices], [true, false]);
  t.is(await nodesIn(one), 1);
  t.is((await two.system.units.status('pacemaker.service')).activeState, 'inactive');
  t.not(await two.system.files.read(stayOff), undefined);
});

test('refuses to disconnect while the other node cannot be told, unless forced', async (t) => {
  const { one, two } = await pair();
  two.reachable = false;
  const failure = await t.throwsAsync(disconnect(one.parts), { instanceOf: ApplianceError });
  t.is(failure?.code, 'unavailable');
  t.is(one.phase, 'connected');
  const running = await t.throwsAsync(disconnect(one.parts, { force: true }), { instanceOf: ApplianceError });
  t.regex(running?.message ?? '', /^node2 could not be told to stay off, but it runs/);
  t.deepEqual([one.phase, await nodesIn(one)], ['connected', 2]);
  await two.powerOff();
  await disconnect(one.parts, { force: true });
  t.is(one.phase, 'disconnected');
});

test('reconnects with the same key, and the other node runs again', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  await disconnect(one.parts);
  await boxes.pass(reconnect(one.parts, undefined, call));
  t.deepEqual([one.phase, two.phase], ['connected', 'connected']);
  t.is(await two.system.files.read(stayOff), undefined);
  t.is(await one.system.files.read(configuration), await two.system.files.read(configuration));
});

/** As crm-fence-peer.sh left it when the other node was dead, beside a move by hand and both controllers. */
const named = (first: string, second: string) => `<configuration>
<resources>
${[first, second].map((node) => controllerOf(node, 'geheim')).join('\n')}
<primitive id="lamp" class="ocf" provider="pacemaker" type="Dummy"/>
</resources>
<constraints>
<rsc_location id="location-lamp" rsc="lamp" node="${first}" score="100"/>
<rsc_location rsc="drbd-data-clone" id="drbd-fence-by-handler-gemel-drbd-data-clone">
<rule role="Master" score="-INFINITY" id="drbd-fence-by-handler-gemel-rule-drbd-data-clone">
<expression attribute="#uname" operation="ne" value="${first}" id="drbd-fence-by-handler-gemel-expr-drbd-data-clone"/>
</rule>
</rsc_location>
${[first, second].map(locationOf).join('\n')}
<rsc_colocation id="colocation-active" rsc="active" with-rsc="cluster-ip" score="INFINITY"/>
</constraints>
</configuration>
`;
const device = (node: string) => ({ node, address: '192.0.2.1', user: 'admin', lanplus: true, cipher: 3, testedAt: 7 });
const controllerOf = (node: string, password: string) =>
  /<primitive[^]*<\/primitive>/.exec(renderFencing(device(node), password))?.[0] ?? '';
const locationOf = (node: string) => /<rsc_location[^]*?\/>/.exec(renderFencing(device(node), ''))?.[0] ?? '';

/** A pair whose node 1 went on alone and got another name meanwhile. `cib` is what its Pacemaker was told, in order. */
async function renamedPair() {
  const boxes = await pair();
  const { one, two } = boxes;
  for (const box of [one, two]) {
    const { current } = box.parts.membership;
    const fencing = [device('node1'), device('node2')];
    await box.parts.membership.set({ ...current, options: current.options && { ...current.options, fencing } });
  }
  await disconnect(one.parts);
  const cib: string[] = [];
  const query = ['cibadmin', '--query', '--scope', 'configuration'];
  one.system.commands
    .once(query, named('node1', 'node2'))
    .always(query, named('node1b', 'node2'))
    .always(
      ['cibadmin', '--modify', '--allow-create', '--scope', 'configuration', '--xml-pipe'],
      (_argv, { input }) => {
        cib.push(joined(input ?? ''));
        return '';
      },
    )
    .always(['cibadmin', '--delete-all', '--force', '--xpath', /fence-node/], (argv) => {
      cib.push(argv.at(-1) ?? '');
      return '';
    })
    .always(['crm_attribute', '--type', 'crm_config', '--name', 'maintenance-mode', '--update', /./], (argv) => {
      cib.push(`hands off: ${argv.at(-1)}`);
      return '';
    });
  one.hostName = 'node1b';
  return { boxes, cib };
}

/** Blanks between elements mean nothing. */
const joined = (xml: string) => xml.replaceAll(/>\s+</g, '><').trim();

const merged = (...[first, former]: [string, string]) => [
  joined(`<configuration>
<resources>
${controllerOf(first, 'geheim')}
</resources>
<constraints>
${/<rsc_location id="location-lamp"[^]*?<\/rsc_location>/.exec(named(first, 'node2'))?.[0]}
${locationOf(first)}
</constraints>
</configuration>
`),
  `//rsc_location[@rsc="fence-${former}"]`,
  `//primitive[@id="fence-${former}"]`,
];

test('a host name that changed while the nodes ran apart is carried into constraints and fencing before Pacemaker acts again', async (t) => {
  const { boxes, cib } = await renamedPair();
  await boxes.pass(reconnect(boxes.one.parts, undefined, call));
  t.deepEqual(cib, ['hands off: true', ...merged('node1b', 'node1'), 'hands off: false']);
  for (const box of [boxes.one, boxes.two]) {
    const { options, nodes } = box.parts.membership.current;
    t.deepEqual(options?.fencing, [device('node1b'), device('node2')]);
    t.deepEqual(
      nodes.map(({ hostName }) => hostName),
      ['node1b', 'node2'],
    );
  }
});

test('a reconnection that fails gives the former names back before Pacemaker acts again', async (t) => {
  const { boxes, cib } = await renamedPair();
  boxes.two.system.units.failNext('pacemaker.service');
  await t.throwsAsync(boxes.pass(reconnect(boxes.one.parts, undefined, call)));
  t.deepEqual(cib, [
    'hands off: true',
    ...merged('node1b', 'node1'),
    'hands off: false',
    ...merged('node1', 'node1b'),
    'hands off: false',
  ]);
  t.deepEqual(boxes.one.parts.membership.current.options?.fencing, [device('node1'), device('node2')]);
});

test('two nodes that exchange their names exchange their controllers, and none is forgotten', async (t) => {
  const configuration = await parseXml(named('node1', 'node2'));
  const turned = new Map([
    ['node1', 'node2'],
    ['node2', 'node1'],
  ]);
  const { merged: elements, gone } = renamedElements(configuration, turned);
  t.deepEqual(gone, []);
  t.true(elements?.includes(locationOf('node1')) && elements.includes(locationOf('node2')));
  t.deepEqual(renamedElements(configuration, new Map([['node9', 'node8']])), { merged: undefined, gone: [] });
});

test('stays disconnected on both when a reconnection fails, and the other node stays off', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  await disconnect(one.parts);
  two.system.units.failNext('pacemaker.service');
  await t.throwsAsync(boxes.pass(reconnect(one.parts, undefined, call)));
  t.deepEqual([one.phase, two.phase], ['disconnected', 'disconnected']);
  t.not(await two.system.files.read(stayOff), undefined);
  t.is(one.paired?.hostName, 'node2');
});

test('disbands one node; the other one goes on as a cluster of one', async (t) => {
  const { one, two } = await pair();
  const said = await disband(two.parts);
  t.is(said[0], 'node1 goes on alone.');
  t.deepEqual([one.phase, two.phase], ['created', 'none']);
  t.deepEqual([one.paired, two.paired], [undefined, undefined]);
  t.is(await two.system.files.read(configuration), undefined);
  t.is(await nodesIn(one), 1);
});

test('disbands a node whose other one is dead, and says so', async (t) => {
  const { one, two } = await pair();
  two.reachable = false;
  const said = await disband(one.parts);
  t.regex(said[0] ?? '', /^node2 could not be told/);
  t.is(one.phase, 'none');
});

test('takes a new box in the place of a lost one', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  two.reachable = false;
  await disband(two.parts);
  two.reachable = true;
  await dropOther(one.parts);
  await boxes.pass(boxes.connect());
  t.deepEqual([one.phase, two.phase], ['connected', 'connected']);
});

test('rotates the key on both nodes', async (t) => {
  const { one, two } = await pair();
  const key = async (box: Box) => box.system.files.read('/var/lib/gemel/cluster/authkey');
  const fresh = 'k'.repeat(256);
  await changeConfiguration(one.parts, (current) => current, { key: fresh });
  t.deepEqual([await key(one), await key(two)], [fresh, fresh]);
});

test('keeps the key when this node cannot use another one', async (t) => {
  const { one, two } = await pair();
  const key = async (box: Box) => box.system.files.read('/var/lib/gemel/cluster/authkey');
  const before = await key(one);
  one.system.commands.once(['corosync-cfgtool', '-R'], { exitCode: 1, stderr: 'no' });
  const fresh = 'k'.repeat(256);
  await t.throwsAsync(changeConfiguration(one.parts, (current) => current, { key: fresh }));
  t.deepEqual([await key(one), await key(two)], [before, before]);
});

test('takes a creation back when Pacemaker does not come up', async (t) => {
  const { one } = new Boxes();
  one.system.units.failNext('pacemaker.service');
  const before = await one.state();
  await t.throwsAsync(createCluster(one.parts, createInput, { signal: new AbortController().signal }));
  t.deepEqual(await one.state(), before);
});

const controllers = ['node1', 'node2'].map((node) => {
  return { node, address: '192.0.2.1', user: 'admin', lanplus: true, cipher: 3, testedAt: null };
});

/** The engines' answers are those of healthy ones. */
async function fencedPair() {
  const boxes = await pair();
  for (const box of [boxes.one, boxes.two]) {
    const { current } = box.parts.membership;
    const options = current.options === null ? null : { ...current.options, fencing: [] };
    await box.parts.membership.set({ ...current, options });
    box.system.commands
      .always(['cibadmin', '--delete-all', '--force', '--xpath', /./])
      .always(['stonith_admin', '--confirm', /./]);
    box.system.faults.clear();
  }
  const { current } = boxes.one.parts.membership;
  if (current.options === null) throw new Error('a pair has options');
  const planned = { ...current, options: { ...current.options, fencing: controllers } };
  return { one: boxes.one, two: boxes.two, planned };
}

const keyOf = async (box: Box) => box.system.files.read('/var/lib/gemel/cluster/authkey');
const fresh = 'k'.repeat(256);
const rotate = (box: Box) => changeConfiguration(box.parts, (current) => current, { key: fresh });

/** How many times a rotation touches the world of each node. */
async function stepsOfRotation() {
  const boxes = await pair();
  for (const box of [boxes.one, boxes.two]) box.system.faults.clear();
  await rotate(boxes.one);
  return { one: boxes.one.system.faults.journal, two: boxes.two.system.faults.journal };
}

for (const subject of ['one', 'two'] as const) {
  test(`both nodes have one key on their disks, at whichever step of a change node ${subject} is killed`, async (t) => {
    for (const [index, step] of (await stepsOfRotation())[subject].entries()) {
      const boxes = await pair();
      const box = boxes[subject];
      box.system.faults.clear();
      box.system.faults.crashAt(index + 1);
      const rotating = rotate(boxes.one).catch(() => {});
      // The other one's patience is over then: what it could not take back is taken back when its core starts.
      await boxes.clock.advance(60_000);
      await box.crashAndRestart();
      await boxes.pass(box.recover());
      if (subject === 'two') {
        await boxes.pass(rotating);
        await boxes.one.crashAndRestart();
        await boxes.pass(boxes.one.recover());
      }
      const where = `killed before step ${index + 1}: ${step}`;
      t.is(await keyOf(boxes.one), await keyOf(boxes.two), where);
      t.is(boxes.one.parts.journal.open, undefined, where);
    }
  });
}

test('a change that cannot be taken back over there is known as one, and is taken back when core starts', async (t) => {
  const boxes = await pair();
  const { one, two } = boxes;
  const before = await keyOf(one);
  one.system.commands.once(['corosync-cfgtool', '-R'], () => {
    two.reachable = false;
    return { exitCode: 1, stderr: 'no such key' };
  });
  const failure = await t.throwsAsync(boxes.pass(rotate(one)));
  t.regex(failure?.message ?? '', /no such key/);
  t.deepEqual([await keyOf(one), await keyOf(two)], [before, fresh]);
  await t.throwsAsync(boxes.pass(rotate(one)), { message: /under way already/ });
  two.reachable = true;
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.deepEqual([await keyOf(one), await keyOf(two)], [before, before]);
});

test('the controller of a lost node goes with it', async (t) => {
  const { one, two, planned } = await fencedPair();
  await one.parts.membership.set(planned);
  two.reachable = false;
  const deleted: string[] = [];
  one.system.commands.always(['cibadmin', '--delete-all', '--force', '--xpath', /fence-/], (argv) => {
    deleted.push(argv.at(-1) ?? '');
    return '';
  });
  const set: string[] = [];
  one.system.commands.always(['crm_attribute', '--type', 'crm_config', '--name', /./, '--update', /./], (argv) => {
    set.push(`${argv[4]}=${argv[6]}`);
    return '';
  });
  const { options } = await dropOther(one.parts);
  t.deepEqual(
    options?.fencing.map(({ node }) => node),
    ['node1'],
  );
  t.deepEqual(set, ['stonith-enabled=false', 'no-quorum-policy=ignore', 'priority-fencing-delay=0s']);
  t.deepEqual(deleted, ['//rsc_location[@rsc="fence-node2"]', '//primitive[@id="fence-node2"]']);
});

async function confirmOff(box: Box, node: string): Promise<unknown> {
  const action = fencingActions(box.parts).find(({ id }) => id === 'cluster.fencing.confirm');
  if (action?.kind !== 'call') throw new Error('it is not there');
  // Only what a call of an action is asked for here.
  return action.run({ node } as never, { signal: new AbortController().signal } as never);
}

test('only a node that is away is taken for switched off', async (t) => {
  const { one, two } = await fencedPair();
  await t.throwsAsync(confirmOff(one, 'node2'), { message: /is in the cluster and answers/ });
  await t.throwsAsync(confirmOff(one, 'node1'), { message: 'This node is not off.' });
  await t.throwsAsync(confirmOff(one, 'node9'), { message: /is no node of this cluster/ });
  await two.system.units.stop('pacemaker.service');
  t.deepEqual(await confirmOff(one, 'node2'), { node: 'node2' });
});

test('a creation that is taken back where nothing runs yet, as after a loss of power, brings up what a single appliance has', async (t) => {
  const { one } = new Boxes();
  one.system.units.add('gemel-active.target', 'inactive').failNext('pacemaker.service');
  await t.throwsAsync(createCluster(one.parts, createInput, { signal: new AbortController().signal }));
  t.is((await one.system.units.status('gemel-active.target')).activeState, 'active');
  const { journal } = one.system.faults;
  t.true(journal.indexOf('start gemel-cluster-volume@keep.service') < journal.indexOf('start gemel-active.target'));
  t.true(journal.includes('start gemel-cluster-volume@keep.service'));
});

test('a creation that is taken back leaves alone what runs', async (t) => {
  const { one } = new Boxes();
  one.system.units.failNext('pacemaker.service');
  await t.throwsAsync(createCluster(one.parts, createInput, { signal: new AbortController().signal }));
  const touched = one.system.faults.journal.filter((step) => /volume@|gemel-active|gemel-shared/.test(step));
  t.deepEqual(touched, []);
});
