/**
 * Both networks between two clustered VMs fail while both still reach the operators' network, and both nodes write to the data volume: a split
 * brain on real DRBD. It is said, nothing is decided by itself, and it is resolved for either side; what the loser wrote is in the kept copy. Prints what
 * each step showed.
 */
import { check, indented } from './appliance-in-lab.ts';
import { textOption } from './random.ts';
import { createPair } from '../soak/gemel-pair.ts';
import { addresses, nodeNames, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import type { NodeName } from '../lab/lab-layout.ts';

const folder = '/srv/gemel/split-brain-test';
const healSeconds = 900;

await using pair = await PairInLab.up(textOption('lab', 'accept-split'), 'vm');
console.log(`the pair was made in ${(await createPair(pair)).toFixed(1)} s`);
await pair.sh('a', `mkdir ${folder} && echo common > ${folder}/common && sync`);

// the winner is once the node that was active before, once the one that took over
for (const [round, keptIsOldActive] of [true, false].entries()) {
  const active = await pair.active();
  const winner = keptIsOldActive ? active : otherOf(active);
  console.log(
    `# round ${round + 1}: ${addresses[active].hostName} is active, the data of ${addresses[winner].hostName} are to stay`,
  );
  await part();
  await until('both nodes to hold the cluster IP', 300, async () => (await pair.holders()).length === 2, 2_000);
  await until('both to have the volume', 300, () => bothWrite(round), 2_000);
  check(true, 'apart, both nodes carry the services and have written to the volume');
  await join();
  await until('Gemel to say so', 300, async () => (await shown(active)).detected, 2_000);
  console.log(indented(await pair.gemel(active, 'cluster', 'split-brain', 'show')));
  const status = (await pair.lab.node(active).exec(['gemel', 'cluster', 'status'])).stdout;
  check(/split-brain/.test(status), 'gemel cluster status has it, and says that a hand is needed');
  const resolved = await pair.gemel(winner, 'cluster', 'split-brain', 'resolve', addresses[winner].hostName, '--yes');
  console.log(indented(resolved));
  const seconds = await pair.redundant(healSeconds);
  check(true, `redundant again ${seconds.toFixed(0)} s after the decision`);
  const now = await pair.active();
  check(await has(now, `of-${winner}-${round}`), `the data are those of ${addresses[winner].hostName}`);
  check(!(await has(now, `of-${otherOf(winner)}-${round}`)), 'and have nothing of the other node');
  check(await has(now, 'common'), 'what was written before is there');
  const { kept } = await shown(winner);
  const copy = kept.at(-1);
  check(copy?.node === addresses[otherOf(winner)].hostName, `a copy is kept on the loser: ${copy?.path}`);
  const names = await pair.sh(otherOf(winner), `tar --list --file ${copy?.path}`);
  check(names.includes(`of-${otherOf(winner)}-${round}`), 'it has what the loser wrote while apart');
  await pair.gemel(winner, 'cluster', 'split-brain', 'dismiss', copy?.id ?? '', '--yes');
  check((await shown(winner)).kept.length === 0, 'and is gone when it was dismissed');
}
// a connection that was given up for another reason is none: nothing is to be decided
console.log('# DRBD is told to give the connection up, on both nodes');
for (const node of nodeNames) await pair.sh(node, 'drbdadm disconnect gemel');
const reasons = async () => {
  // the shape is what the action's output schema says
  const { reasons } = JSON.parse(await pair.gemel('a', 'cluster', 'status', '--json')) as PairReasons;
  return reasons.map(({ reason }) => reason);
};
await until('Gemel to know that it is none', 120, async () => (await reasons()).includes('data-disconnected'), 2_000);
check(
  !(await reasons()).includes('split-brain'),
  'gemel cluster status says that nothing is replicated, and of no split brain',
);
for (const node of nodeNames) await pair.sh(node, 'drbdadm adjust gemel');
check(true, `redundant again ${(await pair.redundant(healSeconds)).toFixed(0)} s after the hand that it names`);

console.log(
  'Two split brains on real DRBD were resolved, one for each side; nothing was lost that the decision did not give up.',
);

/** No packet from node to node, while both reach the client. */
async function part(): Promise<void> {
  await pair.lab.cut('sync');
  await Promise.all(
    nodeNames.map((node) => pair.sh(node, `ip route add blackhole ${addresses[otherOf(node)].external}/32`)),
  );
}

async function join(): Promise<void> {
  await Promise.all(
    nodeNames.map((node) => pair.sh(node, `ip route del blackhole ${addresses[otherOf(node)].external}/32`)),
  );
  await pair.lab.heal('sync');
}

async function bothWrite(round: number): Promise<boolean> {
  for (const node of nodeNames) {
    const { code } = await pair.lab
      .node(node)
      .exec(['sh', '-c', `mountpoint -q /srv/gemel && echo ${node} > ${folder}/of-${node}-${round} && sync`]);
    if (code !== 0) return false;
  }
  return true;
}

async function has(node: NodeName, name: string): Promise<boolean> {
  return (await pair.lab.node(node).exec(['test', '-e', `${folder}/${name}`])).code === 0;
}

interface PairReasons {
  readonly reasons: readonly { readonly reason: string }[];
}

interface Shown {
  readonly detected: boolean;
  readonly kept: readonly { readonly id: string; readonly node: string; readonly path: string }[];
}

async function shown(node: NodeName): Promise<Shown> {
  // the shape is what the action's output schema says
  return JSON.parse(await pair.gemel(node, 'cluster', 'split-brain', 'show', '--json')) as Shown;
}
