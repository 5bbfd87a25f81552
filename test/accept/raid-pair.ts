/**
 * The RAID of the active node of a pair is taken away: everything moves to the other node, with core stopped on both. Containers have no RAID;
 * one that is said to be there and is not is what a RAID looks like that is gone. Then the nodes get management controllers, and one
 * restarts the other by them.
 */
import { addSite, createPair, siteAnswers, sitePort } from '../soak/gemel-pair.ts';
import { addresses, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import { Controller } from '../lab/rack.ts';
import { check } from './appliance-in-lab.ts';

const labName = 'accept-raid-pair';
await using pair = await PairInLab.up(labName, 'container');
await createPair(pair);
await addSite(pair);
const active = await pair.active();
const other = otherOf(active);
const health = async () =>
  /value="(\w+)"/.exec(
    await pair.sh(other, `attrd_updater -Q -n '#health-raid' -N ${addresses[active].hostName} || true`),
  )?.[1];

for (const node of [active, other]) await pair.sh(node, 'systemctl stop gemel-core.service');
// The unit runs where a RAID was made. From then on it looks every two seconds, which come on top of what is measured here.
await pair.sh(active, ': >/var/lib/gemel/raid-expected && systemctl start --no-block gemel-raid.service');
const began = performance.now();
await until('the health of the node to be red', 30, async () => (await health()) === 'red');
check(
  true,
  `Pacemaker knows after ${((performance.now() - began) / 1_000).toFixed(1)} s that the RAID of the active node is gone`,
);
await until('the other node to be active', 60, async () => (await pair.holders()).join() === other);
await siteAnswers(pair, sitePort, 60);
const seconds = (performance.now() - began) / 1_000;
check(true, `${addresses[other].hostName} has everything, without core, after ${seconds.toFixed(1)} s`);

await pair.sh(active, 'rm /var/lib/gemel/raid-expected');
await until('the health of the node to be green', 30, async () => (await health()) === 'green');
check((await pair.holders()).join() === other, 'with the RAID back the node is ready again, and nothing moves');
for (const node of [active, other]) await pair.sh(node, 'systemctl start gemel-core.service');
await until('core to answer', 60, async () => (await pair.lab.node(other).exec(['gemel', 'status'])).code === 0);
await pair.redundant(90);

for (const node of [active, other]) {
  const controller = Controller.of(labName, node);
  await controller.start(labName);
  const input = { node: addresses[node].hostName, ...controller.login };
  const words = ['gemel', 'cluster', 'fencing', 'set', '--json-input', '-'];
  await pair.lab.node(other).must(words, { input: JSON.stringify(input) });
}
const initBefore = (await pair.sh(active, 'stat --format=%Y /proc/1')).trim();
const asked = performance.now();
await pair.gemel(other, 'cluster', 'fencing', 'test', addresses[active].hostName, '--yes');
const fenced = (performance.now() - asked) / 1_000;
await until('the node to be on again', 60, async () => (await pair.lab.node(active).exec(['true'])).code === 0);
const initAfter = (await pair.sh(active, 'stat --format=%Y /proc/1')).trim();
check(
  initAfter !== initBefore,
  `${addresses[active].hostName} was switched off and on by its controller in ${fenced.toFixed(1)} s`,
);
const shown = await pair.gemel(other, 'cluster', 'fencing', 'show');
check(
  shown.includes('Fencing is in use.') && /node\d .*\d{4}-\d\d-\d\dT/.test(shown),
  `and the test is remembered:\n${shown}`,
);
await pair.redundant(180);
check((await pair.holders()).join() === other, 'nothing else moved, and the pair is redundant again');
console.log(`the RAID of the active node was taken away: the other node had everything ${seconds.toFixed(1)} s later`);
