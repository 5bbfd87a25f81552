/** One appliance in a container: the host adapters on a real systemd, and what its units promise. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { archiveText } from '../../core/dist/settings/store/archive.js';
import { Lab } from '../lab/lab.ts';
import { Checks } from './checks.ts';

/** Highest exposure by `systemd-analyze security` that a unit may have; see docs. Lower is better, 10 is a plain root service. */
const exposures: Readonly<Record<string, number>> = {
  'gemel-core.service': 2.0,
  'gemel-rollback@.service': 2.0,
  'gemel-restore.service': 1.2,
  'gemel-network-ready.service': 0.8,
  'gemel-peer.service': 1.2,
  'gemel-log-forwarding.service': 1.5,
  'gemel-site@.service': 1.7,
  'gemel-sites.service': 0.7,
  'gemel-sites-watch.service': 1.8,
  'gemel-journal.service': 0.7,
  'gemel-active-alone.service': 0.7,
  'gemel-cluster-forget.service': 1.3,
  'gemel-firmware-keep.service': 3.1,
  'gemel-raid.service': 3.8,
  'gemel-carrier.service': 3.8,
  'gemel-cluster-isolated.service': 4.6,
  'gemel-raid-array.service': 6.4,
  'gemel-shared.service': 6.6,
  'gemel-cluster-volume@.service': 6.6,
  'gemel-split-brain@.service': 6.6,
};

const stranger = `[Unit]
Wants=gemel-network.target
After=gemel-network.target
PartOf=gemel-network.target
[Service]
ExecStart=/bin/sh -c 'networkctl list --no-pager; exec sleep infinity'
[Install]
WantedBy=multi-user.target
`;

const home = '/usr/lib/gemel';
const checks = new Checks();
await using lab = await Lab.up({ nodes: 1, kind: 'container', name: 'container' });
const node = lab.node('a');
const shell = (line: string, input?: string | Uint8Array) =>
  node.must(['sh', '-c', line], input === undefined ? {} : { input });
const repository = join(import.meta.dirname, '../..');

async function until(what: string, seconds: number, reached: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await reached())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(100);
  }
}

async function property(unit: string, name: string): Promise<string> {
  return (await node.must(['systemctl', 'show', '--value', '-p', name, unit])).trim();
}

// The image holds joined files; the suites import single modules, so those go beside it.
const checkout = '/root/checkout';
for (const part of ['test/integration', 'test/dist/contract', 'core/dist', 'node_modules/dbus-native']) {
  await node.push(join(repository, part), `${checkout}/${part}`);
}
const inside = await node.exec([`${home}/bin/node`, `${checkout}/test/integration/inside-container.ts`]);
process.stdout.write(inside.stdout.replace(/^\d+ passed.*\n/m, ''));
process.stdout.write(inside.stderr);
checks.add(inside.stdout);

await checks.check('systemd finds nothing to complain about in the units, and no ordering cycle', async () => {
  const units = (await shell('cd /usr/lib/systemd/system && ls -d gemel-*')).trim().split('\n');
  const names = units.map((unit) => unit.replace('@.', '@1.'));
  const verified = await node.exec(['systemd-analyze', 'verify', ...names]);
  const complaints = `${verified.stdout}${verified.stderr}`.split('\n').filter((line) => line.includes('gemel'));
  assert.deepEqual(complaints, []);
  const cycles = await node.exec(['journalctl', '-b', '--no-pager', '-g', 'ordering cycle']);
  assert.doesNotMatch(cycles.stdout, /gemel/);
});

for (const [unit, highest] of Object.entries(exposures)) {
  await checks.check(`${unit} is exposed by at most ${highest}`, async () => {
    const file = `/usr/lib/systemd/system/${unit}`;
    const output = await node.must(['systemd-analyze', 'security', '--offline=true', '--no-pager', file]);
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(output)?.[1]);
    console.log(`        ${unit}: ${exposure}`);
    assert.ok(exposure <= highest, `it is ${exposure}`);
  });
}

await checks.check('core has no way to a network socket and cannot write outside its folders', async () => {
  const pid = await property('gemel-core.service', 'MainPID');
  assert.match(
    await property('gemel-core.service', 'RestrictAddressFamilies'),
    /^AF_(UNIX AF_NETLINK|NETLINK AF_UNIX)$/,
  );
  const status = await shell(`cat /proc/${pid}/status`);
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.match(status, /^Seccomp:\s+2$/m);
  // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, NET_ADMIN 12
  assert.match(status, /^CapBnd:\s+000000000000100b$/m);
  const sockets = await shell(`ls -l /proc/${pid}/fd | grep -o 'socket:.*' | tr -dc '0-9\\n' | sort`);
  const inet = await shell(
    `cat /proc/${pid}/net/tcp /proc/${pid}/net/tcp6 /proc/${pid}/net/udp | awk '{print $10}' | sort`,
  );
  const both = sockets.split('\n').filter((inode) => inode !== '' && inet.split('\n').includes(inode));
  assert.deepEqual(both, []);
  const written = await node.exec(['nsenter', '-t', pid, '-m', 'touch', '/etc/x', '/usr/x']);
  assert.notEqual(written.code, 0);
});

