import { type Agent, readMetadata } from '#cluster/pacemaker/agents.js';
import { type ClusterChange, type FedCommand, Pacemaker } from '#cluster/pacemaker/pacemaker.js';
import { parseXml } from '#cluster/pacemaker/xml.js';
import { readDefinition } from '#cluster/resources/definition.js';
import { checkParameters, readParameters } from '#cluster/resources/parameters.js';
import { reservation } from '#cluster/resources/reserved.js';
import { createResource, deleteResource, updateResource } from '#cluster/resources/resource-changes.js';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { golden } from '../golden.js';

async function agent(name: string): Promise<Agent> {
  return readMetadata(name, await parseXml(golden(`metadata-${name.replaceAll(':', '-')}.xml`)));
}

const check = async (name: string, ...words: readonly string[]) => {
  const { values, reports } = readParameters(words);
  return [...reports, ...checkParameters(await agent(name), values)].map(({ code, path }) => `${code} ${path}`);
};

test('takes what the agent knows', async (t) => {
  t.deepEqual(await check('ocf:heartbeat:IPaddr2', 'ip=10.77.0.101', 'cidr_netmask=24'), []);
  t.deepEqual(await check('ocf:pacemaker:Dummy'), []);
  t.deepEqual(await check('ocf:pacemaker:Dummy', 'fake=a=b'), []);
});

test('gives all reports at once', async (t) => {
  t.deepEqual(await check('ocf:heartbeat:IPaddr2', 'adress=10.77.0.101', 'lvs_support=perhaps', 'nic'), [
    'cluster.parameter.form ',
    'cluster.parameter.unknown adress',
    'cluster.parameter.boolean lvs_support',
    'cluster.parameter.missing ip',
  ]);
  t.deepEqual(
    await check('ocf:pacemaker:ping', 'host_list=192.0.2.1', 'attempts=few', 'multiplier=1', 'multiplier=2'),
    ['cluster.parameter.twice ', 'cluster.parameter.integer attempts'],
  );
});

test('a time is fine where the agent only calls it an integer', async (t) => {
  t.deepEqual(await check('ocf:pacemaker:ping', 'host_list=192.0.2.1', 'dampen=1s'), []);
  t.deepEqual(await check('ocf:pacemaker:ping', 'host_list=192.0.2.1', 'dampen=soon'), [
    'cluster.parameter.integer dampen',
  ]);
});

test('a required parameter cannot be taken away', async (t) => {
  t.deepEqual(await check('ocf:heartbeat:IPaddr2', 'ip='), ['cluster.parameter.missing ip']);
});

test('a parameter of choice must be one of its values', (t) => {
  const choosy: Agent = {
    name: 'ocf:test:choosy',
    summary: '',
    description: '',
    operations: [],
    promotable: false,
    parameters: [{ name: 'mode', type: 'select', required: false, default: null, values: ['a', 'b'], summary: '' }],
  };
  t.deepEqual(
    checkParameters(choosy, new Map([['mode', 'c']])).map(({ code }) => code),
    ['cluster.parameter.choice'],
  );
  t.deepEqual(checkParameters(choosy, new Map([['mode', 'b']])), []);
});

type Given = ClusterChange['commands'][number] | undefined;

function fed(command: Given): FedCommand {
  if (command === undefined || !('argv' in command)) throw new Error('nothing is given to it');
  return command;
}

function argvOf(command: Given): readonly string[] {
  return command === undefined ? [] : 'argv' in command ? command.argv : command;
}

test('a parameter, which may be a password, is in no argument of a program, be it tried or done', async (t) => {
  const system = new ScriptedSystem();
  const xpath = '/cib/configuration/resources//primitive[@id="lamp"]';
  const element = await parseXml(lamp);
  const dummy = await agent('ocf:pacemaker:Dummy');
  const parameters = new Map([['passwd', 'geheim']]);
  const wanted = { name: 'lamp', agent: dummy, parameters, monitorSeconds: 0, followActive: false };
  const resource = { ...readDefinition(element, false), element };
  for (const where of [
    ['--scope', 'configuration'],
    ['--xpath', xpath],
  ]) {
    const argv = ['cibadmin', '--modify', '--allow-create', ...where, '--xml-pipe'];
    system.commands.always(argv).always(['env', 'CIB_file=/copy', ...argv]);
  }
  const pacemaker = new Pacemaker(system.commands);
  for (const change of [
    createResource(wanted),
    updateResource(resource, dummy, { parameters, monitorSeconds: undefined }),
  ]) {
    await pacemaker.apply(change);
    await pacemaker.apply(change, undefined, (argv) => ['env', 'CIB_file=/copy', ...argv]);
  }
  t.is(system.commands.runs.length, 4);
  for (const { argv, input } of system.commands.runs) {
    t.false(argv.join(' ').includes('geheim'));
    t.true(input?.includes('value="geheim"'));
  }
});

