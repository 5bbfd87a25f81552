import type { EventDefinition } from '@gemel/core/sdk';
import { FailingDisks, failingDisksFolder } from '#hardware/disks/failing-disks.js';
import { failingDisks } from '#hardware/disks/failing-disks-status.js';
import { type Smart, unknownSmart } from '#hardware/disks/smart.js';
import test from 'ava';
import { ScriptedDisks } from './scripted-disks.js';

const note = (serial: string) => `${failingDisksFolder}/${serial}`;

/** Disks sda and sdb. */
async function newWorld() {
  const world = new ScriptedDisks();
  for (const name of ['sda', 'sdb']) await world.disk(name, 1_000);
  const { files, clock } = world.system;
  const published: string[] = [];
  const none = { [Symbol.dispose]: () => undefined };
  const events = {
    publish: <Payload>({ id }: EventDefinition<Payload>, payload: Payload) =>
      void published.push(`${id} ${JSON.stringify(payload)}`),
    on: () => none,
    onAny: () => none,
  };
  const asked: string[] = [];
  const health: { now: Smart['health'] } = { now: 'failing' };
  const open = () =>
    new FailingDisks({
      files,
      events,
      clock,
      toldFile: '/data/told.json',
      disks: () => world.disks.read(),
      ask: async (disk) => {
        asked.push(disk);
        return { ...unknownSmart, health: health.now };
      },
    });
  return { world, files, clock, published, asked, health, open };
}

const told = 'hardware.disk.failing {"disk":"sda","what":"Health"}';

test('a disk that predicts its end is told once and stays, also over a start of core', async (t) => {
  const { files, published, open } = await newWorld();
  await files.write(note('SN-sda'), 'Health\n');
  const first = open();
  const shown = await first.look();
  await first.look();
  t.deepEqual(shown, [{ note: 'SN-sda', disk: 'sda', title: 'Disk X, SN-sda', what: 'Health' }]);
  await open().look();
  t.deepEqual(published, [told]);
  t.deepEqual(failingDisks.overview?.({ disks: [...shown] }), [
    ['Disk', { text: 'sda (Disk X, SN-sda) says that it will fail', tone: 'bad' }],
  ]);
});

test('it is found under its serial number, whatever it is called after a start', async (t) => {
  const { world, files, open } = await newWorld();
  await files.write(note('SN-sda'), 'Health\n');
  await world.write('/run/udev/data/b8:97', 'E:ID_SERIAL_SHORT=SN-sdb');
  await world.write('/run/udev/data/b8:98', 'E:ID_SERIAL_SHORT=SN-sda');
  t.deepEqual(
    (await open().look()).map(({ disk }) => disk),
    ['sdb'],
  );
});

test('a disk that was pulled out is failing no more, and its note goes after five minutes', async (t) => {
  const { world, files, clock, open } = await newWorld();
  await files.write(note('SN-sda'), 'Health\n');
  const failing = open();
  await failing.look();
  world.present.delete('sda');
  t.deepEqual(await failing.look(), []);
  await clock.advance(299_999);
  await failing.look();
  t.deepEqual(files.contents(failingDisksFolder), { [note('SN-sda')]: 'Health\n' });
  await clock.advance(1);
  await failing.look();
  t.deepEqual(files.contents(failingDisksFolder), {});
});

test('a disk that is not there yet when core starts keeps its note', async (t) => {
  const { world, files, clock, open } = await newWorld();
  await files.write(note('SN-sda'), 'Health\n');
  world.present.delete('sda');
  const failing = open();
  t.deepEqual(await failing.look(), []);
  world.present.add('sda');
  await clock.advance(300_000);
  t.is((await failing.look())[0]?.disk, 'sda');
});

test('a disk is asked once a minute, and is failing no more when it says that it is well', async (t) => {
  const { files, clock, asked, health, open } = await newWorld();
  await files.write(note('SN-sda'), 'Health\n');
  const failing = open();
  health.now = 'unknown';
  await failing.look();
  await failing.look();
  await clock.advance(60_000);
  t.deepEqual(asked, ['sda']);
  t.is((await failing.look()).length, 1, 'one that does not answer is not well');
  health.now = 'ok';
  await clock.advance(60_000);
  await failing.look();
  await clock.advance(0);
  t.deepEqual(await failing.look(), []);
  t.deepEqual(asked, ['sda', 'sda', 'sda']);
});

test('a disk that predicts its end a second time is told again; a note without its end waits', async (t) => {
  const { files, published, open } = await newWorld();
  const failing = open();
  await files.write(note('SN-sda'), '');
  t.deepEqual(await failing.look(), []);
  await files.write(note('SN-sda'), 'Health\n');
  await failing.look();
  await files.remove(note('SN-sda'));
  await failing.look();
  await files.write(note('SN-sda'), 'Health\n');
  await failing.look();
  t.deepEqual(published, [told, told]);
});
