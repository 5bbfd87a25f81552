/** A good bundle, as docs/firmware.md prints it: inspected, installed, started, found healthy, marked good. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { check, until } from './appliance-in-lab.ts';
import { testBundle } from './firmware-bundles.ts';
import { FirmwareInLab, patienceSeconds } from './firmware-in-lab.ts';
import { commandBlocks } from './printed-commands.ts';

const bundle = await testBundle('good');
await using firmware = await FirmwareInLab.up('accept-good');
const { appliance } = firmware;
await firmware.send(bundle, 'gemel-0.2.0.raucb');
await appliance.gemel('device', 'host-name', 'set', 'keeps-its-name');
await appliance.gemel('settings', 'activate');
await appliance.sh('echo "data of the operator" > /data/gemel/marker; sync');
const before = await firmware.belongings();
// from where the operator left it: core, which sees nobody's home, has it sent
await appliance.sh('cp /var/lib/gemel/incoming/gemel-0.2.0.raucb /root/');
check(
  /0\.2\.0/.test(await appliance.gemel('firmware', 'inspect', '/root/gemel-0.2.0.raucb')),
  'a bundle in /root is inspected',
);
await appliance.sh('rm /root/gemel-0.2.0.raucb');
const began = performance.now();

for (const { wait, lines } of commandBlocks(
  await readFile(join(import.meta.dirname, '../../docs/firmware.md'), 'utf8'),
))
  for (const line of lines) {
    console.log(`$ ${line}`);
    if (wait) await until(`"${line}" to succeed`, patienceSeconds, async () => succeeds(line));
    else console.log((await appliance.sh(line)).trimEnd().replaceAll(/^/gm, '    '));
  }

const { entry } = await firmware.outcome();
const minutes = (performance.now() - began) / 60_000;
check(
  entry.kind === 'good' && entry.version === '0.2.0' && entry.slot === 'B',
  `${entry.version} in slot ${entry.slot} is ${entry.kind}`,
);
const status = await firmware.status();
check(
  status.version === '0.2.0' && status.slot === 'B' && status.next === 'B' && status.trial === null,
  'it runs and is what starts next',
);
check((await firmware.belongings()) === before, 'settings, identity and data are as they were');
await firmware.checkAgreement();
console.log(`A good bundle was inspected, installed, started and marked good in ${minutes.toFixed(1)} min.`);

/** Not while the appliance restarts, when nobody is there to be asked. */
async function succeeds(line: string): Promise<boolean> {
  const { code } = await appliance.exec('sh', '-c', line).catch(() => ({ code: 1 }));
  return code === 0;
}