test('a Dummy with a 30 s monitor comes into being in one step, where the active role is', async (t) => {
  const { commands } = createResource({
    name: 'lamp',
    agent: await agent('ocf:pacemaker:Dummy'),
    parameters: new Map([['fake', '<"blue">']]),
    monitorSeconds: 30,
    followActive: true,
  });
  t.is(commands.length, 1);
  const xml = await parseXml(fed(commands[0]).input);
  const [resources, constraints] = xml.children;
  const [primitive] = resources?.children ?? [];
  t.deepEqual(primitive === undefined ? undefined : readDefinition(primitive, true), {
    name: 'lamp',
    agent: 'ocf:pacemaker:Dummy',
    parameters: { fake: '<"blue">' },
    monitor: '30s',
    enabled: true,
    followsActive: true,
  });
  t.deepEqual(
    constraints?.children.map(({ name }) => name),
    ['rsc_colocation', 'rsc_order'],
  );
});

test('without a monitor and without a place of its own', async (t) => {
  const dummy = await agent('ocf:pacemaker:Dummy');
  const created = { name: 'lamp', agent: dummy, parameters: new Map(), monitorSeconds: 0, followActive: false };
  const xml = fed(createResource(created).commands[0]).input;
  t.false(xml.includes('name="monitor"'));
  t.true(xml.endsWith('<constraints></constraints></configuration>'));
});

const lamp = `<primitive id="lamp" class="ocf" provider="pacemaker" type="Dummy">
  <instance_attributes id="by-pcs"><nvpair id="by-pcs-fake" name="fake" value="1"/><nvpair id="by-pcs-state" name="state" value="/x"/></instance_attributes>
  <operations><op id="by-pcs-monitor" name="monitor" interval="30s" timeout="20s"/></operations>
</primitive>`;

test('a change keeps the ids that other tools gave', async (t) => {
  const element = await parseXml(lamp);
  const resource = { ...readDefinition(element, false), element };
  const parameters = new Map([
    ['fake', '2'],
    ['op_sleep', '1'],
    ['state', ''],
  ]);
  const { commands } = updateResource(resource, await agent('ocf:pacemaker:Dummy'), { parameters, monitorSeconds: 15 });
  t.deepEqual(commands, [
    {
      argv: [
        'cibadmin',
        '--modify',
        '--allow-create',
        '--xpath',
        '/cib/configuration/resources//primitive[@id="lamp"]',
        '--xml-pipe',
      ],
      input:
        '<primitive id="lamp"><instance_attributes id="by-pcs"><nvpair id="by-pcs-fake" name="fake" value="2"/><nvpair id="by-pcs-op_sleep" name="op_sleep" value="1"/></instance_attributes><operations><op id="by-pcs-monitor" name="monitor" interval="15s"/></operations></primitive>',
    },
    ['crm_resource', '--output-as=xml', '--resource', 'lamp', '--delete-parameter', 'state'],
  ]);
});

test('nothing to change is no command', async (t) => {
  const element = await parseXml(lamp);
  const resource = { ...readDefinition(element, false), element };
  const nothing = { parameters: new Map([['passwd', '']]), monitorSeconds: undefined };
  t.deepEqual(updateResource(resource, await agent('ocf:pacemaker:Dummy'), nothing).commands, []);
});

test('a resource goes with every constraint that names it, in one step', (t) => {
  const { commands } = deleteResource('lamp');
  t.is(commands.length, 1);
  const xpath = argvOf(commands[0]).at(-1) ?? '';
  for (const part of [
    '@rsc="lamp"',
    '@with-rsc="lamp"',
    '@then="lamp"',
    'resource_ref[@id="lamp"]',
    'primitive[@id="lamp"]',
  ]) {
    t.true(xpath.includes(part), part);
  }
});

test('what Gemel made itself is not touched by these commands', (t) => {
  const codes = (name: string) => reservation(name).map(({ code }) => code);
  for (const name of ['cluster-ip', 'drbd-data', 'site-shop', 'fence-node1']) {
    t.deepEqual(codes(name), ['cluster.resource.reserved'], name);
  }
  t.deepEqual(codes('lamp'), []);
});

test('reads a recorded resource', async (t) => {
  t.like(readDefinition(await parseXml(golden('cibadmin-primitive.xml')), false), {
    name: 'lamp',
    monitor: '30s',
    enabled: true,
  });
});
