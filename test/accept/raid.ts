/**
 * A rack1 in the lab: its model is known, its RAID was made, disks fail and are replaced, wrong ones are refused, the management controller
 * takes its settings and may fall silent.
 */
import { parseArgs } from 'node:util';
import { Controller, Rack } from '../lab/rack.ts';
import { ApplianceInLab, check, until } from './appliance-in-lab.ts';

interface RaidStatus {
  readonly arrays: readonly {
    readonly array: string;
    readonly state: string;
    readonly disks: readonly { readonly disk: string; readonly state: string }[];
    readonly activity: { readonly kind: string; readonly fraction: number | null } | null;
  }[];
  readonly reports: readonly { readonly code: string; readonly text: string }[];
}
interface DiskList {
  readonly disks: readonly { readonly disk: string; readonly serial: string; readonly array: string | null }[];
}
interface HardwareStatus {
  readonly profile: { readonly id: string } | null;
  readonly figures: { readonly raid: { readonly level: string } | null; readonly managementController: boolean };
}
interface ManagementView {
  readonly state: string;
  readonly controller: { readonly address: string } | null;
}

/** KiB per second: a rebuild of the lab's small disks then takes long enough to be seen. */
const slow = 2_000;
/** An emulated machine beside others on a busy one takes its time: a start of a program may be 10 s. */
const patienceSeconds = 240;

/** With --lab NAME on a rack1 that is up, which stays up. */
const { values } = parseArgs({ options: { lab: { type: 'string' } } });
const labName = values.lab ?? 'accept-raid';
const open = values.lab === undefined ? undefined : await ApplianceInLab.open(labName);
await using ended = new AsyncDisposableStack();
const appliance = open ?? ended.use(await ApplianceInLab.up(labName, 'vm', 'rack1'));
const rack = new Rack(labName, 'a');

const raid = () => appliance.gemelJson<RaidStatus>('hardware', 'raid', 'show');
const stateOf = async () => (await raid()).arrays[0]?.state;
const diskWith = async (serial: string) => {
  const { disks } = await appliance.gemelJson<DiskList>('hardware', 'disks', 'list');
  return disks.find((disk) => disk.serial === serial)?.disk;
};
const pushed = async (bay: 0 | 1 | 2, serial: string, mebibytes?: number) => {
  await rack.push(bay, serial, mebibytes);
  await until(`disk ${serial}`, patienceSeconds, async () => (await diskWith(serial)) !== undefined);
  return (await diskWith(serial)) ?? '';
};
const add = (...words: readonly string[]) =>
  appliance.exec('gemel', 'hardware', 'raid', 'disk', 'add', ...words, '--yes');
const refused = async (what: string, code: RegExp, ...words: readonly string[]) => {
  const { code: exitCode, stdout, stderr } = await add(...words);
  check(
    exitCode !== 0 && code.test(stdout + stderr),
    `${what} is refused: ${(stderr || stdout).trim().split('\n').at(-1)}`,
  );
};
const events = () => appliance.sh('cat /run/raid-events');

// --- the model ---
const hardware = await appliance.gemelJson<HardwareStatus>('hardware', 'show');
check(hardware.profile?.id === 'rack1', 'by its firmware data this is a rack1');
check(hardware.figures.managementController, 'it has a management controller');

// --- the RAID that was made at the first start ---
await until('the first copy of the RAID', patienceSeconds, async () => {
  const [array] = (await raid()).arrays;
  return array?.state === 'ok' && array.activity === null;
});
const array = (await raid()).arrays[0]?.array ?? '';
const backing = (await appliance.sh('readlink -f /dev/disk/by-partlabel/gemel-shared')).trim();
check(backing === `/dev/${array}`, `the data volume is on ${backing}`);
check((await appliance.sh('drbdadm sh-ll-dev gemel')).includes('gemel-shared'), 'DRBD lies on it');
const mdadm = await appliance.sh(`mdadm --detail /dev/${array}`);
check(/State : (clean|active)\s*$/m.test(mdadm) && /Raid Level : raid1/.test(mdadm), 'mdadm says the same');
check((await appliance.exec('mountpoint', '-q', '/srv/gemel')).code === 0, 'the data volume is mounted');
await appliance.sh(
  'head -c 20000000 /dev/urandom >/srv/gemel/data && sha256sum /srv/gemel/data >/run/data.sum && sync',
);
const sum = (await appliance.sh('cat /run/data.sum')).slice(0, 64);
await appliance.sh(
  'systemd-run --quiet --unit=raid-events sh -c "exec gemel events --prefix hardware. >/run/raid-events"',
);
console.log(await appliance.gemel('hardware', 'raid', 'show'));

