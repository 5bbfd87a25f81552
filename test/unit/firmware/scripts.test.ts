import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { libexec, ScriptFolder } from '../script-folder.js';

/** GRUB's tool for environment blocks, on plain files. */
const grubEditenv = `
case $2 in
  create) : >"$1" ;;
  list) cat "$1" ;;
  set) file=$1; shift 2; for pair; do sed -i "/^\${pair%%=*}=/d" "$file"; echo "$pair" >>"$file"; done ;;
esac`;

class Device extends ScriptFolder {
  constructor(t: ExecutionContext, booted: 'A' | 'B', blocks: { readonly proven: string; readonly grubenv: string }) {
    super(t);
    mkdirSync(this.path('state'));
    this.boot(booted);
    this.put('esp/grub/proven.env', blocks.proven);
    this.put('esp/grub/grubenv', blocks.grubenv);
    this.put('verdict', '');
    this.put('core', 'running\n');
    this.program('grub-editenv', grubEditenv);
    for (const name of ['sleep', 'sync']) this.program(name);
    for (const name of ['rauc', 'mount']) this.recording(name);
    this.recording('systemctl', 'case "$*" in *SubState*) cat "$FOLDER/core" ;; *Result*) echo exit-code ;; esac');
    this.recording('gemel', 'case "$*" in *judge*) cat "$FOLDER/verdict"; [ ! -s "$FOLDER/verdict" ] ;; esac');
  }

  boot(slot: 'A' | 'B'): void {
    this.put('cmdline', `root=PARTLABEL=x rauc.slot=${slot} gemel.choice=counted rw\n`);
  }

  /** What was called, without the reading ones. */
  calls(): readonly string[] {
    return this.record.filter((line) => !/judge|systemctl show/.test(line));
  }

  async start(script: string, seconds = 600): Promise<void> {
    const env = this.environment({
      GEMEL_STATE: this.path('state'),
      GEMEL_ESP: this.path('esp'),
      GEMEL_CMDLINE: this.path('cmdline'),
      GEMEL_GATE_SECONDS: String(seconds),
    });
    const { code, stdout, stderr } = await this.run(join(libexec, script), [], env);
    if (code !== 0) throw new Error(`${script} ended with ${code}\n${stdout}${stderr}`);
  }
}

const onTrial = { proven: 'PROVEN=A\n', grubenv: 'ORDER=B A\nA_OK=1\nA_TRY=0\nB_OK=1\nB_TRY=1\n' };
const fellBack = { proven: 'PROVEN=A\n', grubenv: 'ORDER=B A\nA_OK=1\nA_TRY=1\nB_OK=1\nB_TRY=1\n' };

test('a first start keeps settings, users and data of plugins, and the old slot brings them back', async (t) => {
  const device = new Device(t, 'B', onTrial);
  device.put('state/settings/revisions/1/document.json', 'old');
  device.put('state/access/users.json', 'old users');
  device.put('state/jobs/1.json', 'job');
  await device.start('gemel-firmware-keep');
  device.put('state/settings/revisions/1/document.json', 'migrated');
  device.put('state/settings/revisions/2/document.json', 'new');
  device.put('state/plugin-data/late/file', 'made by the new one');
  device.put('state/jobs/1.json', 'job, later');
  device.boot('A');
  await device.start('gemel-firmware-keep');
  t.is(device.read('state/settings/revisions/1/document.json'), 'old');
  t.false(existsSync(device.path('state/settings/revisions/2')));
  t.is(device.read('state/access/users.json'), 'old users');
  t.false(existsSync(device.path('state/plugin-data')));
  t.is(device.read('state/jobs/1.json'), 'job, later', 'jobs go on');
  t.is(device.read('state/firmware/set-aside/settings/revisions/2/document.json'), 'new');
  t.false(existsSync(device.path('state/firmware/kept')));
});

test('bringing back can be interrupted and done again', async (t) => {
  const device = new Device(t, 'B', onTrial);
  device.put('state/settings/document', 'old');
  await device.start('gemel-firmware-keep');
  device.boot('A');
  // the power failed after the new settings were set aside
  device.put('state/firmware/kept/begun', '');
  rmSync(device.path('state/settings'), { recursive: true });
  device.put('state/firmware/set-aside/settings/document', 'new');
  await device.start('gemel-firmware-keep');
  t.is(device.read('state/settings/document'), 'old');
  t.is(device.read('state/firmware/set-aside/settings/document'), 'new');
});

