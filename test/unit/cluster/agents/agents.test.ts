import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ScriptFolder } from '../../script-folder.js';

const repository = new URL('../../../../../', import.meta.url).pathname;
const [running, notRunning, failed] = [0, 7, 1];
/** What the agent of resource-agents or Pacemaker ends with here, when it is asked. */
const handedOver = 42;

interface Given {
  readonly agent: string;
  readonly action?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Programs in front of all others: text of a shell script each. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Text of the stock agent. */
  readonly stock?: string;
}

function run(
  t: ExecutionContext,
  { agent, action = 'monitor', environment = {}, programs = {}, stock = `exit ${handedOver}` }: Given,
) {
  const folder = new ScriptFolder(t);
  for (const name of ['heartbeat/IPaddr2', 'heartbeat/Filesystem', 'pacemaker/ping'])
    folder.executable(`resource.d/${name}`, `#!/bin/sh\n${stock}\n`);
  for (const [name, text] of Object.entries(programs)) folder.program(name, text);
  const { status, stderr } = spawnSync(join(repository, 'ocf/gemel', agent), [action], {
    encoding: 'utf8',
    env: folder.environment({ OCF_ROOT: folder.folder, ...environment }),
  });
  return { status, stderr, record: folder.record };
}

const address = { OCF_RESKEY_ip: '10.77.0.100', OCF_RESKEY_cidr_netmask: '24', OCF_RESKEY_CRM_meta_timeout: '60000' };
const shows = (line: string) => ({ ip: `[ "$*" = "-o address show up to 10.77.0.100" ] && echo '${line}'; exit 0` });

test('the cluster IP is here when an interface that is up has it', (t) => {
  const here = shows('3: bond0    inet 10.77.0.100/24 brd 10.77.0.255 scope global secondary bond0');
  t.is(run(t, { agent: 'IPaddr2', environment: address, programs: here }).status, running);
});

test('the cluster IP is not here without an address, or with another prefix', (t) => {
  t.is(run(t, { agent: 'IPaddr2', environment: address, programs: { ip: 'exit 0' } }).status, notRunning);
  const other = shows('3: bond0    inet 10.77.0.100/32 scope global bond0');
  t.is(run(t, { agent: 'IPaddr2', environment: address, programs: other }).status, notRunning);
});

test('everything else about an address is asked of the stock agent', (t) => {
  const programs = { ip: 'exit 0' };
  for (const action of ['start', 'stop', 'meta-data', 'validate-all', 'nonsense']) {
    t.is(run(t, { agent: 'IPaddr2', action, environment: address, programs }).status, handedOver, action);
  }
  for (const more of [{ OCF_RESKEY_lvs_support: 'true' }, { OCF_RESKEY_CRM_meta_clone: '0' }, { OCF_RESKEY_ip: '' }]) {
    t.is(run(t, { agent: 'IPaddr2', environment: { ...address, ...more }, programs }).status, handedOver);
  }
  t.is(run(t, { agent: 'IPaddr2', environment: address, programs: { ip: 'exit 1' } }).status, handedOver);
});

test('an address that went with its cable while it was removed is removed', (t) => {
  const stock = '[ -s $RECORD ] && exit 0; echo "Unable to remove IP" > $RECORD; exit 1';
  t.is(run(t, { agent: 'IPaddr2', action: 'stop', environment: address, stock }).status, running);
});

test('a volume is here when something is mounted at its folder', (t) => {
  const at = (directory: string, more = {}) =>
    run(t, { agent: 'Filesystem', environment: { OCF_RESKEY_directory: directory, ...more } }).status;
  t.is(at('/proc'), running);
  t.is(at('/proc/nowhere'), notRunning);
  t.is(at('/proc', { OCF_CHECK_LEVEL: '20' }), handedOver);
  t.is(at('/proc', { OCF_RESKEY_options: 'bind' }), handedOver);
  t.is(at('/a folder'), handedOver);
  t.is(run(t, { agent: 'Filesystem', action: 'stop', environment: {} }).status, handedOver);
});

const external = {
  OCF_RESKEY_host_list: '10.77.0.1 10.77.0.2',
  OCF_RESKEY_name: 'external',
  OCF_RESKEY_dampen: '1s',
  OCF_RESKEY_attempts: '2',
  OCF_RESKEY_timeout: '1',
  OCF_RESKEY_options: '-i 0.2',
};
const attrd = (code: number) => `echo "attrd_updater $*" >> $RECORD; exit ${code}`;

test('Pacemaker is told how many references answer', (t) => {
  const here = { ...external, OCF_RESKEY_pidfile: repository };
  const ping = 'echo "ping $*" >> $RECORD; case $* in *10.77.0.2) exit 1 ;; esac';
  const { status, record } = run(t, { agent: 'ping', environment: here, programs: { ping, attrd_updater: attrd(0) } });
  t.is(status, running);
  t.deepEqual(record, [
    'ping -n -q -W 1 -c 2 -i 0.2 10.77.0.1',
    'ping -n -q -W 1 -c 2 -i 0.2 10.77.0.2',
    'attrd_updater -n external -v 1 -d 1s',
  ]);
  const deaf = run(t, { agent: 'ping', environment: here, programs: { ping, attrd_updater: attrd(1) } });
  t.is(deaf.status, failed);
  t.regex(deaf.stderr, /ocf-exit-reason:/);
});

test('nobody is pinged before it was started, and the rest is asked of the stock agent', (t) => {
  const programs = { ping: 'exit 0', attrd_updater: attrd(0) };
  const away = { ...external, OCF_RESKEY_pidfile: join(repository, 'nowhere') };
  t.deepEqual([run(t, { agent: 'ping', environment: away, programs }).status], [notRunning]);
  t.is(run(t, { agent: 'ping', action: 'start', environment: away, programs }).status, handedOver);
  t.is(run(t, { agent: 'ping', environment: { ...away, OCF_RESKEY_multiplier: '5' }, programs }).status, handedOver);
  t.is(run(t, { agent: 'ping', environment: external, programs }).status, handedOver);
});

const site = { OCF_RESKEY_site: 'shop' };

test('a site of which systemd says nothing counts neither as stopped nor as not running', (t) => {
  const dead = { systemctl: 'echo "Failed to connect to bus" >&2; exit 1' };
  for (const action of ['monitor', 'stop']) {
    t.is(run(t, { agent: 'site', action, environment: site, programs: dead }).status, failed, action);
  }
});

test('a site that has ended is stopped, and not running', (t) => {
  const ended = {
    systemctl: 'case $1 in show) printf "ActiveState=inactive\\nSubState=dead\\n" ;; stop) exit 1 ;; esac',
  };
  t.is(run(t, { agent: 'site', environment: site, programs: ended }).status, notRunning);
  t.is(run(t, { agent: 'site', action: 'stop', environment: site, programs: ended }).status, running);
});

test('each of them is a shell script without a mistake in it', (t) => {
  for (const agent of ['IPaddr2', 'Filesystem', 'ping', 'active', 'site']) {
    const { status, stderr } = spawnSync('bash', ['-n', join(repository, 'ocf/gemel', agent)], { encoding: 'utf8' });
    t.deepEqual([status, stderr], [0, ''], agent);
  }
  t.regex(readFileSync(join(repository, 'ocf/gemel/IPaddr2'), 'utf8'), /^#!\/bin\/bash/);
});
