/**
 * Installing a bundle that was inspected, by `gemel firmware install`, beside `rauc install` of the same bundle by hand, in the VM and one
 * right after the other. What Gemel adds is the look before: signature, versions, sizes, cluster; content and settings were looked at
 * by `inspect`.
 */
import { testBundle } from '../accept/firmware-bundles.ts';
import { FirmwareInLab } from '../accept/firmware-in-lab.ts';
import { type Figure, middlePair, type Pair } from './figure.ts';

const rounds = 3;

export async function run(): Promise<readonly Figure[]> {
  await using firmware = await FirmwareInLab.up('bench-firmware');
  const { appliance } = firmware;
  // as on every appliance in use: what is tried once for each revision of the settings needs one
  await appliance.gemel('device', 'host-name', 'set', 'bench');
  await appliance.gemel('settings', 'activate');
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
      figure: await seconds(appliance.gemel('firmware', 'install', file, '--confirm', 'minor', '--yes')),
      peer: await seconds(appliance.sh(`rauc install ${file}`)),
    });
  const { figure, peer } = middlePair(pairs);
  return [
    {
      name: 'firmware: install of an inspected bundle in the VM',
      unit: 's',
      figure,
      peer: { name: 'rauc install by hand', figure: peer },
      limit: { kind: 'at most', value: 1.3 },
    },
  ];
}
