import { parseSmartctl, unknownSmart } from '#hardware/disks/smart.js';
import { parseSensors } from '#hardware/sensors/sensors.js';
import { isPartitionOf } from '#hardware/system/disks.js';
import test from 'ava';
import { ScriptedDisks } from './scripted-disks.js';

test('an ATA disk says its health, temperature, hours and bad sectors', (t) => {
  const table = [
    { id: 5, raw: { value: 3 } },
    { id: 9, raw: { value: 4_000 } },
    { id: 197, raw: { value: 2 } },
  ];
  const said = {
    smart_status: { passed: true },
    temperature: { current: 34 },
    power_on_time: { hours: 4_000 },
    ata_smart_attributes: { table },
  };
  t.deepEqual(parseSmartctl(JSON.stringify(said)), { health: 'ok', celsius: 34, hours: 4_000, badSectors: 5 });
});

test('an NVMe disk that predicts its end is failing', (t) => {
  const said = { smart_status: { passed: false }, nvme_smart_health_information_log: { media_errors: 7 } };
  t.deepEqual(parseSmartctl(JSON.stringify(said)), { health: 'failing', celsius: null, hours: null, badSectors: 7 });
});

test('a disk that says nothing, or something damaged, is unknown', (t) => {
  t.deepEqual(parseSmartctl('{"smartctl":{"exit_status":2}}'), unknownSmart);
  for (const text of ['', '{"smart_status":', '[]', '{"smart_status":{"passed":"yes"}}'])
    t.deepEqual(parseSmartctl(text), unknownSmart, text);
});

test('sensors are read with their states; what is no reading is unknown', (t) => {
  const text = 'CPU Temp,41,degrees C,ok\nFAN1,300,RPM,lcr\nPSU1,0x01,discrete,ok\nDIMM A,,,ns\n\nnonsense\n';
  t.deepEqual(parseSensors(text), [
    { sensor: 'CPU Temp', value: 41, unit: 'degrees C', state: 'ok' },
    { sensor: 'FAN1', value: 300, unit: 'RPM', state: 'critical' },
    { sensor: 'PSU1', value: null, unit: '', state: 'ok' },
    { sensor: 'DIMM A', value: null, unit: '', state: 'unknown' },
  ]);
});

test('partitions are told from other disks by their numbers', (t) => {
  t.deepEqual(
    ['sda1', 'sdaa', 'sda', 'nvme0n1p3', 'nvme0n2'].map((name) =>
      isPartitionOf(name.startsWith('s') ? 'sda' : 'nvme0n1', name),
    ),
    [true, false, false, true, false],
  );
});

test('disks come with what uses them: an array, or a mount of one of their partitions', async (t) => {
  const world = new ScriptedDisks();
  await world.disk('sda', 1_000, { holder: 'md127' });
  await world.disk('sdb', 1_000);
  await world.disk('sdc', 2_000);
  await world.write('/sys/block/sdc/sdc1/partition', '1');
  await world.write('/sys/class/block/sdc1/dev', '8:33');
  await world.write('/proc/self/mountinfo', '22 1 8:33 / /var/lib rw - ext4 /dev/sdc1 rw');
  const disks = await world.disks.read();
  t.deepEqual(
    disks.map(({ name, serial, array, usedBy }) => ({ name, serial, array, usedBy })),
    [
      { name: 'sda', serial: 'SN-sda', array: 'md127', usedBy: null },
      { name: 'sdb', serial: 'SN-sdb', array: null, usedBy: null },
      { name: 'sdc', serial: 'SN-sdc', array: null, usedBy: 'sdc1 is mounted on /var/lib' },
    ],
  );
});
