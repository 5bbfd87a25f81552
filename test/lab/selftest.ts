/**
 * Proves the lab itself, with one lab of two containers and one of two VMs. Usage:
 * bash scripts/run test/lab/selftest.ts [vm|container]. Prints `N passed, N failed` last.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from '../../firmware/run-command.ts';
import { labFolders, NICS, type NodeKind } from './lab-layout.ts';
import { Lab } from './lab.ts';

let passed = 0;
let failed = 0;

async function check(title: string, body: () => Promise<void>): Promise<void> {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  try {
    await body();
    passed++;
    console.log(`  ok      ${title} (${seconds()})`);
  } catch (cause) {
    failed++;
    console.log(`  FAILED  ${title} (${seconds()})\n${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Repeats until it holds: what the kernel inside does about a carrier takes a moment. */
async function eventually(what: string, holds: () => Promise<boolean>, seconds = 15): Promise<void> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(100)) if (await holds()) return;
  assert.fail(`${what}: not within ${seconds} s`);
}

const [EXTERNAL, , SYNC] = NICS.map((nic) => nic.interfaceName);

async function carrier(lab: Lab, node: 'a' | 'b', name = ''): Promise<boolean> {
  return (await lab.node(node).exec(['cat', `/sys/class/net/${name}/carrier`])).stdout.trim() === '1';
}

async function exercise(kind: NodeKind, name: string): Promise<void> {
  console.log(`${kind}:`);
  let lab: Lab | undefined;
  await check('comes up with two nodes', async () => {
    lab = await Lab.up({ name, nodes: 2, kind, say: (line) => console.log(`          ${line}`) });
  });
  if (lab === undefined) return;
  await using running = lab;
  const { a, b } = { a: running.node('a'), b: running.node('b') };

  await check('passes output, error output and exit code of a command', async () => {
    const result = await a.exec(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    assert.deepEqual(result, { code: 7, stdout: 'out\n', stderr: 'err\n' });
  });
  await check('passes input, and keeps arguments apart', async () => {
    assert.equal(await a.must(['cat'], { input: 'in\0put\n' }), 'in\0put\n');
    assert.equal(await a.must(['printf', '[%s]', 'one two', "'$x"]), "[one two]['$x]");
  });
  await check('answers 127 for a command that is not there', async () => {
    assert.equal((await a.exec(['no-such-command'])).code, 127);
  });
  await check('ends a command at its time limit, and runs others meanwhile', async () => {
    const long = assert.rejects(a.exec(['sleep', '60'], { timeoutSeconds: 2 }));
    assert.equal((await a.exec(['true'])).code, 0);
    await long;
    await eventually('sleep is gone', async () => (await a.exec(['pgrep', '-x', 'sleep'])).code === 1);
  });
  await check('passes a megabyte of output', async () => {
    assert.equal((await a.must(['head', '-c', '1000000', '/dev/zero'])).length, 1_000_000);
  });
  await check('pushes a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gemel-lab-selftest-'));
    await mkdir(join(folder, 'inner'));
    await writeFile(join(folder, 'inner/file'), 'x'.repeat(300_000));
    await a.push(folder, '/root/pushed');
    await rm(folder, { recursive: true });
    assert.equal((await a.must(['stat', '-c', '%s', '/root/pushed/inner/file'])).trim(), '300000');
  });
  await check('has four NICs and the client reaches the external one', async () => {
    for (const [node, address] of [
      [a, '10.77.0.11/24'],
      [b, '10.77.0.12/24'],
    ] as const) {
      for (const nic of NICS) await node.must(['ip', 'link', 'set', nic.interfaceName, 'up']);
      await node.must(['ip', 'address', 'add', address, 'dev', EXTERNAL ?? '']);
    }
    await eventually('ping', async () => (await running.client.exec(['ping', '-c1', '-W1', '10.77.0.11'])).code === 0);
    assert.equal((await a.exec(['ping', '-c1', '-W2', '10.77.0.12'])).code, 0);
  });
  await check('has no way out', async () => {
    await a.must(['ip', 'route', 'add', 'default', 'via', '10.77.0.1']);
    assert.notEqual((await a.exec(['ping', '-c1', '-W1', '192.0.2.1'])).code, 0);
    const routes = await running.client.exec(['ip', 'route', 'show', 'default']);
    assert.equal(routes.stdout, '');
  });
  await check('cuts one external NIC of one node and heals it', async () => {
    await running.cut('external', { node: 'a', port: 0 });
    await eventually('no carrier', async () => !(await carrier(running, 'a', EXTERNAL)));
    assert.equal(await carrier(running, 'b', EXTERNAL), true);
    await running.heal('external', { node: 'a' });
    await eventually('carrier', () => carrier(running, 'a', EXTERNAL));
  });
  await check('deafens the external NICs of one node, which still sends', async () => {
    const pings = async () => (await running.client.exec(['ping', '-c1', '-W1', '10.77.0.11'])).code === 0;
    const received = async () =>
      Number(
        await running.client.exec(['cat', '/proc/net/snmp']).then(({ stdout }) => /^Icmp: (\d+)/m.exec(stdout)?.[1]),
      );
    // Deaf, it could not learn the client's hardware address any more.
    await a.must(['ping', '-c1', '-W1', '10.77.0.1']);
    await running.setDeaf('a', true);
    assert.equal(await pings(), false);
    const before = await received();
    await a.exec(['ping', '-c1', '-W1', '10.77.0.1']);
    assert.ok((await received()) > before);
    await running.setDeaf('a', false);
    await eventually('ping', pings);
  });
  await check('a cut sync cable takes the carrier from both', async () => {
    await running.cut('sync', { port: 0 });
    for (const node of ['a', 'b'] as const) await eventually(node, async () => !(await carrier(running, node, SYNC)));
    await running.heal('sync');
    for (const node of ['a', 'b'] as const) await eventually(node, () => carrier(running, node, SYNC));
  });
  if (kind === 'vm') await bonds(running);
  if (kind === 'container')
    await check('shares /srv/gemel between containers', async () => {
      await a.must(['sh', '-c', 'echo shared > /srv/gemel/selftest']);
      assert.equal(await b.must(['cat', '/srv/gemel/selftest']), 'shared\n');
    });
  await check('takes a snapshot and brings it back', async () => {
    await a.must(['sh', '-c', 'echo before > /data/state && sync']);
    await running.snapshot('before');
    await a.must(['sh', '-c', 'echo after > /data/state && sync']);
    await b.kill();
    await running.restore('before');
    assert.equal(await a.must(['cat', '/data/state']), 'before\n');
    assert.equal(b.isOn, true);
    const drift = Number(await b.must(['date', '+%s'])) - Date.now() / 1000;
    assert.ok(Math.abs(drift) < 10, `clock is ${drift} s off`);
  });
  await check('keeps what was synced over a power loss, and the peer loses its sync carrier', async () => {
    await b.must(['ip', 'link', 'set', SYNC ?? '', 'up']);
    await eventually('carrier', () => carrier(running, 'b', SYNC));
    await a.must(['sh', '-c', 'echo kept > /data/state && sync /data/state /data']);
    await a.kill();
    assert.equal(a.isOn, false);
    await assert.rejects(a.exec(['true']), /is off/);
    await eventually('no carrier at b', async () => !(await carrier(running, 'b', SYNC)));
    await a.start();
    assert.equal(await a.must(['cat', '/data/state']), 'kept\n');
    await eventually('carrier at b', () => carrier(running, 'b', SYNC));
  });
  if (kind === 'vm')
    await check('survives a reboot from inside', async () => {
      const boot = await a.must(['cat', '/proc/sys/kernel/random/boot_id']);
      await a.exec(['systemctl', '--no-block', 'reboot']);
      await sleep(5000);
      await a.ready();
      assert.notEqual(await a.must(['cat', '/proc/sys/kernel/random/boot_id']), boot);
    });
  await check('leaves nothing behind', async () => {
    const pids = running.status().nodes.flatMap((node) => Object.values(node.processes));
    assert.ok(pids.length >= 4);
    await running.down();
    for (const pid of pids) assert.equal(existsSync(`/proc/${pid}/exe`) && isOurs(await commandLine(pid), name), false);
    assert.ok(!(await mustRun(['ip', 'netns', 'list'])).includes(`gemel-lab-${name}`));
    assert.ok(!(await mustRun(['cat', '/proc/self/mountinfo'])).includes(`/labs/${name}/`));
    const { runtime, disks } = labFolders(name);
    assert.equal(existsSync(runtime) || existsSync(disks), false);
    const groups = (await readdir('/sys/fs/cgroup')).filter((entry) => entry.startsWith(`gemel-lab-${name}`));
    assert.deepEqual(groups, []);
  });
}

