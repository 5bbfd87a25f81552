/**
 * Faults at random times while a client writes through the cluster IP and every write is flushed before it is answered. After each the
 * pair must be redundant again without a hand, and never: two holders of the cluster IP, two writers, a lost acknowledged write.
 * `-- --faults N --seed S --kind container|vm`; the same seed gives the same faults with the same pauses. `--from N` begins with the Nth of
 * them, so that a long run can be done in parts; `--only WORDS` takes only faults whose name has these words, `--lab NAME` a lab of that name.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeKind } from '../lab/lab-layout.ts';
import { ClientProcess } from '../soak/client-process.ts';
import { soakFaults, type SoakFault } from '../soak/faults.ts';
import { addSite, createPair, siteJournal, sitePort } from '../soak/gemel-pair.ts';
import { faultsInJournal } from '../soak/ledger.ts';
import { Observer } from '../soak/observer.ts';
import { clusterIp, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import { numberOption, seeded, textOption } from './random.ts';

const kind: NodeKind = process.argv.includes('vm') ? 'vm' : 'container';
const count = numberOption('faults', 12);
const first = numberOption('from', 1);
const seed = numberOption('seed', Date.now() % 1_000_000);
const random = seeded(seed);
/** Emulated machines boot for minutes, and synchronise their disks. */
const healSeconds = kind === 'vm' ? 900 : 90;

console.log(`# faults ${first} to ${count} in two ${kind}s, seed ${seed}`);
await using pair = await PairInLab.up(textOption('lab', 'soak'), kind);
console.log(`the pair was made in ${(await createPair(pair)).toFixed(1)} s`);
await addSite(pair);
await using client = new ClientProcess(pair.lab, 'write', clusterIp, sitePort, '/write/');
await using observer = new Observer(pair);

const only = textOption('only', '');
const choices = soakFaults.filter(({ name, kinds }) => kinds.includes(kind) && name.includes(only));
const failures: string[] = [];
const seconds: number[] = [];
for (let number = 1; number <= count; number++) {
  // Drawn before anything else happens, so that they depend on the seed alone.
  const fault = choices[Math.floor(random() * choices.length)];
  const draws = seeded(Math.floor(random() * 2 ** 32));
  if (fault === undefined) throw new Error('there is no fault for this kind of lab');
  if (number < first) continue;
  await sleep(draws() * 5_000);
  observer.during(`fault ${number}, ${fault.name}`);
  const [began, violated] = [Date.now(), observer.violations.length];
  const wrong = [...(await strike(fault, draws)), ...observer.violations.slice(violated)];
  const silent = client.longestSilence(began, Date.now()) / 1_000;
  failures.push(...wrong.map((text) => `fault ${number}, ${fault.name}: ${text}`));
  console.log(
    `${wrong.length === 0 ? 'ok' : 'NOT OK'}: ${number} ${fault.name}, clients waited ${silent.toFixed(1)} s, redundant ${seconds.at(-1)?.toFixed(1)} s after it${wrong.map((text) => `\n        ${text}`).join('')}`,
  );
  if (wrong.some((text) => /^(not redundant|the fault itself)/.test(text))) break;
}

for (const failure of failures) console.log(`NOT OK: ${failure}`);
console.log(
  `${seconds.length} of ${count - first + 1} faults in two ${kind}s, seed ${seed}: ${client.answers.length} acknowledged writes, ${observer.looks} looks at both kernels, ` +
    `redundant again after ${(seconds.reduce((sum, each) => sum + each, 0) / Math.max(1, seconds.length)).toFixed(1)} s on average; ${failures.length} failures`,
);
process.exitCode = failures.length === 0 && seconds.length === count - first + 1 ? 0 : 1;

/** One fault and what is wrong afterwards. */
async function strike(fault: SoakFault, draws: () => number): Promise<readonly string[]> {
  const active = await pair.active();
  const wait = (from: number, to: number): Promise<void> => sleep((from + draws() * (to - from)) * 1_000);
  const began = performance.now();
  try {
    await fault.run({ pair, active, passive: otherOf(active), wait });
  } catch (failure) {
    seconds.push((performance.now() - began) / 1_000);
    return [`the fault itself: ${failure instanceof Error ? failure.message : String(failure)}`];
  }
  const healed = performance.now();
  try {
    await pair.redundant(healSeconds);
    const before = client.answers.length;
    await until('writes to be answered', 60, async () => client.answers.length > before);
  } catch {
    const { stdout } = await pair.lab.node(active).exec(['sh', '-c', 'gemel cluster status 2>&1; crm_mon -1 2>&1']);
    return [`not redundant within ${healSeconds} s: ${stdout}`];
  } finally {
    seconds.push((performance.now() - healed) / 1_000);
  }
  const holder = await pair.active();
  // Answers up to now: what is acknowledged later may not be in the copy that is read.
  const acknowledged = [...client.answers];
  return faultsInJournal(await pair.sh(holder, `cat ${siteJournal}`), acknowledged);
}
