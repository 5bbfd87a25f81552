import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeClock, type ScriptedResult, ScriptedSystem } from '@gemel/core/testing';
import { ApplianceError, type JobCall } from '@gemel/core/sdk';
import type { ClusterLog } from '#cluster/log/cluster-log.js';
import { Pacemaker } from '#cluster/pacemaker/pacemaker.js';
import type { ClusterChanges } from '#cluster/prediction/cluster-changes.js';
import { giveUp } from '#cluster/split-brain/give-up.js';
import { GiveUpNote } from '#cluster/split-brain/give-up-note.js';
import { copyId, keptFolder, KeptCopies } from '#cluster/split-brain/kept-copies.js';
import { takeBackGivingUp } from '#cluster/split-brain/take-back.js';
import { type SplitBrainParts, splitBrainActions } from '#cluster/split-brain/split-brain-actions.js';
import { parseDiskUse, readSide } from '#cluster/split-brain/side.js';
import type { PairStatus } from '#cluster/status/pair-schema.js';
import { parseReplication } from '#cluster/status/replication.js';
import test, { type ExecutionContext } from 'ava';
import { collectingLog } from '../../kernel/collecting-log.js';
import { libexec, ScriptFolder } from '../../script-folder.js';
import { membership, pair } from '../pair.js';

const drbd = ` 0: cs:StandAlone ro:Secondary/Unknown ds:UpToDate/DUnknown   r-----
    ns:0 nr:0 dw:24 dr:980 al:2 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:2048
`;

test('says what a side wrote, as far as it can be seen', async (t) => {
  const system = new ScriptedSystem({ files: { '/proc/drbd': drbd, '/srv/gemel/sites/shop/site.json': '{}' } });
  const argv = ['du', '--summarize', '--time', '--time-style=+%s', '--block-size=1', '--', '/srv/gemel/sites/shop'];
  system.commands.always(argv, '8192\t1795307372\t/srv/gemel/sites/shop\n');
  t.deepEqual(await readSide(system, 'node2'), {
    node: 'node2',
    connection: 'StandAlone',
    role: 'Secondary',
    disk: 'UpToDate',
    changedKiB: 2_048,
    sites: [{ name: 'shop', lastWritten: 1_795_307_372_000, bytes: 8_192 }],
  });
  t.deepEqual(parseDiskUse('nonsense\n'), []);
});

test('a file of a live site that vanishes, or a look that takes too long, ends no looking at a side', async (t) => {
  const side = async (answer: ScriptedResult) => {
    const system = new ScriptedSystem({ files: { '/proc/drbd': drbd, '/srv/gemel/sites/shop/site.json': '{}' } });
    const argv = ['du', '--summarize', '--time', '--time-style=+%s', '--block-size=1', '--', '/srv/gemel/sites/shop'];
    system.commands.always(argv, answer);
    return (await readSide(system, 'node2')).sites;
  };
  const stderr = "du: cannot access '/srv/gemel/sites/shop/x': No such file or directory\n";
  const stdout = '8192\t1795307372\t/srv/gemel/sites/shop\n';
  t.is((await side({ exitCode: 1, stdout, stderr }))?.length, 1);
  t.is(await side({ exitCode: 1, stderr }), null);
  t.is(await side(new ApplianceError('timeout', 'du did not end within 20 s and was stopped.')), null);
});

test('an id of a copy is no path', (t) => {
  t.true(copyId.safeParse('20261122T012400Z').success);
  for (const id of ['../../etc', '20261122T012400Z/..', '', '2026']) t.false(copyId.safeParse(id).success, id);
});

