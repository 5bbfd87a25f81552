/**
 * Bad days of a real appliance: in a VM with bonding, systemd-networkd and a kernel of its own, all from one snapshot with bond0
 * confirmed. Prints `N passed, N failed` last. Usage: bash scripts/run test/system/bad-days.ts [--lab NAME] [--only WORDS] [--keep]
 * With --keep the lab stays, and the next run with --keep begins at once from its snapshot.
 */
import { parseArgs } from 'node:util';
import { ApplianceInLab } from '../accept/appliance-in-lab.ts';
import { powerLossWithDamagedArchive, rebootWithoutCoreAndNic } from './boots.ts';
import { runCases } from './cases.ts';
import { clockJumps, coreGone, pluginHangs } from './core.ts';
import { networkdHangs, networkdKilled, networkdMasked, otherEnginesStopped } from './engines.ts';
import { carrierLost, nicRenamed, nicUnplugged } from './links.ts';
import { ownConnection } from './own-connection.ts';
import { refused, takenOnTheWire } from './refusals.ts';
import { everyBondMode, everyKindOfNetwork, nameAndTime } from './settings-in-force.ts';
import { damagedFiles, volumeFull } from './storage.ts';

const cases = [
  refused,
  takenOnTheWire,
  ownConnection,
  carrierLost,
  nicUnplugged,
  nicRenamed,
  networkdMasked,
  networkdKilled,
  networkdHangs,
  otherEnginesStopped,
  volumeFull,
  damagedFiles,
  clockJumps,
  coreGone,
  pluginHangs,
  nameAndTime,
  everyKindOfNetwork,
  everyBondMode,
  rebootWithoutCoreAndNic,
  powerLossWithDamagedArchive,
];

const { values } = parseArgs({
  options: {
    lab: { type: 'string', default: 'bad-days' },
    only: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
  },
});
const began = performance.now();
const snapshot = 'bonded';
const appliance = (values.keep ? await kept(values.lab) : undefined) ?? (await prepared(values.lab));
try {
  const wanted = cases.filter(({ title }) => title.includes(values.only));
  const { passed, failed } = await runCases(appliance, snapshot, wanted);
  if (failed > 0 || wanted.length === 0) process.exitCode = 1;
  console.log(`# took ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
  console.log(`${passed} passed, ${failed} failed`);
} finally {
  if (!values.keep) await appliance.lab.down();
}

async function kept(name: string): Promise<ApplianceInLab | undefined> {
  const found = await ApplianceInLab.open(name);
  return found?.lab.status().snapshots.includes(snapshot) === true ? found : undefined;
}

async function prepared(name: string): Promise<ApplianceInLab> {
  const fresh = await ApplianceInLab.up(name);
  try {
    await fresh.gemel('network', 'mode', 'set', 'advanced', '--yes');
    await fresh.gemel('network', 'link', 'set', 'enp0s6', '--address', '10.78.0.11/24');
    await fresh.makeBond();
    await fresh.lab.snapshot(snapshot);
    return fresh;
  } catch (thrown) {
    await fresh.lab.down();
    throw thrown;
  }
}
