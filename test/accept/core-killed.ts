/**
 * Core is killed with SIGKILL: during the confirm window, at random moments of an activation, and for good.
 * `-- --points N --seed S`
 */
import { address, ApplianceInLab, check, until } from './appliance-in-lab.ts';
import { confirmedNetwork, forceOptions, kernelNetwork, newAddress } from './address-change.ts';
import { interruptChange, randomMoments, stepLengths } from './interrupted-change.ts';
import { numberOption, seeded } from './random.ts';

/** The guard is started 40 s before the end: it has 20 s to be there, as with the window that an operator has by default. */
const windowSeconds = 60;
const points = numberOption('points', 12);
const seed = numberOption('seed', Date.now() % 1_000_000);

await using appliance = await ApplianceInLab.up('accept-killed');
await appliance.makeBond();
await appliance.lab.snapshot('bonded');

console.log('# killed once during the window, started again by systemd');
await killInWindow('systemctl kill -s KILL gemel-core');

console.log('# killed during the window and kept from starting');
await appliance.lab.restore('bonded');
await killInWindow(
  'mkdir -p /run/systemd/system/gemel-core.service.d && printf "[Service]\\nRestart=no\\n" > /run/systemd/system/gemel-core.service.d/no-restart.conf && systemctl daemon-reload && systemctl kill -s KILL gemel-core',
);

console.log(`# killed at ${points} random moments of edit, activate and confirm; seed ${seed}`);
await appliance.lab.restore('bonded');
await appliance.coreAnswers();
const lengths = await stepLengths(appliance);
const results: Record<string, number> = { old: 0, new: 0 };
for (const moment of randomMoments(points, seeded(seed))) {
  await appliance.lab.restore('bonded');
  await appliance.coreAnswers();
  const { when, acknowledged } = await interruptChange(appliance, moment, lengths, () =>
    appliance.sh('systemctl kill -s KILL gemel-core'),
  );
  await appliance.coreAnswers();
  await endPendingWindow();
  const [kernel, confirmed] = [await kernelNetwork(appliance), await confirmedNetwork(appliance)];
  check(
    kernel !== 'neither' && kernel === confirmed && (acknowledged !== 'confirmed' || kernel === 'new'),
    `point ${moment.point}: killed ${when}, acknowledged ${acknowledged}: kernel ${kernel}, confirmed ${confirmed}`,
  );
  results[kernel] = (results[kernel] ?? 0) + 1;
}

console.log('# every Gemel process stopped');
await appliance.lab.restore('bonded');
await appliance.coreAnswers();
await appliance.sh('systemctl stop "gemel-*"; ! pgrep -f "[/]usr/lib/gemel/core"');
await new Promise((resolve) => setTimeout(resolve, 10_000));
check((await kernelNetwork(appliance)) === 'old', 'the network is as it was');
check(await appliance.answersPing(), 'and the appliance answers');
console.log(
  `${points} of ${points} kills ended in a whole network (${results['old']} old, ${results['new']} new); the window's return works without core`,
);

async function killInWindow(kill: string): Promise<void> {
  await appliance.coreAnswers();
  await appliance.gemel('network', 'address', 'remove', 'bond0', `${address}/24`);
  await appliance.gemel('network', 'address', 'add', 'bond0', `${newAddress}/24`);
  await appliance.gemel(
    'settings',
    'activate',
    '--confirm-seconds',
    String(windowSeconds),
    ...(await forceOptions(appliance)),
  );
  const activatedAt = performance.now();
  check((await kernelNetwork(appliance)) === 'new', 'the new network is active and awaits confirmation');
  await appliance.sh(kill);
  await until('the old network', windowSeconds + 60, async () => (await kernelNetwork(appliance)) === 'old');
  const seconds = (performance.now() - activatedAt) / 1_000;
  check(
    seconds <= windowSeconds,
    `the old network was back ${seconds.toFixed(1)} s after the activation (window ${windowSeconds} s)`,
  );
  check(await appliance.answersPing(), 'and the appliance answers');
}

/** What awaits confirmation is given back now, so that a point does not have to sit out its window. */
async function endPendingWindow(): Promise<void> {
  const state = await appliance.gemelJson<{ value: { state: string } }>('status', 'show', 'settings.activation');
  if (state.value.state === 'awaiting-confirmation') await appliance.gemel('settings', 'undo');
}
