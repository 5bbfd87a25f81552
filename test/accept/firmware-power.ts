/**
 * The power fails at random moments of an installation, of the first start, and before the slot is marked good. Afterwards the appliance runs
 * a whole firmware, the old one or the new one, with settings and data as they were. `-- --points N --seed S`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { check, until } from './appliance-in-lab.ts';
import { testBundle } from './firmware-bundles.ts';
import { FirmwareInLab, patienceSeconds } from './firmware-in-lab.ts';
import { numberOption, seeded } from './random.ts';

const phases = ['install', 'first start', 'before marked good'] as const;
type Phase = (typeof phases)[number];

const points = numberOption('points', 10);
const seed = numberOption('seed', Date.now() % 1_000_000);
const random = seeded(seed);
console.log(`# ${points} power losses; seed ${seed}`);

await using firmware = await FirmwareInLab.up('accept-fw-power');
const { appliance } = firmware;
const node = appliance.lab.node('a');
await appliance.gemel('device', 'host-name', 'set', 'keeps-its-name');
await appliance.gemel('settings', 'activate');
await appliance.sh('echo "data of the operator" > /data/gemel/marker; sync');
const file = await firmware.send(await testBundle('good'));
const before = await firmware.belongings();
await appliance.lab.snapshot('bundle-there');
const install = ['gemel', 'firmware', 'install', file, '--confirm', 'minor', '--yes', '--restart'] as const;

const began = performance.now();
await node.must([...install, 'later']);
const installMs = performance.now() - began;
const tally: Record<string, number> = { A: 0, B: 0 };
for (let point = 0; point < points; point++) await losePower(point, phases[point % phases.length] ?? 'install');
console.log(
  `${points} of ${points} power losses ended in a whole firmware with settings and data as they were: ${tally['A']} old, ${tally['B']} new.`,
);

async function losePower(point: number, phase: Phase): Promise<void> {
  await appliance.lab.restore('bundle-there');
  await appliance.coreAnswers();
  const when = await interrupt(phase);
  await node.start();
  await appliance.coreAnswers(patienceSeconds);
  await until('every first start to be judged', patienceSeconds, async () => settled());
  const { slot, version } = await firmware.status();
  check(
    slot === 'A' ? version === '0.1.0' : version === '0.2.0',
    `point ${point}: power lost ${when}: slot ${slot} with ${version} runs`,
  );
  check((await firmware.belongings()) === before, 'settings, identity and data are as they were');
  await firmware.checkAgreement();
  tally[slot] = (tally[slot] ?? 0) + 1;
}

/** @returns when the power was cut, for people. */
async function interrupt(phase: Phase): Promise<string> {
  const running = node.exec([...install, phase === 'install' ? 'later' : 'now']).catch(() => undefined);
  if (phase === 'install') {
    const ms = random() * installMs;
    await sleep(ms);
    await node.kill();
    await running;
    return `${(ms / 1_000).toFixed(0)} s after the installation began`;
  }
  await running;
  if (phase === 'before marked good')
    await until('slot B to run', patienceSeconds, async () => (await bootedSlot()) === 'B');
  const seconds = random() * (phase === 'first start' ? 60 : 20);
  await sleep(seconds * 1_000);
  await node.kill();
  return `${seconds.toFixed(0)} s after ${phase === 'first start' ? 'the restart was asked for' : 'slot B answered'}`;
}

async function bootedSlot(): Promise<string | undefined> {
  const { stdout } = await node.exec(['cat', '/proc/cmdline'], { timeoutSeconds: 20 }).catch(() => ({ stdout: '' }));
  return /rauc\.slot=([AB])/.exec(stdout)?.[1];
}

/** Nothing waits for its first start, or nothing was ever written to the end. */
async function settled(): Promise<boolean> {
  const status = await firmware.status().catch(() => undefined);
  const [newest] = await firmware.history().catch(() => []);
  if (status === undefined || status.trial !== null) return false;
  // RAUC wrote it and core had no time to take that down: the boot loader starts it all the same
  if (status.slot === 'B') return newest?.kind === 'good';
  return status.next === 'A';
}
