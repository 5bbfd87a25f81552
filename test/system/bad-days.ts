/**
 * Bad days of a real appliance: in a VM with bonding, systemd-networkd and a kernel of its own, all from one snapshot with bond0
 * confirmed. Prints `N passed, N failed` last. Usage: bash scripts/run test/system/bad-days.ts [--lab NAME] [--labs N] [--only WORDS]… [--keep]
 * The cases are shared among N labs, by default two: a VM keeps one processor busy. With --keep the labs stay, and the next run with --keep begins at once from its snapshot.
 */
import { parseArgs } from 'node:util';
import { ApplianceInLab } from '../accept/appliance-in-lab.ts';
import { factoryReset, powerLossWithDamagedArchive, rebootWithoutCoreAndNic } from './boots.ts';
import { runCases, type Tally } from './cases.ts';
import { clockJumps, coreGone, pluginHangs } from './core.ts';
import { networkdHangs, networkdKilled, networkdMasked, otherEnginesStopped } from './engines.ts';
import { carrierLost, nicRenamed, nicUnplugged } from './links.ts';
import { ownConnection } from './own-connection.ts';
import { refused, takenOnTheWire } from './refusals.ts';
import { everyBondMode, everyKindOfNetwork, nameAndTime } from './settings-in-force.ts';
import { damagedFiles, volumeFull } from './storage.ts';

/** Those that take long come first, so that the labs end at about the same time. */
const cases = [
  rebootWithoutCoreAndNic,
  factoryReset,
  damagedFiles,
  powerLossWithDamagedArchive,
  everyBondMode,
  volumeFull,
  networkdHangs,
  clockJumps,
  ownConnection,
  pluginHangs,
  networkdMasked,
  takenOnTheWire,
  everyKindOfNetwork,
  coreGone,
  refused,
  otherEnginesStopped,
  nameAndTime,
  networkdKilled,
  carrierLost,
  nicUnplugged,
  nicRenamed,
];

const { values } = parseArgs({
  options: {
    lab: { type: 'string', default: 'bad-days' },
    labs: { type: 'string', default: '2' },
    only: { type: 'string', multiple: true, default: [''] },
    keep: { type: 'boolean', default: false },
  },
});
const began = performance.now();
const snapshot = 'bonded';
const queue = cases.filter(({ title }) => values.only.some((words) => title.includes(words)));
const labs = Math.min(Number(values.labs), queue.length);
const workers = Array.from({ length: labs }, async (_none, index) => work(`${values.lab}-${index + 1}`));
const ended = await Promise.allSettled(workers);
let [passed, failed] = [0, 0];
for (const each of ended) {
  if (each.status === 'rejected') console.log(`NOT OK: ${String(each.reason)}`);
  passed += each.status === 'fulfilled' ? each.value.passed : 0;
  failed += each.status === 'fulfilled' ? each.value.failed : 1;
}
if (failed > 0 || passed === 0) process.exitCode = 1;
console.log(`# took ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
console.log(`${passed} passed, ${failed} failed`);

async function work(name: string): Promise<Tally> {
  const appliance = (values.keep ? await kept(name) : undefined) ?? (await prepared(name));
  try {
    return await runCases(appliance, snapshot, queue);
  } finally {
    if (!values.keep) await appliance.lab.down();
  }
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
