/**
 * The power fails at random moments while an operator edits, activates and confirms. After the next boot the network is
 * wholly the old or wholly the new one, and what was acknowledged as confirmed is there. `-- --points N --seed S`
 */
import { ApplianceInLab, check } from './appliance-in-lab.ts';
import { confirmedNetwork, kernelNetwork } from './address-change.ts';
import { interruptChange, type Moment, randomMoments, stepLengths } from './interrupted-change.ts';
import { numberOption, seeded } from './random.ts';

const points = numberOption('points', 30);
const seed = numberOption('seed', Date.now() % 1_000_000);
/** One per core of the machine: an emulated appliance keeps a core busy. */
const labs = 2;
const moments = randomMoments(points, seeded(seed));

console.log(`# ${points} power losses; seed ${seed}`);
const tally: Record<string, number> = { old: 0, new: 0 };
let slowestBoot = 0;
// Both to their end, so that each takes its lab down.
for (const ended of await Promise.allSettled(Array.from({ length: labs }, (_, index) => work(index))))
  if (ended.status === 'rejected') throw ended.reason;
console.log(
  `${points} of ${points} power losses ended in a whole network (${tally['old']} old, ${tally['new']} new), slowest boot to an answering core ${slowestBoot.toFixed(0)} s`,
);

async function work(index: number): Promise<void> {
  await using appliance = await ApplianceInLab.up(`accept-power-${index}`);
  await appliance.makeBond();
  await appliance.lab.snapshot('bonded');
  const lengths = await stepLengths(appliance);
  for (let next = moments.shift(); next !== undefined; next = moments.shift()) {
    await appliance.lab.restore('bonded');
    await appliance.coreAnswers();
    await losePower(appliance, next, lengths);
  }
}

async function losePower(appliance: ApplianceInLab, moment: Moment, lengths: readonly number[]): Promise<void> {
  const { when, acknowledged } = await interruptChange(appliance, moment, lengths, () =>
    appliance.lab.node('a').kill(),
  );
  const off = performance.now();
  await appliance.lab.node('a').start();
  await appliance.coreAnswers(240);
  slowestBoot = Math.max(slowestBoot, (performance.now() - off) / 1_000);
  const [kernel, confirmed] = [await kernelNetwork(appliance), await confirmedNetwork(appliance)];
  check(
    kernel !== 'neither' && kernel === confirmed && (acknowledged !== 'confirmed' || kernel === 'new'),
    `point ${moment.point}: power lost ${when}, acknowledged ${acknowledged}: kernel ${kernel}, confirmed ${confirmed}`,
  );
  tally[kernel] = (tally[kernel] ?? 0) + 1;
}