test('a second try of the same firmware keeps the older copy', async (t) => {
  const device = new Device(t, 'B', onTrial);
  device.put('state/settings/document', 'old');
  await device.start('gemel-firmware-keep');
  device.put('state/settings/document', 'half migrated');
  await device.start('gemel-firmware-keep');
  t.is(device.read('state/firmware/kept/state/settings/document'), 'old');
});

test('once the firmware is proven there is nothing to go back to', async (t) => {
  const device = new Device(t, 'B', onTrial);
  device.put('state/settings/document', 'old');
  await device.start('gemel-firmware-keep');
  device.put('state/settings/document', 'new');
  device.put('esp/grub/proven.env', 'PROVEN=B\n');
  await device.start('gemel-firmware-keep');
  t.is(device.read('state/settings/document'), 'new');
  t.false(existsSync(device.path('state/firmware/kept')));
});

/** Slot B was updated and found healthy, and the next update's first start of slot A comes without an ordinary one in between. */
async function secondUpdate(t: ExecutionContext): Promise<Device> {
  const device = new Device(t, 'B', onTrial);
  device.put('state/settings/document', 'before the first update');
  await device.start('gemel-firmware-keep');
  await device.start('gemel-firmware-gate');
  device.put('state/settings/document', 'today');
  device.boot('A');
  await device.start('gemel-firmware-keep');
  device.put('state/settings/document', 'migrated');
  return device;
}

test('a second update without an ordinary start in between falls back to the settings before it', async (t) => {
  const device = await secondUpdate(t);
  device.boot('B');
  await device.start('gemel-firmware-keep');
  t.is(device.read('state/settings/document'), 'today');
  t.is(device.read('state/firmware/set-aside/settings/document'), 'migrated');
});

test('a second update that turns out well brings nothing back at the next ordinary start', async (t) => {
  const device = await secondUpdate(t);
  await device.start('gemel-firmware-gate');
  await device.start('gemel-firmware-keep');
  t.is(device.read('state/settings/document'), 'migrated');
  t.false(existsSync(device.path('state/firmware/kept')));
  t.false(existsSync(device.path('state/firmware/set-aside')));
});

test('a healthy first start is marked good, proven and told', async (t) => {
  const device = new Device(t, 'B', onTrial);
  await device.start('gemel-firmware-gate');
  t.deepEqual(device.calls(), [
    'rauc status mark-good booted',
    'gemel firmware conclude --outcome good --slot B --reason  --json',
  ]);
  t.is(device.read('esp/grub/proven.env'), 'PROVEN=B\n');
  t.false(existsSync(device.path('esp/grub/trial')));
});

test('a first start that is not healthy in time is marked bad and left, with its reason on the ESP', async (t) => {
  const device = new Device(t, 'B', onTrial);
  device.put('verdict', '✖ Not healthy: dns.resolved: it does not answer.\n');
  await device.start('gemel-firmware-gate', 3);
  t.deepEqual(device.calls(), ['rauc status mark-bad booted', 'systemctl reboot', 'systemctl reboot --force --force']);
  t.is(device.read('esp/grub/reason'), 'Not healthy: dns.resolved: it does not answer.\n');
  t.is(device.read('esp/grub/proven.env'), 'PROVEN=A\n');
});

test('what RAUC says is the reason when it could not mark a healthy slot good', async (t) => {
  const device = new Device(t, 'B', onTrial);
  device.program('rauc', 'echo "Failed marking slot: no space left" >&2; exit 1');
  await device.start('gemel-firmware-gate', 3);
  t.is(
    device.read('esp/grub/reason'),
    'it was healthy, and RAUC could not mark it good: Failed marking slot: no space left\n',
  );
  t.regex(device.read('esp/grub/grubenv'), /^B_OK=0$/m);
});

/** Slot A was proven and did not start three times. */
const dead = { proven: 'PROVEN=A\n', grubenv: 'ORDER=A B\nA_OK=1\nA_TRY=3\nB_OK=1\nB_TRY=1\n' };