/** The losing node: its engine does what it is told, step by step. */
async function world(
  outcome: 'copied' | 'no room',
  {
    picture = 'pair',
    own = 'StandAlone',
    other = 'StandAlone',
  }: { picture?: string; own?: string; other?: string } = {},
) {
  const system = new ScriptedSystem();
  const steps: string[] = [];
  const standAlone = parseReplication(drbd.replace('StandAlone', own));
  const options = membership.options === null ? null : { ...membership.options, replicated: true };
  const whole = await pair(picture, {
    membership: { ...membership, thisNode: picture === 'standby' ? 'node1' : 'node2', options },
    replication: standAlone,
  });
  const away = { ...whole, resources: [] };
  const synchronising = { ...whole, data: whole.data === null ? null : { ...whole.data, connection: 'SyncTarget' } };
  const commands = (argv: readonly string[]) => {
    steps.push(argv.slice(0, 1).concat(argv.slice(-2)).join(' '));
    return '';
  };
  system.commands
    .always(['cibadmin', '--query', '--xpath', /./], { exitCode: 105, stderr: 'none\n' })
    .always(['crm_attribute', '--node', 'node2', '--name', 'standby', '--update', 'on'], commands)
    .always(['crm_attribute', '--node', 'node2', '--name', 'standby', '--delete'], commands);
  const pacemaker = new Pacemaker(system.commands);
  const copies = new KeptCopies(system, () => 'node2');
  const note = new GiveUpNote(system.files);
  const atKeep: { noted?: string | undefined } = {};
  copies.run = async (step) => {
    if (step.startsWith('keep')) atKeep.noted = await note.read();
    steps.push(step.replace(/\d{8}T\d{6}Z/, 'ID'));
    if (step.startsWith('keep') && outcome === 'no room') throw new ApplianceError('engine-failed', 'Make room first.');
  };
  // The engine is scripted above; what waits for it is given each state that it waits for.
  const states: readonly PairStatus[] = [away, whole, synchronising];
  const changes = {
    waitUntil: async (isSo: (state: PairStatus) => boolean) => states.find(isSo),
  } as unknown as ClusterChanges; // the only part of it that is used here
  const clusterLog = {
    add: async ({ text }: { readonly text: string }) => void steps.push(`log: ${text.replace(/\d{8}T\d{6}Z/, 'ID')}`),
  } as unknown as ClusterLog; // the only part of it that is used here
  const connectOther = async () => void steps.push('connect the other');
  const otherSide = async () => ({ ...(await readSide(new ScriptedSystem(), 'node1')), connection: other });
  const parts = { pacemaker, changes, copies, note, clusterLog, otherSide, connectOther, read: async () => whole };
  const local = picture === 'standby' ? 'node1' : 'node2';
  return { steps, note, atKeep, run: () => giveUp(parts, local, new AbortController().signal, () => undefined) };
}

test('the loser may still wait for the other side, which alone noticed', async (t) => {
  const { steps, run } = await world('copied', { own: 'WFConnection' });
  t.true(copyId.safeParse(await run()).success);
  t.is(steps[1], 'keep-ID');
});

test('a connection that both wait for is no split brain', async (t) => {
  const { steps, run } = await world('copied', { own: 'WFConnection', other: 'WFConnection' });
  const failure = await t.throwsAsync(run(), { instanceOf: ApplianceError });
  t.deepEqual([failure.code, steps], ['conflict', []]);
});

test('a node that somebody put into maintenance is not taken out of it', async (t) => {
  const { steps, run } = await world('copied', { picture: 'standby' });
  const failure = await t.throwsAsync(run(), { instanceOf: ApplianceError });
  t.regex(failure.message, /gemel cluster maintenance off node1/);
  t.deepEqual(steps, []);
});

test('who stops waiting for the copy ends it', async (t) => {
  const clock = new FakeClock();
  const system = new ScriptedSystem({ clock });
  system.units.add('gemel-split-brain@.service');
  const waiting = new AbortController();
  const taken = new KeptCopies(system, () => 'node2').take('20261122T012400Z', waiting.signal);
  const failed = t.throwsAsync(taken);
  await clock.advance(3_000);
  const began = system.faults.journal.filter((step) => step.startsWith('start '));
  waiting.abort();
  await failed;
  t.deepEqual(
    system.faults.journal.filter((step) => step.startsWith('stop ')),
    began.map((step) => step.replace('start', 'stop')),
  );
  t.is(began.length, 1);
});

