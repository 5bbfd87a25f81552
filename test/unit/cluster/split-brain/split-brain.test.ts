import { execFileSync } from 'node:child_process';
import { ScriptedSystem } from '@gemel/core/testing';
import { ApplianceError } from '@gemel/core/sdk';
import type { ClusterLog } from '#cluster/log/cluster-log.js';
import { Pacemaker } from '#cluster/pacemaker/pacemaker.js';
import type { ClusterChanges } from '#cluster/prediction/cluster-changes.js';
import { giveUp } from '#cluster/split-brain/give-up.js';
import { copyId, keptFolder, KeptCopies } from '#cluster/split-brain/kept-copies.js';
import { parseDiskUse, readSide } from '#cluster/split-brain/side.js';
import type { PairStatus } from '#cluster/status/pair-schema.js';
import { parseReplication } from '#cluster/status/replication.js';
import test from 'ava';
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

test('an id of a copy is no path', (t) => {
  t.true(copyId.safeParse('20261122T012400Z').success);
  for (const id of ['../../etc', '20261122T012400Z/..', '', '2026']) t.false(copyId.safeParse(id).success, id);
});

/** The losing node: its engine does what it is told, step by step. */
async function world(outcome: 'copied' | 'no room') {
  const system = new ScriptedSystem();
  const steps: string[] = [];
  const standAlone = parseReplication(drbd);
  const options = membership.options === null ? null : { ...membership.options, replicated: true };
  const whole = await pair('pair', {
    membership: { ...membership, thisNode: 'node2', options },
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
  copies.run = async (step) => {
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
  const parts = { pacemaker, changes, copies, clusterLog, connectOther, read: async () => whole };
  return { steps, run: () => giveUp(parts, 'node2', new AbortController().signal, () => undefined) };
}

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
