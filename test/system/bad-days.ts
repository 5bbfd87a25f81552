/**
 * Bad days of a real appliance: in a VM with bonding, systemd-networkd and a kernel of its own, all from one snapshot with bond0
 * confirmed. Prints `N passed, N failed` last. Usage: bash scripts/run test/system/bad-days.ts [--lab NAME] [--only WORDS]
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
  options: { lab: { type: 'string', default: 'bad-days' }, only: { type: 'string', default: '' } },
});
const began = performance.now();
await using appliance = await ApplianceInLab.up(values.lab);
await appliance.gemel('network', 'mode', 'set', 'advanced', '--yes');
await appliance.gemel('network', 'link', 'set', 'enp0s6', '--address', '10.78.0.11/24');
await appliance.makeBond();
await appliance.lab.snapshot('bonded');
const wanted = cases.filter(({ title }) => title.includes(values.only));
const { passed, failed } = await runCases(appliance, 'bonded', wanted);
if (failed > 0 || wanted.length === 0) process.exitCode = 1;
console.log(`# took ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
console.log(`${passed} passed, ${failed} failed`);