test('the last slot that starts is kept although it is not healthy, and why the other one was given up is told', async (t) => {
  const device = new Device(t, 'B', dead);
  device.put('verdict', '✖ Not healthy: time.chrony: it does not run.\n');
  await device.start('gemel-firmware-gate', 3);
  t.deepEqual(device.calls(), [
    'gemel firmware conclude --outcome fell-back --slot A --reason it did not start three times in a row; against slot B, which runs in its place, speaks: Not healthy: time.chrony: it does not run. --json',
  ]);
  t.is(device.read('esp/grub/proven.env'), 'PROVEN=B\n');
  t.deepEqual(device.read('esp/grub/grubenv').trim().split('\n').sort(), [
    'A_OK=0',
    'A_TRY=0',
    'B_OK=1',
    'B_TRY=0',
    'ORDER=A B',
  ]);
});

test('a slot that had been given up and is the last resort becomes the proven one', async (t) => {
  const device = new Device(t, 'B', { proven: 'PROVEN=A\n', grubenv: 'ORDER=A B\nA_OK=1\nA_TRY=0\nB_OK=0\nB_TRY=0\n' });
  device.put('cmdline', 'root=PARTLABEL=x rauc.slot=B gemel.choice=last-resort rw\n');
  await device.start('gemel-firmware-gate');
  t.deepEqual(device.calls(), [
    'rauc status mark-good booted',
    'gemel firmware conclude --outcome fell-back --slot A --reason the boot loader found nothing in it that starts --json',
  ]);
  t.is(device.read('esp/grub/proven.env'), 'PROVEN=B\n');
  t.regex(device.read('esp/grub/grubenv'), /^B_OK=1$/m);
});

test('a core that does not run is the reason, whatever the command says', async (t) => {
  const device = new Device(t, 'B', onTrial);
  device.put('verdict', '✖ Core does not run here, or you are in none of its groups.\n');
  device.put('core', 'auto-restart\n');
  await device.start('gemel-firmware-gate', 3);
  t.is(device.read('esp/grub/reason'), 'core does not run (auto-restart, exit-code), see journalctl -u gemel-core\n');
});

test('the old slot tells why the other one was given up, once', async (t) => {
  const device = new Device(t, 'A', fellBack);
  device.put('esp/grub/trial', 'B\n');
  device.put('esp/grub/reason', 'core did not answer\n');
  await device.start('gemel-firmware-gate');
  t.deepEqual(device.calls(), [
    'gemel firmware conclude --outcome fell-back --slot B --reason core did not answer --json',
  ]);
  t.regex(device.read('esp/grub/grubenv'), /^A_TRY=0$/m);
  t.regex(device.read('esp/grub/grubenv'), /^B_OK=0$/m);
  await device.start('gemel-firmware-gate');
  t.is(device.calls().length, 1);
});

test('a slot that did not get to its gate is told from one that was interrupted there', async (t) => {
  const silent = new Device(t, 'A', fellBack);
  await silent.start('gemel-firmware-gate');
  t.regex(silent.calls()[0] ?? '', /--reason it did not start: kernel, root file system/);
  const interrupted = new Device(t, 'A', fellBack);
  interrupted.put('esp/grub/trial', 'B\n');
  await interrupted.start('gemel-firmware-gate');
  t.regex(interrupted.calls()[0] ?? '', /--reason it started and was interrupted/);
});

test('an ordinary start only takes back the count of the boot loader', async (t) => {
  const device = new Device(t, 'A', { proven: 'PROVEN=A\n', grubenv: 'ORDER=A B\nA_OK=1\nA_TRY=2\nB_OK=0\nB_TRY=0\n' });
  device.put('verdict', 'Not healthy: time.chrony: it does not run.\n');
  await device.start('gemel-firmware-gate');
  t.deepEqual(device.calls(), []);
  t.regex(device.read('esp/grub/grubenv'), /^A_TRY=0$/m);
});

test('an environment block that the power failure left unreadable is made anew with the slot that runs', async (t) => {
  const device = new Device(t, 'B', { proven: 'PROVEN=B\n', grubenv: '' });
  await device.start('gemel-firmware-gate');
  t.deepEqual(device.read('esp/grub/grubenv').trim().split('\n').sort(), [
    'A_OK=0',
    'A_TRY=0',
    'B_OK=1',
    'B_TRY=0',
    'ORDER=B A',
  ]);
});
