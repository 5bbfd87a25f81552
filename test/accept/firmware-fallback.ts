/**
 * Bad bundles: the appliance is back on the old slot by itself, with settings and data whole, and says why.
 * `-- --cases no-boot,core-fails,gate-fails`
 */
import { check } from './appliance-in-lab.ts';
import { badKinds, type BundleKind, testBundle } from './firmware-bundles.ts';
import { FirmwareInLab } from './firmware-in-lab.ts';
import { textOption } from './random.ts';

type BadKind = Exclude<BundleKind, 'good'>;

const cases = textOption('cases', Object.keys(badKinds).join(',')).split(',');
const isBad = (name: string): name is BadKind => name in badKinds;
const wanted = cases.filter(isBad);
if (wanted.length !== cases.length) throw new Error(`--cases takes ${Object.keys(badKinds).join(', ')}`);

await using firmware = await FirmwareInLab.up('accept-fallback');
const { appliance } = firmware;
await appliance.gemel('device', 'host-name', 'set', 'keeps-its-name');
await appliance.gemel('settings', 'activate');
await appliance.sh('echo "data of the operator" > /data/gemel/marker; sync');
const slowest = { name: '', seconds: 0 };

for (const name of wanted) await fallBack(name);
console.log(
  `${wanted.length} of ${wanted.length} bad bundles fell back by themselves with settings and data whole; slowest ${slowest.name}, ${slowest.seconds.toFixed(0)} s from the restart to the old slot`,
);

async function fallBack(name: BadKind): Promise<void> {
  const { version, reason } = badKinds[name];
  console.log(`# ${name}`);
  const file = await firmware.send(await testBundle(name), 'bad.raucb');
  const before = await firmware.belongings();
  const { slot, version: running } = await firmware.status();
  await appliance.gemel('firmware', 'install', file, '--confirm', 'minor', '--restart', 'now', '--yes');
  const { entry, seconds } = await firmware.outcome();
  if (seconds > slowest.seconds) Object.assign(slowest, { name, seconds });
  check(
    entry.kind === 'fell-back' && entry.version === version,
    `${version} was given up after ${seconds.toFixed(0)} s: ${entry.reason}`,
  );
  check(reason.test(entry.reason), 'the reason says what was wrong with it');
  const after = await firmware.status();
  check(
    after.slot === slot && after.version === running && after.trial === null,
    `slot ${slot} with ${running} runs again`,
  );
  check((await firmware.belongings()) === before, 'settings, identity and data are as they were');
  await firmware.checkAgreement();
}