/** The script itself on a node whose programs only say what they were asked for. */
function keep(
  t: ExecutionContext,
  features: string,
  { tar = 'echo copy > "$5"; echo "tar" >> $RECORD', down = 'exit 0', proc = '' } = {},
) {
  const folder = new ScriptFolder(t);
  const said = (name: string) => `echo "${name} $*" >> $RECORD`;
  const programs = {
    drbdadm: `${said('drbdadm')}; ${down}`,
    dumpe2fs: `echo "Filesystem features: has_journal ${features}"`,
    modprobe: 'exit 0',
    losetup: `${said('losetup')}; echo /dev/loop7`,
    blockdev: 'echo 2048',
    dmsetup: said('dmsetup'),
    mount: said('mount'),
    umount: said('umount'),
    du: 'echo 4096',
    df: 'echo Avail; echo 8192',
    tar: tar.replace('$5', '${7#--file=}'),
  };
  for (const [name, text] of Object.entries(programs)) folder.program(name, text);
  const script = readFileSync(join(libexec, 'gemel-split-brain'), 'utf8')
    .replace('/var/lib/gemel/split-brain', folder.path('kept'))
    .replace('/run/gemel/split-brain', folder.path('mounted'))
    .replace('/proc/drbd', folder.path('proc-drbd'));
  folder.put('proc-drbd', proc);
  const { status } = spawnSync('sh', ['-c', script, 'sh', 'keep-ID'], { env: folder.environment() });
  const log = folder.record.map((line) => line.replaceAll(folder.folder, ''));
  return { status, log, kept: readdirSync(folder.path('kept')).toSorted() };
}

const partition = '/dev/disk/by-partlabel/gemel-shared';

test('a volume that was unmounted is read as it is', (t) => {
  const { status, log, kept } = keep(t, 'extent');
  t.is(status, 0);
  t.deepEqual(log, [
    'drbdadm down gemel',
    `mount -t ext4 -o ro,noload ${partition} /mounted`,
    'tar',
    'umount /mounted',
  ]);
  t.deepEqual(kept, ['ID.size', 'ID.tar.zst']);
});

test('what is in the journal of a node that lost its power is replayed beside the volume and copied too', (t) => {
  const { status, log, kept } = keep(t, 'needs_recovery extent');
  t.is(status, 0);
  t.deepEqual(log, [
    'drbdadm down gemel',
    'losetup --find --show /kept/replay.part',
    `dmsetup create gemel-split-brain --table 0 2048 snapshot ${partition} /dev/loop7 N 8`,
    'mount -t ext4 -o ro /dev/mapper/gemel-split-brain /mounted',
    'tar',
    'umount /mounted',
    'losetup --detach /dev/loop7',
  ]);
  t.deepEqual(kept, ['ID.size', 'ID.tar.zst']);
});

test('half a copy does not stay', (t) => {
  const { status, kept } = keep(t, 'needs_recovery', { tar: 'echo half > "$5"; exit 2' });
  t.deepEqual([status, kept], [1, ['failed']]);
});

test('a volume that DRBD does not let go is not read behind its back', (t) => {
  const refused = { down: 'echo "State change failed: Device is held open by someone" >&2; exit 11' };
  const held = keep(t, 'extent', { ...refused, proc: drbd });
  t.deepEqual([held.status, held.log, held.kept], [1, ['drbdadm down gemel'], ['failed']]);
  for (const proc of ['', ' 0: cs:Unconfigured\n']) t.is(keep(t, 'extent', { ...refused, proc }).status, 0);
});

test('the loser hands over, is copied, and only then takes the other data', async (t) => {
  const { steps, run } = await world('copied');
  t.true(copyId.safeParse(await run()).success);
  t.deepEqual(steps, [
    'crm_attribute --update on',
    'keep-ID',
    'crm_attribute standby --delete',
    'discard',
    'connect the other',
    'log: Split brain resolved: node2 takes the data of the other node. What it had written is kept as ID.',
  ]);
});

test('without a whole copy nothing is given up, and the node is not left in maintenance', async (t) => {
  const { steps, run } = await world('no room');
  const failure = await t.throwsAsync(run(), { instanceOf: ApplianceError });
  t.is(failure.message, 'Make room first.');
  t.deepEqual(steps, ['crm_attribute --update on', 'keep-ID', 'crm_attribute standby --delete']);
});

