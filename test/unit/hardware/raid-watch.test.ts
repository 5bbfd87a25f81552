import type { EventDefinition } from '@gemel/core/sdk';
import { RaidWatch } from '#hardware/raid/raid-watch.js';
import { raidExpectedFile } from '#hardware/system/md-arrays.js';
import test from 'ava';
import { type ScriptedDisks, wholeMirror } from './scripted-disks.js';

const seenFile = '/var/lib/gemel/plugins/hardware/raid-seen.json';

function watchOf({ system, arrays }: ScriptedDisks) {
  const published: string[] = [];
  const publish = <Payload>({ id }: EventDefinition<Payload>, payload: Payload) =>
    void published.push(`${id} ${Object.values(payload as object).join(' ')}`); // payloads of this plugin are objects
  const none = { [Symbol.dispose]: () => undefined };
  const events = { publish, on: () => none, onAny: () => none };
  const say = () => undefined;
  const log = { debug: say, info: say, warn: say, error: say };
  return { published, watch: new RaidWatch({ arrays, files: system.files, events, log, seenFile }) };
}

test('the first look tells a new array, the next ones only what changed', async (t) => {
  const world = await wholeMirror();
  const { watch, published } = watchOf(world);
  await watch.look();
  await watch.look();
  t.deepEqual(published.splice(0), [
    'hardware.raid.disk.changed md127 sda absent ok',
    'hardware.raid.disk.changed md127 sdb absent ok',
    'hardware.raid.state.changed md127 absent ok',
  ]);
  await world.member('md127', 'sdb', 'faulty', 'none');
  await watch.look();
  t.deepEqual(published, [
    'hardware.raid.disk.changed md127 sdb ok failed',
    'hardware.raid.state.changed md127 ok degraded',
  ]);
});

test('what happened while core was away is told by the next look', async (t) => {
  const world = await wholeMirror();
  await watchOf(world).watch.look();
  world.present.delete('sdb');
  const after = watchOf(world);
  await after.watch.look();
  t.deepEqual(after.published, [
    'hardware.raid.disk.changed md127 sdb ok gone',
    'hardware.raid.state.changed md127 ok degraded',
  ]);
});

test('a torn memory of the last look only tells everything anew', async (t) => {
  const world = await wholeMirror();
  await world.system.files.write(seenFile, '[{"array":"md1');
  const { watch, published } = watchOf(world);
  await watch.look();
  t.is(published.length, 3);
});

test('several who ask at once get one look', async (t) => {
  const world = await wholeMirror();
  const { watch, published } = watchOf(world);
  await Promise.all([watch.look(), watch.look(), watch.look()]);
  t.is(published.length, 3);
});

test('an array that was made and is not there any more is an error', async (t) => {
  const world = await wholeMirror();
  const { watch } = watchOf(world);
  t.deepEqual((await watch.look()).reports, []);
  await world.system.files.remove('/sys/block/md127');
  t.deepEqual(
    (await watch.look()).reports.map(({ code }) => code),
    ['hardware.raid.missing'],
  );
});

test('the array of another device, on a used disk that was put in, is no array of this one', async (t) => {
  const world = await wholeMirror();
  const foreign = { uuid: '00000000-0000-0000-0000-000000000000', array_state: 'inactive' };
  await world.array('md126', foreign, { sdc: ['spare', 'none'] });
  const { watch } = watchOf(world);
  const { arrays, reports } = await watch.look();
  t.deepEqual([arrays.map(({ array }) => array), reports], [['md127'], []]);
  t.is((await world.orders.array(undefined)).array, 'md127');
});

test('before its UUID was noted the own array is the one of the data volume', async (t) => {
  const world = await wholeMirror();
  await world.array('md126', {}, { sdc: ['in_sync', '0'] });
  await world.system.files.write(raidExpectedFile, '');
  await world.write('/run/udev/data/b9:127', 'E:MD_DEVNAME=gemel-shared');
  await world.write('/run/udev/data/b9:126', 'E:MD_DEVNAME=photos');
  t.deepEqual(
    (await watchOf(world).watch.look()).arrays.map(({ array }) => array),
    ['md127'],
  );
});
