/** systemd/libexec/gemel-raid, gemel-raid-array and gemel-disk, run on a folder in place of /sys and with programs that take down how they were called. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { libexec, ScriptFolder } from '../script-folder.js';

const own = '6ff5a1e6-0bd5-47a1-9c4c-6a6f1c2f6b3a';
const foreign = '00000000-0000-0000-0000-000000000000';

class Machine extends ScriptFolder {
  constructor(t: ExecutionContext) {
    super(t);
    this.put('corosync.conf', '');
    this.program('udevadm');
    this.recording('attrd_updater');
    // where the link of the volume leads: what was stopped leaves it to the other one
    this.program('readlink', 'cat "$FOLDER/link"');
    this.recording('mdadm', 'echo /dev/md127 >"$FOLDER/link"');
  }

  /** @param members State of each disk; one that starts with `-` is not in the machine any more. */
  array(name: string, uuid: string, state: string, members: Readonly<Record<string, string>>): void {
    const folder = `sys/block/${name}/md`;
    for (const [attribute, value] of Object.entries({ uuid, array_state: state, raid_disks: '2' }))
      this.put(`${folder}/${attribute}`, `${value}\n`);
    for (const [disk, words] of Object.entries(members)) {
      this.put(`${folder}/dev-${disk.replace('-', '')}/state`, `${words}\n`);
      if (!disk.startsWith('-')) this.put(`sys/class/block/${disk}`, '');
    }
  }

  async start(script: string, ...args: readonly string[]): Promise<number> {
    return (await this.run(join(libexec, script), args, this.#env)).code;
  }

  /** Until it was seen to tell this, or is late. */
  async watch(until: string): Promise<void> {
    const child = spawn(join(libexec, 'gemel-raid'), ['watch'], { env: this.#env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    for (let waited = 0; waited < 200 && !this.read('record').includes(until); waited++) await setTimeout(50);
    child.kill('SIGKILL');
    await ended;
  }

  get #env(): NodeJS.ProcessEnv {
    return this.environment({
      GEMEL_SYS: this.path('sys'),
      GEMEL_RAID_EXPECTED: this.path('raid-expected'),
      GEMEL_RAID_FOLDER: this.path('raid'),
      GEMEL_COROSYNC_CONF: this.path('corosync.conf'),
      GEMEL_VOLUME: this.path('volume'),
      GEMEL_FAILING_DISKS: this.path('failing'),
      GEMEL_UDEV: this.path('udev'),
      SMARTD_DEVICE: '/dev/sda',
      SMARTD_FAILTYPE: 'Health',
    });
  }
}

/** What Pacemaker is told at an event of mdadm. */
async function health(machine: Machine): Promise<string> {
  machine.put('record', '');
  await machine.start('gemel-raid', 'NewArray', '/dev/md126');
  return /--update (\w+)/.exec(machine.read('record'))?.[1] ?? 'nothing';
}

const whole = { sda: 'in_sync', sdb: 'in_sync' };

test('the node is as healthy as its own array, whatever a used disk brings along', async (t) => {
  const machine = new Machine(t);
  machine.put('raid-expected', `${own}\n`);
  machine.array('md127', own, 'clean', whole);
  for (const [state, members] of [
    ['inactive', { sdc: 'spare' }],
    ['clean', { sdc: 'in_sync' }],
    ['broken', {}],
  ] as const) {
    machine.array('md126', foreign, state, members);
    t.is(await health(machine), 'green', state);
  }
  machine.array('md127', own, 'clean', { sda: 'in_sync', sdb: 'faulty' });
  t.is(await health(machine), 'yellow');
});

test('an own array that failed is red beside one of another device that works', async (t) => {
  const machine = new Machine(t);
  machine.put('raid-expected', `${own}\n`);
  machine.array('md126', foreign, 'clean', { sdc: 'in_sync', sdd: 'in_sync' });
  t.is(await health(machine), 'red', 'it is not there');
  machine.array('md127', own, 'clean', { '-sda': 'in_sync', '-sdb': 'in_sync' });
  t.is(await health(machine), 'red', 'its disks are gone');
});

test('on a device that never had an array there is nothing to be red for', async (t) => {
  const machine = new Machine(t);
  machine.array('md126', foreign, 'inactive', { sdc: 'spare' });
  t.is(await health(machine), 'green');
});

test('a start stops the array of another device that stands in for the data volume', async (t) => {
  const machine = new Machine(t);
  machine.put('raid-expected', `${own}\n`);
  machine.array('md127', own, 'clean', whole);
  machine.array('md126', foreign, 'clean', { sdc: 'in_sync' });
  machine.put('link', '/dev/md126\n');
  t.is(await machine.start('gemel-raid-array'), 0);
  t.deepEqual(machine.record, ['mdadm --stop /dev/md126']);
  t.is(machine.read('raid-expected'), `${own}\n`);
});

test('a start notes the UUID of the array where it was not noted, and leaves it as it is afterwards', async (t) => {
  const machine = new Machine(t);
  machine.put('raid-expected', '');
  machine.array('md127', own, 'clean', whole);
  machine.put('link', '/dev/md127\n');
  t.is(await machine.start('gemel-raid-array'), 0);
  t.is(machine.read('raid-expected'), `${own}\n`);
  t.is(await machine.start('gemel-raid-array'), 0);
  t.deepEqual(machine.record, []);
});

test('what smartd says is noted under the serial number, and Pacemaker is told of it beside the RAID', async (t) => {
  const machine = new Machine(t);
  machine.put('sys/block/sda/dev', '8:0\n');
  machine.put('udev/b8:0', 'E:ID_SERIAL=Disk_X_SN 1\nE:ID_SERIAL_SHORT=SN 1\n');
  t.is(await machine.start('gemel-disk'), 0);
  t.is(machine.read('failing/SN_1'), 'Health\n');
  t.deepEqual(machine.record, [], 'a Pacemaker that is not there yet would not hear it');
  await machine.watch('#health-disk');
  t.deepEqual(machine.record, ['attrd_updater --name #health-disk --update yellow --delay 0']);
});

test('Pacemaker is told when no disk is failing any more', async (t) => {
  const machine = new Machine(t);
  machine.put('failing/SN1', 'Health\n');
  machine.recording('attrd_updater', 'case $* in *yellow*) rm -f "$GEMEL_FAILING_DISKS/SN1" ;; esac');
  await machine.watch('green');
  t.deepEqual(machine.record, [
    'attrd_updater --name #health-disk --update yellow --delay 0',
    'attrd_updater --name #health-disk --update green --delay 0',
  ]);
});

test('of NVMe smartd names the controller, and the disk is noted', async (t) => {
  const machine = new Machine(t);
  machine.put('sys/block/sdan1/serial', 'SN2 \n');
  t.is(await machine.start('gemel-disk'), 0);
  t.is(machine.read('failing/SN2'), 'Health\n');
});
