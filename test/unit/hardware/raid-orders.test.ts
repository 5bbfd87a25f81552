import test from 'ava';
import { following, letPass, wholeMirror } from './scripted-disks.js';

const manage = (option: string, disk: string) => ['mdadm', '--manage', '/dev/md127', option, disk];
const orderOf = (lines: readonly string[]) => lines.map((line) => line.replace('mdadm --manage /dev/md127 ', ''));

test('a disk is failed and taken out', async (t) => {
  const world = await wholeMirror();
  world.system.commands.always(manage('--fail', '/dev/sdb')).always(manage('--remove', '/dev/sdb'));
  await world.orders.remove('sdb');
  t.deepEqual(orderOf(world.told), ['--fail /dev/sdb', '--remove /dev/sdb']);
});

test('a disk that is not in the machine any more is taken out as detached', async (t) => {
  const world = await wholeMirror();
  world.present.delete('sdb');
  world.system.commands.always(manage('--remove', 'detached'));
  await world.orders.remove('sdb');
  t.deepEqual(orderOf(world.told), ['--remove detached']);
});

test('the last disk that works is not taken out', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'faulty', 'none');
  const failure = await t.throwsAsync(world.orders.remove('sda'), { code: 'conflict' } as object);
  t.regex(failure?.message ?? '', /sda is the last disk of md127 that works/);
  t.deepEqual(world.told, []);
});

test('a disk that is no member is named with those that are', async (t) => {
  const world = await wholeMirror();
  const failure = await t.throwsAsync(world.orders.remove('sdc'));
  t.is(failure?.message, 'sdc is no part of a RAID. Disks that are: sda, sdb.');
});

test('a new disk takes the place of a failed one, and the order ends when it has everything', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'faulty', 'none');
  world.system.commands
    .always(manage('--remove', '/dev/sdb'), () => (void world.dropMember('md127', 'sdb'), ''))
    .always(manage('--add', '/dev/sdc'), () => (void world.member('md127', 'sdc', 'spare', '1'), ''));
  const job = following();
  const work = world.orders.add(await world.orders.array(undefined), 'sdc', false, job);
  await world.system.clock.advance(1_000);
  await world.sync('md127', 'recover', '1 / 4');
  await world.system.clock.advance(1_000);
  await world.member('md127', 'sdc', 'in_sync', '1');
  await world.sync('md127', 'idle', 'none');
  const now = await letPass(world, work);
  t.is(now.state, 'ok');
  t.deepEqual(orderOf(world.told), ['wipefs --no-act --json /dev/sdc', '--remove /dev/sdb', '--add /dev/sdc']);
  t.true(job.told.includes('md127: rebuilding 25 %'), job.told.join());
});

test('a new disk that fails during the rebuild ends the order with what to do', async (t) => {
  const world = await wholeMirror();
  await world.dropMember('md127', 'sdb');
  world.system.commands.always(
    manage('--add', '/dev/sdc'),
    () => (void world.member('md127', 'sdc', 'spare', '1'), ''),
  );
  const work = world.orders.add(await world.orders.array(undefined), 'sdc', false, following());
  await world.system.clock.advance(1_000);
  await world.sync('md127', 'recover', '1 / 4');
  await world.system.clock.advance(1_000);
  await world.member('md127', 'sdc', 'faulty', 'none');
  await world.sync('md127', 'idle', 'none');
  const failure = await t.throwsAsync(letPass(world, work), { code: 'engine-failed' } as object);
  t.is(
    failure?.message,
    'The rebuild of md127 ended without success: sdc is failed. Take it out and try another one: gemel hardware raid disk remove sdc',
  );
});

const carrier = '{"signatures":[{"device":"sdc","type":"ext4","label":"photos"}]}';

test('a disk that carries data is refused, and cleared only when told to', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'faulty', 'none');
  world.system.commands
    .always(['wipefs', '--no-act', '--json', '/dev/sdc'], carrier)
    .always(['wipefs', '--all', '--quiet', '/dev/sdc'])
    .always(manage('--remove', '/dev/sdb'), () => (void world.dropMember('md127', 'sdb'), ''))
    .always(manage('--add', '/dev/sdc'), () => (void world.member('md127', 'sdc', 'in_sync', '1'), ''));
  const array = await world.orders.array('md127');
  const failure = await t.throwsAsync(world.orders.add(array, 'sdc', false, following()), {
    code: 'invalid',
  } as object);
  t.is(
    failure?.message,
    'sdc (Disk X, SN-sdc) is not empty, it carries ext4 "photos". If nobody needs that any more, say --overwrite.',
  );
  t.deepEqual(world.told, ['wipefs --no-act --json /dev/sdc']);
  await letPass(world, world.orders.add(array, 'sdc', true, following()));
  t.true(world.told.includes('wipefs --all --quiet /dev/sdc'));
});

test('a former member of this very array comes back without being asked for its data', async (t) => {
  const world = await wholeMirror();
  await world.dropMember('md127', 'sdb');
  const member = '{"signatures":[{"device":"sdb","type":"linux_raid_member","label":"any:gemel-shared"}]}';
  world.system.commands
    .always(['wipefs', '--no-act', '--json', '/dev/sdb'], member)
    .always(['mdadm', '--examine', '--export', '/dev/sdb'], 'MD_UUID=1:2:3:4\n')
    .always(['mdadm', '--detail', '--export', '/dev/md127'], 'MD_LEVEL=raid1\nMD_UUID=1:2:3:4\n')
    .always(manage('--add', '/dev/sdb'), () => (void world.member('md127', 'sdb', 'in_sync', '1'), ''));
  const now = await letPass(world, world.orders.add(await world.orders.array('md127'), 'sdb', false, following()));
  t.is(now.state, 'ok');
  t.false(world.told.some((line) => line.includes('--all')));
});

