/**
 * Installing a bundle that was inspected, by `gemel firmware install`, beside `rauc install` of the same bundle by hand, in the VM and one
 * right after the other. What Gemel adds is the look before: signature, versions, sizes, cluster; content and settings were looked at
 * by `inspect`. Then the restart into the new slot, beside a restart of the one before.
 */
import { type ApplianceInLab, until } from '../accept/appliance-in-lab.ts';
import { testBundle } from '../accept/firmware-bundles.ts';
import { FirmwareInLab, patienceSeconds } from '../accept/firmware-in-lab.ts';
import { type Figure, middlePair, type Pair } from './figure.ts';

const rounds = 3;

export async function run(): Promise<readonly Figure[]> {
  await using firmware = await FirmwareInLab.up('bench-firmware');
  const { appliance } = firmware;
  // as on every appliance in use: what is tried once for each revision of the settings needs one
  await appliance.gemel('device', 'host-name', 'set', 'bench');
  await appliance.gemel('settings', 'activate');
  const plainRestart = await restartSeconds(appliance);
  const file = await firmware.send(await testBundle('good'));
  await appliance.gemel('firmware', 'inspect', file);
  const seconds = async (work: Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work;
    return (performance.now() - began) / 1_000;
  };
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++)
    pairs.push({
      peer: await seconds(appliance.sh(`rauc install ${file}`)),
      figure: await seconds(appliance.gemel('firmware', 'install', file, '--confirm', 'minor', '--yes')),
    });
  const { figure, peer } = middlePair(pairs);
  const restart = await restartSeconds(appliance);
  const { version } = await firmware.status();
  if (version !== '0.2.0') throw new Error(`${version} was started, and not what was installed`);
  return [
    {
      name: 'firmware: install of an inspected bundle in the VM',
      unit: 's',
      figure,
      peer: { name: 'rauc install by hand', figure: peer },
      limit: { kind: 'at most', value: 1.3 },
    },
    {
      name: 'firmware: restart into the new slot until core is ready, in the VM',
      unit: 's',
      figure: restart,
      peer: { name: 'restart of the old one', figure: plainRestart },
      // published, not promised: at its first start the new version takes over the settings
      limit: { kind: 'at most', value: 2 },
    },
  ];
}

/** From the order until the core of the next start answers. */
async function restartSeconds(appliance: ApplianceInLab): Promise<number> {
  const start = (await appliance.sh('cat /proc/sys/kernel/random/boot_id')).trim();
  await appliance.gemel('device', 'reboot', '--yes');
  return until('core of the next start to be ready', patienceSeconds, async () => {
    const look = 'cat /proc/sys/kernel/random/boot_id && systemctl is-active --quiet gemel-core && gemel status >&2';
    const { code, stdout } = await appliance.exec('sh', '-c', look).catch(() => ({ code: 1, stdout: start }));
    return code === 0 && stdout.trim() !== start;
  });
}
