import { redact } from '#core/access/redact.js';
import { jsonSchemaOf } from '#core/actions/action-schema.js';
import { renderFencing } from '#cluster/fencing/fencing-resource.js';
import { type Agent, readMetadata } from '#cluster/pacemaker/agents.js';
import { type ClusterChange, type FedCommand, Pacemaker } from '#cluster/pacemaker/pacemaker.js';
import { parseXml } from '#cluster/pacemaker/xml.js';
import { type Definition, readDefinition } from '#cluster/resources/definition.js';
import { checkParameters, readParameters } from '#cluster/resources/parameters.js';
import { type ReadingActionParts, readingActions } from '#cluster/resources/reading-actions.js';
import { reservation } from '#cluster/resources/reserved.js';
import { type ResourceActionParts, resourceActions } from '#cluster/resources/resource-actions.js';
import { createResource, deleteResource, updateResource } from '#cluster/resources/resource-changes.js';
import type { ActionCall } from '@gemel/core/sdk';
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

test('the password of a management controller, and other secrets of agents, are not shown', async (t) => {
  const device = { node: 'node1', address: '10.77.0.9', user: 'admin', lanplus: true, cipher: 3, testedAt: null };
  const [fence = ''] = renderFencing(device, 'geheim').match(/<primitive[\s\S]*<\/primitive>/) ?? [];
  const other = `<primitive id="plug" class="stonith" type="fence_apc_snmp"><instance_attributes id="i">
    <nvpair id="1" name="snmp_priv_passwd" value="geheim"/><nvpair id="2" name="community" value="geheim"/>
    <nvpair id="3" name="secret_key" value="geheim"/><nvpair id="4" name="api_token" value="geheim"/>
    <nvpair id="5" name="passive" value="1"/></instance_attributes></primitive>`;
  const system = new ScriptedSystem();
  const query = ['cibadmin', '--query', '--xpath'];
  for (const [id, xml] of [
    ['fence-node1', fence],
    ['plug', other],
  ] as const) {
    system.commands
      .always([...query, `/cib/configuration/resources//primitive[@id="${id}"]`], xml)
      .always([...query, new RegExp(`rsc_colocation\\[@rsc="${id}"`)], { exitCode: 105, stderr: 'none\n' });
  }
  // only the cluster itself is asked
  const parts = {
    pacemaker: new Pacemaker(system.commands),
    changes: { requireCluster() {} },
  } as unknown as ReadingActionParts;
  const show = readingActions(parts).find(({ id }) => id === 'cluster.resource.show');
  if (show?.kind !== 'call') throw new Error('it cannot be shown');
  const shown = async (name: string) => {
    const call = { signal: new AbortController().signal } as ActionCall; // the only part of it that is used here
    const output = await show.run({ name }, call);
    t.false(JSON.stringify([output, show.present(output)]).includes('geheim'), name);
    return (output as Definition).parameters;
  };
  t.like(await shown('fence-node1'), { ip: '10.77.0.9', username: 'admin', password: '(secret)' });
  t.deepEqual(await shown('plug'), {
    snmp_priv_passwd: '(secret)',
    community: '(secret)',
    secret_key: '(secret)',
    api_token: '(secret)',
    passive: '1',
  });
});

test('what was given as parameters is not in the audit log', (t) => {
  const parts = {} as ResourceActionParts; // nothing is run
  const input = { name: 'lamp', agent: 'ocf:pacemaker:Dummy', parameters: ['passwd=geheim'] };
  for (const id of ['cluster.resource.create', 'cluster.resource.update']) {
    const action = resourceActions(parts).find((each) => each.id === id);
    if (action === undefined) throw new Error(`there is no ${id}`);
    t.deepEqual(redact(input, jsonSchemaOf(action.input, 'input')), { ...input, parameters: ['(hidden)'] }, id);
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
