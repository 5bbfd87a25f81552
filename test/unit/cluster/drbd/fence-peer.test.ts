import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { ScriptFolder } from '../../script-folder.js';
import { golden, goldenPath } from '../golden.js';

const handler = new URL('../../../../../systemd/libexec/gemel-fence-peer', import.meta.url);
const drbdUtils = '/usr/lib/drbd/crm-fence-peer.sh';

/** What the handler of drbd-utils, which does what is said, gets from a cibadmin that does what is said. */
function asks(t: ExecutionContext, words: string, cibadmin: string) {
  const folder = new ScriptFolder(t);
  folder.program('cibadmin', cibadmin);
  folder.program('stock', words);
  folder.executable('handler', readFileSync(handler, 'utf8').replace(drbdUtils, folder.path('bin/stock')));
  return spawnSync(folder.path('handler'), [], { encoding: 'utf8', env: folder.environment() });
}

test('tells the handler of drbd-utils in its own words who is a member, and who was switched off', (t) => {
  const { stdout } = asks(t, 'cibadmin -Q', `cat '${goldenPath('node-states-pacemaker-3.xml')}'`);
  const states = [...stdout.matchAll(/in_ccm="(\w+)" crmd="(\w+)" .*expected="(\w+)"/g)].map(([, ...words]) => words);
  t.deepEqual(states, [
    ['true', 'online', 'member'],
    ['false', 'offline', 'member'],
    ['false', 'offline', 'down'],
  ]);
  t.is(
    stdout.replace(/<node_state .*>/g, ''),
    golden('node-states-pacemaker-3.xml').replace(/<node_state .*>/g, ''),
    'nothing else is changed',
  );
});

test('what Pacemaker 2.1 says stays as it is', (t) => {
  const line = '<node_state id="1" uname="node1" in_ccm="false" crmd="offline" join="down" expected="down"/>';
  t.is(asks(t, 'cibadmin -Q', `echo '${line}'`).stdout, `${line}\n`);
});

test('a cibadmin that fails fails, and one that says nothing says nothing', (t) => {
  t.is(asks(t, 'cibadmin -Q -t 1; exit $?', 'exit 105').status, 105);
  t.deepEqual(asks(t, 'cibadmin -C -o constraints -X "<x/>"', 'exit 0').stdout, '');
});

/** The handler of a node whose DRBD, role and quorum are these. */
function gives(t: ExecutionContext, role: string, { isolated = 0, policy = 'stop', quorate = 'Yes' } = {}) {
  const folder = new ScriptFolder(t);
  folder.put('proc-drbd', ` 0: cs:WFConnection ro:${role}/Unknown ds:UpToDate/DUnknown C s-----\n`);
  folder.program('stock', 'exit 5');
  folder.program('attrd_updater', `echo "name=\\"isolated\\" host=\\"$(hostname)\\" value=\\"${isolated}\\""`);
  folder.program('crm_attribute', `echo ${policy}`);
  folder.program('corosync-quorumtool', `echo "Quorate:          ${quorate}"`);
  for (const name of ['drbdadm', 'sleep']) folder.program(name);
  const text = readFileSync(handler, 'utf8').replace(drbdUtils, folder.path('bin/stock'));
  folder.executable('handler', text.replace('/proc/drbd', folder.path('proc-drbd')));
  return spawnSync(folder.path('handler'), [], { encoding: 'utf8', env: folder.environment() }).status;
}

test('a node that must give up what it carries is not told that the other one is dead', (t) => {
  t.is(gives(t, 'Primary', { isolated: 1 }), 1);
  t.is(gives(t, 'Primary', { quorate: 'No' }), 1);
  t.is(gives(t, 'Primary', { quorate: 'No', policy: 'ignore' }), 5);
  t.is(gives(t, 'Primary'), 5);
  t.is(gives(t, 'Secondary', { isolated: 1 }), 5);
});
