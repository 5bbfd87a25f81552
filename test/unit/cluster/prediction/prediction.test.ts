import { ScriptedSystem } from '@gemel/core/testing';
import { cleanUp, maintenanceOn } from '#cluster/pacemaker/changes.js';
import { Pacemaker } from '#cluster/pacemaker/pacemaker.js';
import { parseXml } from '#cluster/pacemaker/xml.js';
import { readPrediction, withConcerns } from '#cluster/prediction/prediction.js';
import { Simulator } from '#cluster/prediction/simulator.js';
import test from 'ava';
import { golden } from '../golden.js';

const predicted = async (name: string) => readPrediction(await parseXml(golden(`crm-simulate-${name}.xml`)));

test('says step by step what maintenance of the active node does', async (t) => {
  const { steps, stopped, activeNode } = await predicted('standby');
  t.deepEqual(
    steps.map(({ text }) => text),
    [
      'drbd-data stops on node1',
      'drbd-data becomes active on node2',
      'data moves from node1 to node2',
      'cluster-ip moves from node1 to node2',
      'active moves from node1 to node2',
      'external stops on node1',
      'site-shop moves from node1 to node2',
    ],
  );
  t.deepEqual([stopped, activeNode], [[], 'node2']);
});

test('says what is interrupted', async (t) => {
  const { interrupted } = await predicted('standby');
  t.deepEqual(interrupted, ['drbd-data', 'data', 'cluster-ip', 'active', 'external', 'site-shop']);
});

test('a pair that is as it should be is left alone', async (t) => {
  const { steps, interrupted, stopped, activeNode } = await predicted('nothing');
  t.deepEqual(
    { steps, interrupted, stopped, activeNode },
    { steps: [], interrupted: [], stopped: [], activeNode: 'node1' },
  );
});

test('says what is lacking or does not fit only when the active role would go to the other node', async (t) => {
  const pair = {
    activeNode: 'node1',
    reasons: [
      { reason: 'no-fencing', blocking: false, text: 'Set one up.' },
      { reason: 'site-versions-missing', blocking: true, text: 'node2 lacks pages.' },
      { reason: 'sites-do-not-fit', blocking: false, text: 'They need 2 MiB.' },
    ] as const,
  };
  const concerns = async (name: string) =>
    withConcerns(await predicted(name), { ...pair, reasons: [...pair.reasons] }).concerns;
  t.deepEqual(await concerns('standby'), ['node2 lacks pages.', 'They need 2 MiB.']);
  t.deepEqual(await concerns('nothing'), []);
});

const simulate = (input: string, ...options: readonly string[]) => [
  'env',
  'CIB_shadow_dir=/run/gemel/cluster',
  'crm_simulate',
  `--xml-file=/run/gemel/cluster/${input}`,
  ...options,
  '--output-as=xml',
];

test('tries the very commands of a change on a copy of the configuration, and leaves nothing behind', async (t) => {
  const system = new ScriptedSystem();
  const copy = '/run/gemel/cluster/what-if-1.xml';
  system.commands
    .once(['cibadmin', '--query'], '<cib/>')
    .once(['env', `CIB_file=${copy}`, 'crm_attribute', '--node', 'node1', '--name', 'standby', '--update', 'on'])
    .once(simulate('what-if-1.xml', '--simulate'), () => {
      t.is(system.files.entries().get(copy)?.content, '<cib/>');
      return golden('crm-simulate-standby.xml');
    });
  const simulator = new Simulator(new Pacemaker(system.commands), system.files);
  t.is((await simulator.predict(maintenanceOn('node1'))).activeNode, 'node2');
  t.deepEqual(await system.files.list('/run/gemel/cluster'), []);
  t.notThrows(() => system.verify());
});

test('what only the daemons can do is not tried on a copy', async (t) => {
  const system = new ScriptedSystem();
  system.commands
    .once(['cibadmin', '--query'], '<cib/>')
    .once(simulate('what-if-1.xml', '--simulate'), golden('crm-simulate-nothing.xml'));
  const simulator = new Simulator(new Pacemaker(system.commands), system.files);
  t.deepEqual((await simulator.predict(cleanUp('lamp', undefined))).steps, []);
  t.notThrows(() => system.verify());
});

test('calculates the loss of a node in two steps', async (t) => {
  const system = new ScriptedSystem();
  system.commands
    .once(['cibadmin', '--query'], '<cib/>')
    .once(['crm_mon', '--output-as=xml', '--inactive', '--exclude=operations'], golden('crm-mon-pair.xml'))
    .once(
      simulate('what-if-1.xml', '--node-down=node1', '--save-input=/run/gemel/cluster/what-if-1-fault.xml'),
      '<pacemaker-result/>',
    )
    .once(simulate('what-if-1-fault.xml', '--simulate'), golden('crm-simulate-node-lost.xml'));
  const simulator = new Simulator(new Pacemaker(system.commands), system.files);
  const { interrupted, stopped } = await simulator.predict({ commands: [] }, { nodeLost: 'node1' });
  t.deepEqual(interrupted, ['data', 'cluster-ip', 'active', 'site-shop']);
  t.deepEqual(stopped, []);
  t.notThrows(() => system.verify());
});