// --- a disk fails ---
await rack.pull(1);
const failedAt = performance.now();
await until('the array to be degraded', patienceSeconds, async () => (await stateOf()) === 'degraded');
const noticed = (performance.now() - failedAt) / 1_000;
check(true, `the array is degraded ${noticed.toFixed(1)} s after a disk was pulled out`);
await until('the event', patienceSeconds, async () => /hardware\.raid\.state\.changed.*degraded/.test(await events()));
check(true, 'an event said so');
const report = (await raid()).reports[0]?.text ?? '';
check(/gemel hardware raid disk add/.test(report), `with what to do: ${report}`);
await appliance.sh('sha256sum --check --quiet /run/data.sum');

// --- wrong disks ---
await refused('the disk that the system is on', /in use/, 'vda');
const small = await pushed(1, 'TOO-SMALL', 64);
await refused('a disk that is too small', /TOO-SMALL.*needs/s, small);
await rack.pull(1);
await until('the small disk to be gone', patienceSeconds, async () => (await diskWith('TOO-SMALL')) === undefined);
const used = await pushed(1, 'CARRIES-DATA');
await appliance.sh(`mkfs.ext4 -q -L photos /dev/${used}`);
await refused('a disk with data', /carries ext4 "photos"/, used);
await rack.pull(1);
await until('the used disk to be gone', patienceSeconds, async () => (await diskWith('CARRIES-DATA')) === undefined);

// --- a new disk fails again during the rebuild ---
await appliance.sh(`echo ${slow} >/proc/sys/dev/raid/speed_limit_max; echo 100 >/proc/sys/dev/raid/speed_limit_min`);
const first = await pushed(1, 'FAILS-AGAIN');
const failing = add(first);
await until('the rebuild', patienceSeconds, async () => (await stateOf()) === 'rebuilding');
await rack.pull(1);
const { code, stdout, stderr } = await failing;
check(code !== 0, `the order ended with why: ${(stderr || stdout).trim().split('\n').at(-1)}`);
await until('the array to be degraded again', patienceSeconds, async () => (await stateOf()) === 'degraded');

// --- and a good one takes its place ---
const good = await pushed(2, 'GOOD');
const seen = new Set<number>();
const began = performance.now();
const adding = add(good).then(({ code: ended, stdout: said, stderr: complained }) =>
  check(ended === 0, ended === 0 ? 'the order to add it ended well' : `it is added: ${complained || said}`),
);
const whole = until('the array to be whole', patienceSeconds, async () => {
  const [now] = (await raid()).arrays;
  const fraction = now?.activity?.fraction ?? null;
  if (fraction !== null) seen.add(Math.floor(fraction * 100));
  if (seen.size >= 3) await appliance.sh('echo 200000 >/proc/sys/dev/raid/speed_limit_max');
  return now?.state === 'ok' && now.activity === null;
});
await Promise.all([adding, whole]);
const rebuilt = (performance.now() - began) / 1_000;
check(seen.size >= 3, `progress was seen: ${[...seen].join(', ')} %`);
check(/\[UU\]/.test(await appliance.sh('cat /proc/mdstat')), 'the kernel says [UU]');
await appliance.sh('sha256sum --check --quiet /run/data.sum');
check(true, 'the data are what they were');
check(/rebuilding.*ok/s.test(await events()), 'events told the rebuild and its end');
console.log(await appliance.gemel('hardware', 'raid', 'check'));

