/**
 * A pair of two rack1 in VMs, each with a RAID and a management controller of its own, while a client writes through the cluster IP. With fencing in use
 * DRBD holds writes back until the other node is switched off or kept from becoming active; then each node is lost in its ways, and the active one's RAID.
 * No node is switched on by hand: the other one does it. In the end both lose their power and one gets it back, which needs a word from somebody. Prints what each step showed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeName } from '../lab/lab-layout.ts';
import { Controller, Rack } from '../lab/rack.ts';
import { ClientProcess } from '../soak/client-process.ts';
import { addSite, createPair, siteJournal, sitePort } from '../soak/gemel-pair.ts';
import { faultsInJournal } from '../soak/ledger.ts';
import { Observer } from '../soak/observer.ts';
import { addresses, clusterIp, nodeNames, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import { check, indented } from './appliance-in-lab.ts';
import { textOption } from './random.ts';

const labName = textOption('lab', 'accept-rack');
/** An emulated machine boots for minutes, makes its RAID whole and synchronises. */
const healSeconds = 900;

await using pair = await PairInLab.up(labName, 'vm', 'rack1');
console.log(`the pair was made in ${(await createPair(pair)).toFixed(1)} s`);
await addSite(pair);
await using client = new ClientProcess(pair.lab, 'write', clusterIp, sitePort, '/write/');
await using observer = new Observer(pair);

// --- fencing comes into use ---
const first = await pair.active();
for (const node of nodeNames) {
  const input = { node: addresses[node].hostName, ...Controller.of(labName, node).login };
  const words = ['gemel', 'cluster', 'fencing', 'set', '--json-input', '-'];
  await pair.lab.node(first).must(words, { input: JSON.stringify(input), timeoutSeconds: 300 });
}
await switchedOff(otherOf(first), 'gemel cluster fencing test', async () => {
  await pair.gemel(first, 'cluster', 'fencing', 'test', addresses[otherOf(first)].hostName, '--yes');
});

// --- the synchronisation network fails: the nodes still hear each other, and none is switched off ---
const starts = await Promise.all(nodeNames.map(startOf));
await struck('the synchronisation network was cut', async () => {
  await pair.lab.cut('sync');
  await until(
    'DRBD to know',
    120,
    async () => !(await pair.sh(first, 'cat /proc/drbd')).includes('cs:Connected'),
    2_000,
  );
  await writesGoOn();
  await pair.lab.heal('sync');
});
check(
  (await Promise.all(nodeNames.map(startOf))).join() === starts.join() && (await pair.active()) === first,
  'no node was switched off for it, and nothing moved',
);

// --- every cable of the active node fails: it may still write, so it is switched off before anything starts elsewhere ---
await switchedOff(first, 'every cable of the active node was cut', async () => {
  await Promise.all([pair.lab.cut('external', { node: first }), pair.lab.cut('sync')]);
  await until('the other node to be active', 300, () => carries(otherOf(first)), 2_000);
  await writesGoOn();
  await Promise.all([pair.lab.heal('external'), pair.lab.heal('sync')]);
});
check((await pair.active()) === otherOf(first), 'the other node carries everything');

// --- the active node loses its power: the other one gives it power again ---
const second = await pair.active();
await switchedOff(second, 'the active node lost its power', () => pair.lab.kill(second));
check((await pair.active()) === otherOf(second), 'the other node carries everything');

