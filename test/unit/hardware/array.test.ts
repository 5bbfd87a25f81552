import { describeState } from '#hardware/raid/array.js';
import { judgeRaid, presentRaid } from '#hardware/raid/raid-status.js';
import { raidChanges } from '#hardware/raid/raid-changes.js';
import test from 'ava';
import { ScriptedDisks, wholeMirror } from './scripted-disks.js';

test('a machine without arrays has no RAID, and nothing to report', async (t) => {
  t.deepEqual(judgeRaid(await new ScriptedDisks().arrays.read(), false), { arrays: [], reports: [] });
});

test('a whole mirror is OK with both of its disks', async (t) => {
  const [array] = await (await wholeMirror()).arrays.read();
  t.deepEqual(array, {
    array: 'md127',
    level: 'raid1',
    state: 'ok',
    disksWanted: 2,
    disks: [
      { disk: 'sda', state: 'ok' },
      { disk: 'sdb', state: 'ok' },
    ],
    sizeBytes: 1_000 * 2 ** 20,
    diskBytes: 1_000 * 2 ** 20,
    activity: null,
    mismatches: 0,
  });
});

test('a failed disk makes it degraded, and the report says what to put in', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'faulty', 'none');
  const { arrays, reports } = judgeRaid(await world.arrays.read(), true);
  t.is(arrays[0]?.state, 'degraded');
  t.deepEqual(
    reports.map(({ code, params }) => [code, params]),
    [['hardware.raid.disk-lost', { array: 'md127', lost: 'sdb', size: '1 GiB' }]],
  );
});

test('a disk that is taken out of the machine is gone, also while the kernel still counts it as a member', async (t) => {
  const world = await wholeMirror();
  world.present.delete('sdb');
  const [array] = await world.arrays.read();
  t.deepEqual([array?.state, array?.disks[1]?.state], ['degraded', 'gone']);
});

test('a mirror whose last disk is gone has failed, although the kernel never says so of a last disk', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'faulty', 'none');
  world.present.delete('sda');
  const { arrays, reports } = judgeRaid(await world.arrays.read(), true);
  t.is(arrays[0]?.state, 'failed');
  t.deepEqual(
    reports.map(({ code, severity }) => `${code} ${severity}`),
    ['hardware.raid.failed error'],
  );
});

for (const word of ['broken', 'inactive', 'clear']) {
  test(`an array that the kernel calls ${word} has failed`, async (t) => {
    const world = await wholeMirror();
    await world.write('/sys/block/md127/md/array_state', word);
    t.is((await world.arrays.read())[0]?.state, 'failed');
  });
}

test('no array at all is an error where one was made', (t) => {
  t.deepEqual(
    judgeRaid([], true).reports.map(({ code }) => code),
    ['hardware.raid.missing'],
  );
});

test('a rebuild shows how far it is', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'spare', '1');
  await world.sync('md127', 'recover', '512000 / 2048000');
  await world.write('/sys/block/md127/md/sync_speed', '20480');
  const [array] = await world.arrays.read();
  t.deepEqual(array?.activity, { kind: 'rebuild', fraction: 0.25, bytesPerSecond: 20 * 2 ** 20 });
  t.is(array && describeState(array), 'rebuilding 25 %');
  t.is(array?.disks[1]?.state, 'rebuilding');
});

test('a rebuild that waits for its turn has no fraction', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'spare', '1');
  await world.sync('md127', 'recover', 'delayed');
  t.deepEqual((await world.arrays.read())[0]?.activity, { kind: 'rebuild', fraction: null, bytesPerSecond: null });
});

test('a check leaves a mirror OK', async (t) => {
  const world = await wholeMirror();
  await world.sync('md127', 'check', '1024000 / 2048000');
  const [array] = await world.arrays.read();
  t.is(array && describeState(array), 'OK, check 50 %');
});

test('changes name arrays and disks that came, changed and went; progress is none', async (t) => {
  const world = await wholeMirror();
  const before = await world.arrays.read();
  await world.member('md127', 'sdb', 'spare', '1');
  await world.sync('md127', 'recover', '10 / 100');
  const rebuilding = await world.arrays.read();
  t.deepEqual(raidChanges([], before).arrays, [{ array: 'md127', before: 'absent', now: 'ok' }]);
  t.deepEqual(raidChanges(before, rebuilding), {
    arrays: [{ array: 'md127', before: 'ok', now: 'rebuilding' }],
    disks: [{ array: 'md127', disk: 'sdb', before: 'ok', now: 'rebuilding' }],
  });
  await world.sync('md127', 'recover', '90 / 100');
  t.deepEqual(raidChanges(rebuilding, await world.arrays.read()), { arrays: [], disks: [] });
  t.deepEqual(
    raidChanges(before, []).disks.map(({ disk, now }) => `${disk} ${now}`),
    ['sda absent', 'sdb absent'],
  );
});

test('differences that a check counted are shown with what mends them', async (t) => {
  const world = await wholeMirror();
  await world.write('/sys/block/md127/md/mismatch_cnt', '128');
  const text = JSON.stringify(presentRaid(judgeRaid(await world.arrays.read(), true)));
  t.regex(text, /128 sectors differed between the disks\. See: gemel hardware raid repair/);
});
