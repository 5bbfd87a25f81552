/**
 * The power fails at random moments while an operator edits, activates and confirms. After the next boot the network is
 * wholly the old or wholly the new one, and what was acknowledged as confirmed is there. `-- --points N --seed S`
 */
import { ApplianceInLab, check } from './appliance-in-lab.ts';
import { changeAddress, confirmedNetwork, kernelNetwork } from './address-change.ts';
import { numberOption, seeded } from './random.ts';

const points = numberOption('points', 30);
const seed = numberOption('seed', Date.now() % 1_000_000);
/** One per core of the machine: an emulated appliance keeps a core busy. */
const labs = 2;
const random = seeded(seed);
const moments = Array.from({ length: points }, (_, index) => ({ point: index + 1, at: random() }));

console.log(`# ${points} power losses; seed ${seed}`);
const tally: Record<string, number> = { old: 0, new: 0 };
let slowestBoot = 0;
await Promise.all(Array.from({ length: labs }, (_, index) => work(index)));
console.log(
  `${points} of ${points} power losses ended in a whole network (${tally['old']} old, ${tally['new']} new), slowest boot to an answering core ${slowestBoot.toFixed(0)} s`,
);

async function work(index: number): Promise<void> {
  await using appliance = await ApplianceInLab.up(`accept-power-${index}`);
  await appliance.makeBond();
  await appliance.lab.snapshot('bonded');
  const began = performance.now();
  await changeAddress(appliance, () => {});
  const length = (performance.now() - began) / 1_000;
  for (let next = moments.shift(); next !== undefined; next = moments.shift()) {
    await appliance.lab.restore('bonded');
    await appliance.coreAnswers();
    await losePower(appliance, next.point, next.at * (length + 1));
  }
}

async function losePower(appliance: ApplianceInLab, point: number, at: number): Promise<void> {
  const acknowledged: string[] = [];
  const change = changeAddress(appliance, (step) => acknowledged.push(step)).catch(() => undefined); // the loss cuts it off
  await new Promise((resolve) => setTimeout(resolve, at * 1_000));
  await appliance.lab.node('a').kill();
  const told = acknowledged.at(-1) ?? 'nothing';
  await change;
  const off = performance.now();
  await appliance.lab.node('a').start();
  await appliance.coreAnswers(240);
  slowestBoot = Math.max(slowestBoot, (performance.now() - off) / 1_000);
  const [kernel, confirmed] = [await kernelNetwork(appliance), await confirmedNetwork(appliance)];
  check(
    kernel !== 'neither' && kernel === confirmed && (told !== 'confirmed' || kernel === 'new'),
    `point ${point}: power lost after ${at.toFixed(2)} s, acknowledged ${told}: kernel ${kernel}, confirmed ${confirmed}`,
  );
  tally[kernel] = (tally[kernel] ?? 0) + 1;
}
