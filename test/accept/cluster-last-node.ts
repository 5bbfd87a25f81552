/**
 * A pair in VMs, without fencing and witness, of which one node is left that cannot know whether its data are the newest. First both lose
 * their power and the active one gets it back; then the synchronisation network fails, and after it the active node, whose data are newer.
 * Nothing is started by itself; an operator says which data to go on with. What the lost node has is not lost when it comes back. Prints what each step showed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeName } from '../lab/lab-layout.ts';
import { ClientProcess } from '../soak/client-process.ts';
import { addSite, createPair, siteJournal, sitePort } from '../soak/gemel-pair.ts';
import { faultsInJournal } from '../soak/ledger.ts';
import { addresses, clusterIp, nodeNames, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import { check, indented } from './appliance-in-lab.ts';
import { textOption } from './random.ts';

/** An emulated machine boots for minutes and synchronises. */
const healSeconds = 900;
/** Pacemaker of an emulated machine has decided what to start by then. */
const decidedMs = 60_000;

await using pair = await PairInLab.up(textOption('lab', 'accept-last-node'), 'vm');
console.log(`the pair was made in ${(await createPair(pair)).toFixed(1)} s`);
await addSite(pair);
await using client = new ClientProcess(pair.lab, 'write', clusterIp, sitePort, '/write/');
await writesGoOn();

// --- both lose their power, and one gets it back ---
const first = await pair.active();
console.log('# both nodes lost their power, and the active one got it back');
await Promise.all(nodeNames.map((node) => pair.lab.kill(node)));
await pair.lab.start(first);
await decided(first);
await startsNothing(first, 'gemel cluster disconnect --force');
await pair.gemel(first, 'cluster', 'disconnect', '--force', '--yes');
await writesGoOn();
check((await pair.holders()).join() === first, 'told by hand that the other one is off, it goes on');
await nothingLost(first, client.answers.length);
await pair.lab.start(otherOf(first));
await reconnects(first);
check(true, `redundant ${(await pair.redundant(healSeconds)).toFixed(0)} s after it was reconnected`);
check((await pair.active()) === first, 'the other one stayed off until then');

// --- the synchronisation network fails, then the active node ---
console.log('# the synchronisation network was cut, and later the power of the active node');
const left = otherOf(first);
const common = client.answers.length;
await pair.lab.cut('sync');
await until('DRBD to know', 120, async () => !(await pair.sh(first, 'cat /proc/drbd')).includes('cs:Connected'), 2_000);
await writesGoOn();
await pair.lab.kill(first);
const acknowledged = client.answers.length;
await decided(left);
await startsNothing(left, 'gemel cluster disconnect --old-data');
const refused = await pair.lab.node(left).exec(['gemel', 'cluster', 'disconnect', '--force', '--yes']);
check(refused.code !== 0, `without another word it is refused: ${refused.stderr.trim()}`);
await pair.gemel(left, 'cluster', 'disconnect', '--old-data', '--yes');
await writesGoOn();
check((await pair.holders()).join() === left, 'told so in as many words it goes on with the data that it has');
const older = await pair.sh(left, `cat ${siteJournal}`);
check(faultsInJournal(older, client.answers.slice(0, common)).length === 0, 'with all that was written before the cut');
console.log(indented((await pair.lab.node(left).exec(['gemel', 'cluster', 'status'])).stdout));

// --- the lost node comes back, and its data are the ones to keep ---
console.log('# the lost node came back');
await pair.lab.heal('sync');
await pair.lab.start(first);
await reconnects(left);
await until('Gemel to say that both wrote', 300, async () => (await splitBrain(left)).detected, 2_000);
await pair.gemel(left, 'cluster', 'split-brain', 'resolve', addresses[first].hostName, '--yes');
check(true, `redundant ${(await pair.redundant(healSeconds)).toFixed(0)} s after the decision for its data`);
await nothingLost(await pair.active(), acknowledged);
const { kept } = await splitBrain(left);
check(kept.length === 1, `what the other one wrote meanwhile is kept: ${kept[0]?.path}`);
console.log(`one node was left twice: ${client.answers.length} acknowledged writes`);

async function writesGoOn(): Promise<void> {
  const before = client.answers.length;
  await until('writes to be answered', 180, async () => client.answers.length > before + 20, 500);
}

/** Core answers, and Pacemaker has had its time. */
async function decided(node: NodeName): Promise<void> {
  const answers = async () => (await pair.lab.node(node).exec(['gemel', 'status'])).code === 0;
  await until('core to answer', healSeconds, () => answers().catch(() => false), 2_000);
  await sleep(decidedMs);
}

async function startsNothing(node: NodeName, hand: string): Promise<void> {
  check((await pair.holders()).length === 0, 'alone it starts nothing');
  const { stdout } = await pair.lab.node(node).exec(['gemel', 'cluster', 'status']);
  console.log(indented(stdout));
  check(stdout.includes(hand), `and says what to do: ${hand}`);
}

/** Of what was acknowledged first. */
async function nothingLost(node: NodeName, count: number): Promise<void> {
  const wrong = faultsInJournal(await pair.sh(node, `cat ${siteJournal}`), client.answers.slice(0, count));
  check(wrong.length === 0, `no acknowledged write is lost: ${wrong.join('; ') || `${count} are there`}`);
}

/** Where both wrote the nodes are connected too, and the job ends with what there is to be decided. */
async function reconnects(node: NodeName): Promise<void> {
  const box = pair.lab.node(node);
  await until(
    'the other one to be taken in again',
    healSeconds,
    async () => {
      await box.exec(['gemel', 'cluster', 'reconnect', '--yes'], { timeoutSeconds: healSeconds });
      return /^Cluster +connected$/m.test((await box.exec(['gemel', 'cluster', 'status'])).stdout);
    },
    5_000,
  );
}

interface Shown {
  readonly detected: boolean;
  readonly kept: readonly { readonly path: string }[];
}

async function splitBrain(node: NodeName): Promise<Shown> {
  // the shape is what the action's output schema says
  return JSON.parse(await pair.gemel(node, 'cluster', 'split-brain', 'show', '--json')) as Shown;
}