await checks.check('the journal knows the priority of each line of core', async () => {
  const text = '<4>{"level":"warn","msg":"seen"}\n<6>{"level":"info","msg":"unseen"}';
  await node.must(['systemd-run', '--wait', '-q', '-u', 'gemel-log', 'printf', '%s\\n', text]);
  const lines = await node.must(['journalctl', '-u', 'gemel-log', '-p', 'warning', '-o', 'cat', '--no-pager']);
  assert.equal(lines.trim(), '{"level":"warn","msg":"seen"}');
});

await checks.check('core is started again after SIGKILL, and links and engines stay as they are', async () => {
  const state = () => shell('ip -json address show; systemctl show -p MainPID --value systemd-networkd chrony dbus');
  const before = await state();
  const pid = await property('gemel-core.service', 'MainPID');
  await node.must(['systemctl', 'kill', '-s', 'KILL', 'gemel-core']);
  await until('core is back', 15, async () => {
    const active = (await property('gemel-core.service', 'ActiveState')) === 'active';
    return active && (await property('gemel-core.service', 'MainPID')) !== pid;
  });
  assert.equal(await state(), before);
});

await checks.check('a core that hangs is killed by the watchdog and started again', async () => {
  await shell('mkdir -p /run/systemd/system/gemel-core.service.d');
  await shell(
    'cat > /run/systemd/system/gemel-core.service.d/test.conf',
    '[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\n',
  );
  await shell('systemctl daemon-reload && systemctl restart gemel-core');
  const pid = await property('gemel-core.service', 'MainPID');
  // Longer than the limit: it is fed.
  await sleep(4_500);
  assert.equal(await property('gemel-core.service', 'MainPID'), pid);
  await shell(`kill -STOP ${pid}`);
  await until('core is back', 20, async () => {
    const now = await property('gemel-core.service', 'MainPID');
    return now !== pid && now !== '0' && (await property('gemel-core.service', 'ActiveState')) === 'active';
  });
  await shell('rm -r /run/systemd/system/gemel-core.service.d && systemctl daemon-reload');
});

const archive = archiveText(
  [
    {
      path: '/run/systemd/network/20-gemel-restored.network',
      content: '[Match]\nName=none\n',
      mode: 0o640,
      group: 'systemd-network',
    },
    { path: '/run/gemel/chrony/restored.sources', content: '# restored\n' },
    { path: '/etc/not-restored', content: 'x' },
  ],
  Date.now(),
);
const confirmed = '/var/lib/gemel/settings/confirmed';

await checks.check(
  'without core, boot restores the confirmed files and then starts what hangs on gemel-network.target',
  async () => {
    await shell('cat > /etc/systemd/system/stranger.service && systemctl enable stranger', stranger);
    await shell(
      'systemctl mask --now gemel-core && rm -rf /var/lib/gemel/settings && mkdir -p /var/lib/gemel/settings/confirmed',
    );
    await shell(`cat > ${confirmed}/rendered.tar`, archive);
    await node.kill();
    await node.start({ wait: true });
    const listed = await shell(
      'stat -c "%n %a %G" /run/systemd/network/20-gemel-restored.network /run/gemel/chrony/restored.sources',
    );
    assert.equal(
      listed,
      '/run/systemd/network/20-gemel-restored.network 640 systemd-network\n/run/gemel/chrony/restored.sources 644 root\n',
    );
    assert.notEqual((await node.exec(['test', '-e', '/etc/not-restored'])).code, 0);
    assert.equal(await property('gemel-network.target', 'ActiveState'), 'active');
    assert.equal(await property('gemel-active.target', 'ActiveState'), 'active');
    assert.equal(await property('stranger.service', 'ActiveState'), 'active');
    const times = await Promise.all([
      property('gemel-restore.service', 'ExecMainExitTimestampMonotonic'),
      property('systemd-networkd.service', 'ExecMainStartTimestampMonotonic'),
      property('gemel-network.target', 'ActiveEnterTimestampMonotonic'),
      property('stranger.service', 'ExecMainStartTimestampMonotonic'),
    ]);
    assert.deepEqual(
      times,
      times.toSorted((one, other) => Number(one) - Number(other)),
    );
  },
);

await checks.check(
  'a damaged archive of confirmed files does not stop the boot and leaves no half of a network',
  async () => {
    await shell(`cat > ${confirmed}/rendered.tar`, archive.slice(0, 1_400));
    await node.kill();
    await node.start({ wait: true });
    assert.equal(await property('gemel-network.target', 'ActiveState'), 'active');
    assert.equal((await shell('ls /run/systemd/network')).includes('restored'), false);
    const told = await node.must(['journalctl', '-b', '-u', 'gemel-restore', '-p', 'err', '-o', 'cat', '--no-pager']);
    assert.match(told, /rendered\.tar is damaged; the network waits for core/);
  },
);

await checks.check('SSH that somebody starts makes its host keys first', async () => {
  await node.must(['systemctl', 'start', 'ssh.service']);
  assert.equal(await property('ssh.service', 'ActiveState'), 'active');
  assert.match(await shell('ls /etc/ssh'), /^ssh_host_ed25519_key\.pub$/m);
});

checks.finish();