const foreign = { uuid: '00000000-0000-0000-0000-000000000000', array_state: 'inactive' };

test('a member of another array that is in use is refused without being asked what it carries', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'faulty', 'none');
  await world.array('md5', foreign, { sdc: ['in_sync', '0'] });
  await world.write('/sys/class/block/md5/holders/dm-0', '');
  const failure = await t.throwsAsync(world.orders.add(await world.orders.array(undefined), 'sdc', true, following()));
  t.regex(failure?.message ?? '', /sdc \(Disk X, SN-sdc\) is a part of md5, which is in use \(dm-0\)/);
  t.deepEqual(world.told, []);
});

test('an array that a used disk brought along is content like any other: stopped and cleared when told to', async (t) => {
  const world = await wholeMirror();
  await world.dropMember('md127', 'sdb');
  await world.array('md126', foreign, { sdc: ['spare', 'none'] });
  const member = '{"signatures":[{"device":"sdc","type":"linux_raid_member","label":"nas:0"}]}';
  world.system.commands
    .always(['wipefs', '--no-act', '--json', '/dev/sdc'], member)
    .always(['mdadm', '--examine', '--export', '/dev/sdc'], 'MD_UUID=5:6:7:8\n')
    .always(['mdadm', '--detail', '--export', '/dev/md127'], 'MD_UUID=1:2:3:4\n')
    .always(['mdadm', '--stop', '/dev/md126'], () => (void world.dropMember('md126', 'sdc'), ''))
    .always(['wipefs', '--all', '--quiet', '/dev/sdc'])
    .always(manage('--add', '/dev/sdc'), () => (void world.member('md127', 'sdc', 'in_sync', '1'), ''));
  const array = await world.orders.array(undefined);
  const failure = await t.throwsAsync(world.orders.add(array, 'sdc', false, following()));
  t.regex(failure?.message ?? '', /linux_raid_member "nas:0"/);
  t.false(world.told.some((line) => line.includes('--stop')));
  await letPass(world, world.orders.add(array, 'sdc', true, following()));
  t.deepEqual(orderOf(world.told).slice(-3), [
    'mdadm --stop /dev/md126',
    'wipefs --all --quiet /dev/sdc',
    '--add /dev/sdc',
  ]);
});

test('a disk that is too small is refused with both sizes, whatever is told', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'faulty', 'none');
  await world.disk('sdd', 1_000);
  const failure = await t.throwsAsync(world.orders.add(await world.orders.array('md127'), 'sdd', true, following()));
  t.is(failure?.message, 'sdd (Disk X, SN-sdd) has 1000 MiB, md127 needs 1001 MiB. Use a larger disk.');
});

test('a working disk is replaced while it stays in use', async (t) => {
  const world = await wholeMirror();
  world.system.commands
    .always(manage('--add', '/dev/sdc'), () => (void world.member('md127', 'sdc', 'spare', 'none'), ''))
    .always(['mdadm', '--manage', '/dev/md127', '--replace', '/dev/sda', '--with', '/dev/sdc'])
    .always(manage('--remove', '/dev/sda'), () => (void world.dropMember('md127', 'sda'), ''));
  const work = world.orders.replace('sda', 'sdc', false, following());
  await world.system.clock.advance(1_000);
  await world.sync('md127', 'recover', '1 / 2');
  await world.system.clock.advance(1_000);
  await world.member('md127', 'sdc', 'in_sync', '0');
  await world.member('md127', 'sda', 'faulty', 'none');
  await world.sync('md127', 'idle', 'none');
  const now = await letPass(world, work);
  t.deepEqual(orderOf(world.told).slice(1), [
    '--add /dev/sdc',
    '--replace /dev/sda --with /dev/sdc',
    '--remove /dev/sda',
  ]);
  t.deepEqual(now.disks.map(({ disk }) => disk).toSorted(), ['sdb', 'sdc']);
});

test('while a disk is missing none is replaced', async (t) => {
  const world = await wholeMirror();
  await world.dropMember('md127', 'sdb');
  const failure = await t.throwsAsync(world.orders.replace('sda', 'sdc', false, following()));
  t.regex(failure?.message ?? '', /Fill the gap first: gemel hardware raid disk add sdc/);
  t.deepEqual(world.told, []);
});

test('a check is followed to its end, and stopped when it is cancelled', async (t) => {
  const world = await wholeMirror();
  world.system.commands
    .always(['mdadm', '--misc', '--action=check', '/dev/md127'], () => (void world.sync('md127', 'check', '1 / 2'), ''))
    .always(['mdadm', '--misc', '--action=idle', '/dev/md127'], () => (void world.sync('md127', 'idle', 'none'), ''));
  const first = world.orders.check(await world.orders.array(undefined), 'check', following());
  await world.system.clock.advance(2_000);
  await world.sync('md127', 'idle', 'none');
  t.is((await letPass(world, first)).state, 'ok');
  t.false(world.told.includes('mdadm --misc --action=idle /dev/md127'));

  const cancel = new AbortController();
  const second = world.orders.check(await world.orders.array(undefined), 'check', following(cancel));
  await world.system.clock.advance(2_000);
  cancel.abort();
  await t.throwsAsync(letPass(world, second), { code: 'cancelled' } as object);
  t.true(world.told.includes('mdadm --misc --action=idle /dev/md127'));
});

test('a degraded array is not checked: there is nothing to compare with', async (t) => {
  const world = await wholeMirror();
  await world.member('md127', 'sdb', 'faulty', 'none');
  const failure = await t.throwsAsync(world.orders.check(await world.orders.array(undefined), 'repair', following()));
  t.regex(failure?.message ?? '', /md127 is degraded: there is nothing to compare with/);
});