async function bonds(lab: Lab): Promise<void> {
  await check('bonds really: active-backup outside, LACP across the sync cables', async () => {
    for (const node of lab.nodes) {
      const add = (bond: string, mode: string, link: string): string =>
        [
          `ip link add ${bond} type bond mode ${mode} miimon 100${mode === '802.3ad' ? ' lacp_rate fast' : ''}`,
          ...NICS.filter((nic) => nic.link === link).map(
            (nic) => `ip link set ${nic.interfaceName} down; ip link set ${nic.interfaceName} master ${bond}`,
          ),
          `ip link set ${bond} up`,
        ].join(' && ');
      await node.must([
        'sh',
        '-c',
        `modprobe bonding max_bonds=0; ${add('bond0', 'active-backup', 'external')}; ${add('bond1', '802.3ad', 'sync')}`,
      ]);
    }
    const a = lab.node('a');
    assert.match(await a.must(['cat', '/proc/net/bonding/bond0']), /fault-tolerance \(active-backup\)/);
    await eventually('two ports in one aggregator', async () =>
      /Number of ports: 2/.test(await a.must(['cat', '/proc/net/bonding/bond1'])),
    );
  });
}

async function commandLine(pid: number): Promise<string> {
  return mustRun(['cat', `/proc/${pid}/cmdline`]).catch(() => '');
}

function isOurs(command: string, name: string): boolean {
  return command.includes(`/${name}/`) || command.includes(`gemel-lab-${name}`);
}

const wanted = process.argv[2];
if (wanted !== 'vm') await exercise('container', `self-c-${process.pid}`.slice(0, 16));
if (wanted !== 'container') await exercise('vm', `self-v-${process.pid}`.slice(0, 16));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