test('while a node is in maintenance for its copy a note says so, and afterwards none does', async (t) => {
  for (const outcome of ['copied', 'no room'] as const) {
    const { steps, run, note, atKeep } = await world(outcome);
    await run().catch(() => undefined);
    t.is(steps[1], 'keep-ID');
    t.true(copyId.safeParse(atKeep.noted).success, outcome);
    t.is(await note.read(), undefined, outcome);
  }
});

test('a decision is refused while an earlier one is being taken back', async (t) => {
  const { steps, run, note } = await world('copied');
  await note.write('20261122T012400Z');
  await t.throwsAsync(run(), { code: 'conflict', message: /is being taken back on node2\. Try again/ });
  t.deepEqual(steps, []);
});

test('what a core that died left of it is taken back by the next one, once Pacemaker is there', async (t) => {
  const clock = new FakeClock();
  const files = { [`${keptFolder}/under-way.json`]: '{"copy":"20261122T012400Z"}' };
  const system = new ScriptedSystem({ clock, files });
  const unit = 'gemel-split-brain@keep-20261122T012400Z.service';
  system.units.add(unit, 'active');
  const off = ['crm_attribute', '--node', 'node2', '--name', 'standby', '--delete'];
  system.commands.once(off, { exitCode: 102, stderr: 'Connection refused\n' }).once(off);
  const said: string[] = [];
  // the only part of it that is used here
  const clusterLog = { add: async ({ text }: { text: string }) => void said.push(text) } as unknown as ClusterLog;
  const note = new GiveUpNote(system.files);
  const parts = { pacemaker: new Pacemaker(system.commands), copies: new KeptCopies(system, () => 'node2'), note };
  const { log } = collectingLog();
  using _taking = takeBackGivingUp({ ...parts, clusterLog, clock, log }, 'node2');
  await clock.advance(1_000);
  t.is((await system.units.status(unit)).activeState, 'inactive');
  t.is(await note.read(), '20261122T012400Z');
  await clock.advance(5_000);
  t.is(await note.read(), undefined);
  t.is(said.length, 1);
  system.commands.verify();
});

test('a decision that a restart of core interrupted says what became of it', async (t) => {
  // only the membership is asked for
  const parts = { membership: { current: { ...membership, thisNode: 'node2' } } } as unknown as SplitBrainParts;
  const action = splitBrainActions(parts).find(({ id }) => id === 'cluster.split-brain.resolve');
  if (action?.kind !== 'job' || action.resume === undefined) throw new Error('it does not go on');
  const resume = action.resume.bind(action);
  const call = {} as JobCall; // not looked at
  await t.throwsAsync(resume({ keep: 'node1' }, call, null), { code: 'cancelled', message: /node2 .* is taken back/ });
  await t.throwsAsync(resume({ keep: 'node2' }, call, null), { code: 'cancelled', message: /node1 was asked already/ });
});

test('without a note nobody’s maintenance is ended at a start', async (t) => {
  const system = new ScriptedSystem();
  const { log, lines } = collectingLog();
  const parts = { pacemaker: new Pacemaker(system.commands), copies: new KeptCopies(system, () => 'node2') };
  // the only part of it that is used here
  const clusterLog = { add: () => t.fail() } as unknown as ClusterLog;
  const note = new GiveUpNote(system.files);
  using _taking = takeBackGivingUp({ ...parts, note, clusterLog, clock: system.clock, log }, 'node2');
  await system.clock.advance(60_000);
  t.deepEqual([system.commands.runs, system.faults.journal, lines], [[], [], []]);
});

test('a copy is listed until it is dismissed', async (t) => {
  const id = '20261122T012400Z';
  const files = { [`${keptFolder}/${id}.tar.zst`]: '', [`${keptFolder}/${id}.size`]: '4096\n' };
  const system = new ScriptedSystem({ files });
  const copies = new KeptCopies(system, () => 'node2');
  t.deepEqual(await copies.list(), [{ id, node: 'node2', path: `${keptFolder}/${id}.tar.zst`, bytes: 4_096 }]);
  await copies.dismiss(id);
  t.deepEqual(await copies.list(), []);
});

test('what it runs is a shell script without a mistake in it', (t) => {
  const path = new URL('../../../../../systemd/libexec/gemel-split-brain', import.meta.url).pathname;
  t.notThrows(() => execFileSync('sh', ['-n', path]));
});