// --- the management controller ---
const before = await appliance.gemelJson<ManagementView>('hardware', 'management', 'show');
check(['off', 'differs'].includes(before.state), `shipped with management off: ${before.state}`);
await appliance.sh(
  'printf lab-Word-1 | gemel hardware management set --enabled --address 10.77.0.99 --netmask 255.255.255.0 --gateway 10.77.0.1 --user boss --password-stdin',
);
await appliance.gemel('settings', 'activate', '--comment', 'management controller');
const lan = await appliance.sh('ipmitool lan print 1');
check(/IP Address\s+: 10\.77\.0\.99/.test(lan), 'ipmitool reads the address back');
check(
  /User Name\s+: boss[\s\S]*IPMI Messaging\s+: enabled[\s\S]*ADMINISTRATOR/.test(
    await appliance.sh('ipmitool channel getaccess 1 3'),
  ),
  'and the user',
);
check(!(await appliance.sh('journalctl --no-pager --output=cat')).includes('lab-Word-1'), 'the password is in no log');
const after = await appliance.gemelJson<ManagementView>('hardware', 'management', 'show');
check(after.state === 'on' && after.controller?.address === '10.77.0.99', 'gemel says that it is in force');
check((await appliance.gemel('hardware', 'sensors')).includes('37 degrees C'), 'a sensor is read');
console.log(await appliance.gemel('hardware', 'locate', 'device', '--seconds', '5'));

// --- it falls silent ---
const usually = performance.now();
await appliance.gemel('status');
const usual = (performance.now() - usually) / 1_000;
await rack.silenceController();
const asked = performance.now();
const silent = appliance.gemelJson<ManagementView>('hardware', 'management', 'show');
await appliance.gemel('status');
const status = (performance.now() - asked) / 1_000;
check(
  status < 3 * usual + 10,
  `gemel status answers in ${status.toFixed(1)} s meanwhile, else in ${usual.toFixed(1)} s`,
);
check(
  (await silent).state === 'silent',
  `after ${((performance.now() - asked) / 1_000).toFixed(1)} s gemel says that it is silent`,
);
await rack.wakeController();
await until('the controller to answer', patienceSeconds, async () => {
  return (await appliance.gemelJson<ManagementView>('hardware', 'management', 'show')).state !== 'silent';
});

// --- it switches the power, over the network, with what fencing would say ---
const { address, user, password } = Controller.of(labName, 'a').login;
await appliance.sh('ip address add 10.77.0.11/24 dev enp0s4 && ip link set enp0s4 up');
const fence = `timeout 60 fence_ipmilan --ip=${address} --username=${user} --password=${password} --lanplus --cipher=3`;
await until('the fence agent to reach the controller', patienceSeconds, async () =>
  (await appliance.exec('sh', '-c', `${fence} --action=status`)).stdout.includes('Status: ON'),
);
check(true, 'the agent by which Pacemaker fences reaches the controller');
const login = ['-I', 'lanplus', '-C', '3', '-H', address, '-U', user, '-P', password];
const power = (verb: string) => appliance.lab.client.exec(['ipmitool', ...login, 'power', verb]);
await power('off');
check((await power('status')).stdout.includes('is off'), 'the controller took the power from the device');
await power('on');
// Other hands than ours switched it on.
const back = await ApplianceInLab.open(labName);
if (back === undefined) throw new Error(`the lab ${labName} is gone`);
await back.lab.node('a').ready();
check(true, 'and gave it back');
// Bay 1 has the disk of the beginning again, which knows nothing of what was written since: it must not count.
const raidAfter = await back.gemelJson<RaidStatus>('hardware', 'raid', 'show');
check(raidAfter.arrays[0]?.state === 'degraded', 'the RAID starts without the disk that missed what was written');
await until(
  'the data volume',
  patienceSeconds,
  async () => (await back.exec('mountpoint', '-q', '/srv/gemel')).code === 0,
);
check((await back.sh('cat /srv/gemel/data | sha256sum')).slice(0, 64) === sum, 'with the data whole');

console.log(
  `a disk failed, failed again and was replaced: noticed after ${noticed.toFixed(1)} s, rebuilt in ${rebuilt.toFixed(0)} s, data whole; wrong disks refused`,
);
