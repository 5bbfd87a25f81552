import { ScriptedSystem } from '@gemel/core/testing';
import { ApplianceError } from '@gemel/core/sdk';
import { Agents, parseAgentName } from '#cluster/pacemaker/agents.js';
import { Pacemaker } from '#cluster/pacemaker/pacemaker.js';
import test from 'ava';
import { golden } from '../golden.js';

const mon = ['crm_mon', '--output-as=xml', '--inactive', '--exclude=operations'];

function scripted() {
  const system = new ScriptedSystem();
  return { commands: system.commands, pacemaker: new Pacemaker(system.commands) };
}

async function refusal(promise: Promise<unknown>): Promise<[string, string]> {
  try {
    await promise;
  } catch (failure) {
    if (failure instanceof ApplianceError) return [failure.code, failure.message];
    throw failure;
  }
  throw new Error('was not refused');
}

test('says that Pacemaker does not run instead of what its client said', async (t) => {
  const { commands, pacemaker } = scripted();
  commands.always(mon, { exitCode: 102, stderr: 'crm_mon: Connection to cluster failed: Connection refused\n' });
  t.deepEqual(await refusal(pacemaker.picture()), [
    'unavailable',
    'Pacemaker does not run on this node. Look at: systemctl status pacemaker',
  ]);
});

test('passes on what the program complained of in its XML', async (t) => {
  const { commands, pacemaker } = scripted();
  const stdout =
    '<pacemaker-result><status code="105" message="No such object"><errors><error>crm_resource: Node \'node9\' not found\nError performing operation: No such object</error></errors></status></pacemaker-result>';
  commands.always(['crm_resource', '--move'], { exitCode: 105, stdout });
  t.deepEqual(await refusal(pacemaker.run(['crm_resource', '--move'])), [
    'not-found',
    "crm_resource refused: Node 'node9' not found",
  ]);
});

test('names the program behind env', async (t) => {
  const { commands, pacemaker } = scripted();
  commands.always(['env', 'CIB_file=/x', 'cibadmin', '--modify'], {
    exitCode: 78,
    stderr: 'Call cib_modify failed: Update does not conform to the configured schema\n',
  });
  t.deepEqual(await refusal(pacemaker.run(['env', 'CIB_file=/x', 'cibadmin', '--modify'])), [
    'invalid',
    'cibadmin refused: Call cib_modify failed: Update does not conform to the configured schema',
  ]);
});

test('finds nothing where nothing matches', async (t) => {
  const { commands, pacemaker } = scripted();
  commands.always(['cibadmin', '--query', '--xpath', '//none'], { exitCode: 105, stderr: 'Call cib_query failed\n' });
  t.deepEqual(await pacemaker.find('//none'), []);
});

test('finds one element or several', async (t) => {
  const { commands, pacemaker } = scripted();
  commands.always(['cibadmin', '--query', '--xpath', '//one'], '<one id="a"/>');
  commands.always(['cibadmin', '--query', '--xpath', '//two'], '<xpath-query><two id="a"/><two id="b"/></xpath-query>');
  const ids = async (xpath: string) => (await pacemaker.find(xpath)).map(({ attributes }) => attributes['id']);
  t.deepEqual([await ids('//one'), await ids('//two')], [['a'], ['a', 'b']]);
});

function withAgents() {
  const { commands, pacemaker } = scripted();
  const list = (option: string, ...names: readonly string[]) => {
    const items = names.map((name) => `<agent>${name}</agent>`).join('');
    commands.always(['crm_resource', '--output-as=xml', option], `<pacemaker-result>${items}</pacemaker-result>`);
  };
  commands.always(
    ['crm_resource', '--output-as=xml', '--list-ocf-providers'],
    '<pacemaker-result><providers><provider>heartbeat</provider><provider>pacemaker</provider></providers></pacemaker-result>',
  );
  list('--list-agents=ocf:heartbeat', 'Dummy', 'IPaddr2');
  list('--list-agents=ocf:pacemaker', 'Dummy', 'ping');
  list('--list-agents=systemd', 'cron');
  list('--list-agents=lsb');
  for (const name of ['ocf:heartbeat:IPaddr2', 'ocf:pacemaker:Dummy', 'systemd:cron']) {
    const file = `metadata-${name.replaceAll(':', '-')}.xml`;
    commands.always(['crm_resource', `--show-metadata=${name}`], golden(file));
  }
  return { commands, agents: new Agents(pacemaker) };
}

test('lists agents of all standards and providers', async (t) => {
  const { agents } = withAgents();
  t.deepEqual(await agents.list(), [
    'ocf:heartbeat:Dummy',
    'ocf:heartbeat:IPaddr2',
    'ocf:pacemaker:Dummy',
    'ocf:pacemaker:ping',
    'systemd:cron',
  ]);
});

test("reads an agent's parameters and operations", async (t) => {
  const { agents } = withAgents();
  const agent = await agents.describe('ocf:heartbeat:IPaddr2');
  t.is(agent.parameters.find(({ name }) => name === 'ip')?.required, true);
  t.is(agent.parameters.find(({ name }) => name === 'cidr_netmask')?.required, false);
  t.deepEqual(
    agent.operations.find(({ name }) => name === 'monitor'),
    { name: 'monitor', timeout: '20s', interval: '10s', role: null },
  );
  t.false(agent.promotable);
});

test('names agents that are alike instead of one that is not there', async (t) => {
  const { commands, agents } = withAgents();
  commands.always(['crm_resource', '--show-metadata=ocf:heartbeat:ipaddr'], { exitCode: 105, stderr: 'failed\n' });
  t.deepEqual(await refusal(agents.describe('ocf:heartbeat:ipaddr')), [
    'not-found',
    'There is no agent ocf:heartbeat:ipaddr on this node. Did you mean ocf:heartbeat:IPaddr2?',
  ]);
  t.deepEqual(await refusal(agents.describe('Dummy')), [
    'not-found',
    'There is no agent Dummy on this node. Did you mean ocf:heartbeat:Dummy or ocf:pacemaker:Dummy?',
  ]);
});

test('does not take invented metadata of a unit that does not exist', async (t) => {
  const { commands, agents } = withAgents();
  commands.always(['crm_resource', '--show-metadata=systemd:nothing'], golden('metadata-systemd-cron.xml'));
  t.is((await refusal(agents.describe('systemd:nothing')))[0], 'not-found');
  t.is((await agents.describe('systemd:cron')).parameters.length, 0);
});

test('takes apart names of agents', (t) => {
  t.deepEqual(parseAgentName('ocf:heartbeat:IPaddr2'), { standard: 'ocf', provider: 'heartbeat', type: 'IPaddr2' });
  t.deepEqual(parseAgentName('systemd:foo@bar'), { standard: 'systemd', provider: undefined, type: 'foo@bar' });
  for (const wrong of ['ocf:Dummy', 'stonith:fence_ipmilan', 'a b', 'ocf:x:y z', '']) {
    t.is(parseAgentName(wrong), undefined, wrong);
  }
});