// --- both disks of the active node's RAID are pulled out ---
const third = await pair.active();
await struck('both disks of the active node were pulled out', async () => {
  const rack = new Rack(labName, third);
  for (const bay of [0, 1] as const) await rack.pull(bay);
  const began = performance.now();
  await until('the other node to be active', 300, () => carries(otherOf(third)), 1_000);
  await writesGoOn();
  check(true, `the other node carries everything after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  console.log(indented((await pair.lab.node(third).exec(['gemel', 'hardware', 'raid', 'show'])).stdout));
  console.log(indented((await pair.lab.node(otherOf(third)).exec(['gemel', 'cluster', 'status'])).stdout));
  await pair.lab.kill(third);
});
check((await pair.active()) === otherOf(third), 'with its disks back the node stands by');

// --- only one node gets its power back: it does not know whether the other one runs, and cannot switch it off ---
const fourth = await pair.active();
await struck(
  'both nodes and the controller of the passive one lost their power, and the active node got it back',
  async () => {
    await Promise.all(nodeNames.map((node) => pair.lab.kill(node)));
    await Controller.of(labName, otherOf(fourth)).stop();
    await pair.lab.start(fourth);
    await until('core to answer', healSeconds, async () => (await asked(fourth, 'status')) === 0, 2_000);
    await sleep(60_000);
    check((await pair.holders()).length === 0, 'alone it starts nothing');
    await pair.gemel(fourth, 'cluster', 'disconnect', '--force', '--yes');
    await writesGoOn();
    check(await carries(fourth), 'told by hand that the other one is off, it goes on');
    await pair.lab.start(otherOf(fourth));
    await until(
      'the other one to be taken in again',
      healSeconds,
      async () => (await asked(fourth, 'cluster', 'reconnect', '--yes')) === 0,
      5_000,
    );
  },
);
check((await pair.active()) === fourth, 'the other one stayed off until it was taken in again');

check(
  observer.violations.length === 0,
  `never two holders or two writers: ${observer.violations.join('; ') || 'none'}`,
);
console.log(
  `six faults in two rack1 with fencing: ${client.answers.length} acknowledged writes, ${observer.looks} looks at both kernels`,
);

/** Does what it is told, waits until the pair is redundant again by itself, and says how long clients waited and that nothing is lost. */
async function struck(what: string, happen: () => Promise<void>): Promise<void> {
  console.log(`# ${what}`);
  observer.during(what);
  const began = Date.now();
  await happen();
  const healed = await until('the pair to be redundant', healSeconds, isRedundant, 2_000).catch(
    async (failure: unknown) => {
      await showNodes();
      throw failure;
    },
  );
  await writesGoOn();
  const silent = client.longestSilence(began, Date.now()) / 1_000;
  const acknowledged = [...client.answers];
  const wrong = faultsInJournal(await pair.sh(await pair.active(), `cat ${siteJournal}`), acknowledged);
  check(wrong.length === 0, `no acknowledged write is lost: ${wrong.join('; ') || `${acknowledged.length} are there`}`);
  check(true, `clients waited ${silent.toFixed(1)} s, and the pair was redundant ${healed.toFixed(0)} s later`);
}

/** As `struck`; the node was started anew meanwhile by its controller and nobody else. */
async function switchedOff(node: NodeName, what: string, happen: () => Promise<void>): Promise<void> {
  const before = await startOf(node);
  await struck(what, happen);
  check((await startOf(node)) !== before, `${addresses[node].hostName} was started anew by its controller`);
}

/** Why it failed: the lab is gone when the script ends. */
async function showNodes(): Promise<void> {
  const line =
    'gemel cluster status; gemel jobs list; crm_mon -1 --failcounts; drbdadm status; drbdsetup show gemel; cat /proc/mdstat; journalctl --boot --lines 300 --no-pager --output short-precise';
  for (const { name, isOn } of pair.lab.nodes) {
    const said = isOn ? await pair.lab.node(name).exec(['sh', '-c', `(${line}) 2>&1`]) : undefined;
    console.log(`--- node ${name}\n${indented(said?.stdout ?? 'off')}`);
  }
}

/** The exit code. */
async function asked(node: NodeName, ...words: readonly string[]): Promise<number> {
  return (await pair.lab.node(node).exec(['gemel', ...words], { timeoutSeconds: healSeconds })).code;
}

/** A node that is switched off in this moment does not answer. */
function isRedundant(): Promise<boolean> {
  return pair.isRedundant().catch(() => false);
}

async function carries(node: NodeName): Promise<boolean> {
  const holders = await pair.holders().catch(() => []);
  return holders.length === 1 && holders[0] === node;
}

async function startOf(node: NodeName): Promise<string> {
  return (await pair.sh(node, 'cat /proc/sys/kernel/random/boot_id')).trim();
}

async function writesGoOn(): Promise<void> {
  const before = client.answers.length;
  await until('writes to be answered', 180, async () => client.answers.length > before, 500);
}
