/**
 * The third vote of a box with corosync-qnetd: it is kept only when it votes, making the pair anew with it interrupts nothing, a lost one is told,
 * and of two halves that do not see each other only the one goes on that it sees. Two containers; the box is the lab's client.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeKind, NodeName } from '../lab/lab-layout.ts';
import { busy } from '../soak/faults.ts';
import { ClientProcess } from '../soak/client-process.ts';
import { addSite, createPair, siteAnswers, sitePort } from '../soak/gemel-pair.ts';
import { Observer } from '../soak/observer.ts';
import { addresses, clusterIp, nodeNames, otherOf, PairInLab, reference, until } from '../soak/pair-in-lab.ts';
import { WitnessBox } from '../soak/witness-box.ts';
import { check } from './appliance-in-lab.ts';
import { numberOption } from './random.ts';

/** As the schemas of `gemel cluster status` and `gemel cluster witness show` say; what is looked at here. */
interface Status {
  readonly ready: boolean;
  readonly reasons: readonly { readonly reason: string }[];
}
interface Witness {
  readonly witness: string | null;
  readonly votesFor: readonly string[];
}

const kind: NodeKind = process.argv.includes('vm') ? 'vm' : 'container';
/** Emulated machines boot for minutes, and synchronise. */
const slower = kind === 'vm' ? 8 : 1;
const busySeconds = numberOption('busy-seconds', 20);

const folder = await mkdtemp(join(tmpdir(), 'gemel-witness-'));
try {
  await using pair = await PairInLab.up('accept-witness', kind);
  await using box = new WitnessBox(pair.lab, folder);
  await createPair(pair);
  await addSite(pair);
  await using observer = new Observer(pair);
  const active = await pair.active();

  console.log('# a box that does not vote');
  const { code, stderr } = await pair.lab
    .node(active)
    .exec(['gemel', 'cluster', 'witness', 'set', reference], { timeoutSeconds: 300 });
  check(code !== 0, `is refused: ${stderr.trim()}`);
  for (const node of nodeNames) check(!(await asksWitness(pair, node)), `${node} does not ask it`);
  check((await policy(pair, active)) === 'ignore', 'and a node without quorum goes on as before');

  console.log('# a box that votes');
  await box.start();
  await pair.gemel(active, 'cluster', 'witness', 'set', reference);
  const shown = await json<Witness>(pair, active, 'cluster', 'witness', 'show');
  check(shown.votesFor.length === 2, `votes for ${shown.votesFor.join(' and ')}`);
  check((await policy(pair, active)) === 'stop', 'a node without quorum stops its services');
  await until('the pair to be ready', 60 * slower, async () => (await status(pair, active)).ready);

  console.log('# the pair is parted and made anew');
  const began = await startOf(pair, active);
  await pair.gemel(active, 'cluster', 'disconnect', '--yes');
  await pair.gemel(active, 'cluster', 'reconnect', '--yes');
  await pair.redundant(90 * slower);
  check((await startOf(pair, active)) === began, 'the site was not stopped');
  await until('the pair to be ready', 60 * slower, async () => (await status(pair, active)).ready);
  const again = await json<Witness>(pair, active, 'cluster', 'witness', 'show');
  check(again.votesFor.length === 2, `the box votes for ${again.votesFor.join(' and ')}`);

  console.log('# the box is lost and comes back');
  await box.stop();
  const told = async () => (await status(pair, active)).reasons.some(({ reason }) => reason === 'witness-unreached');
  const seconds = await until('the status to tell it', 120 * slower, told, 1_000);
  check((await startOf(pair, active)) === began, `told after ${seconds.toFixed(0)} s, the site runs on`);
  await box.start();
  await until('the status not to tell it any more', 120 * slower, async () => !(await told()), 1_000);
  check(true, 'its vote is there again');

  console.log(
    '# Pacemaker knows no more whether the active node reaches the external network, as when two halves have met',
  );
  const without = `cibadmin --query | sed '/id="status-${active === 'a' ? 1 : 2}-external/d' >/run/without.xml`;
  const simulated = await pair.sh(active, `${without} && crm_simulate --simulate --xml-file /run/without.xml`);
  check(/Online: \[ node1 node2 \]/.test(simulated) && !/^ *\* (Move|Stop)/m.test(simulated), 'nothing moves');

  console.log('# the active node loses its power');
  await using client = new ClientProcess(pair.lab, 'poll', clusterIp, sitePort, '/');
  await until('the client to be answered', 30 * slower, async () => client.answers.length > 0);
  const killedAt = Date.now();
  await pair.lab.kill(active);
  await until(
    'the other node to take over',
    60 * slower,
    async () => (await pair.holders()).join() === otherOf(active),
  );
  await siteAnswers(pair, sitePort, 60 * slower);
  await sleep(1_000);
  check(true, `the client waited ${(client.longestSilence(killedAt, Date.now()) / 1_000).toFixed(1)} s`);

  console.log('# and the one that is left has only the box');
  const alone = await startOf(pair, otherOf(active));
  await pair.sh(otherOf(active), busy);
  await sleep(busySeconds * 1_000);
  await pair.sh(otherOf(active), 'systemctl stop "soak-busy@*.service"');
  check((await startOf(pair, otherOf(active))) === alone, `${busySeconds} s at full load stop nothing`);
  await pair.lab.start(active);
  await pair.redundant(120 * slower);
  await pair.gemel(otherOf(active), 'cluster', 'move', addresses[active].hostName, '--yes');
  await pair.redundant(60 * slower);

  console.log('# every cable of the active node is cut');
  const cutAt = performance.now();
  await Promise.all([pair.lab.cut('external', { node: active }), pair.lab.cut('sync')]);
  await until(
    'the other node to take over',
    60 * slower,
    async () => (await pair.holders()).join() === otherOf(active),
  );
  await siteAnswers(pair, sitePort, 60 * slower);
  check(
    true,
    `the node that the box sees carries the site after ${((performance.now() - cutAt) / 1_000).toFixed(1)} s`,
  );
  await Promise.all([pair.lab.heal('external'), pair.lab.heal('sync')]);
  await pair.redundant(120 * slower);
  const after = await pair.active();
  if (after === active) console.log(await pair.gemel(after, 'cluster', 'log'));
  check(after === otherOf(active), 'the pair is whole again by itself, and what runs was not moved back');
  check(observer.violations.length === 0, `the cluster IP was never on both nodes ${observer.violations.join()}`);

  console.log('# the other node and the box are lost');
  const survivor = await pair.active();
  const lost = otherOf(survivor);
  await pair.lab.kill(lost);
  await box.stop();
  await until('the services to stop', 90 * slower, async () => (await pair.holders()).length === 0);
  await pair.gemel(survivor, 'cluster', 'disconnect', '--force', '--yes');
  await siteAnswers(pair, sitePort, 90 * slower);
  check(true, `${addresses[survivor].hostName} goes on alone once somebody says that the other one is off`);
  await box.start();
  await pair.lab.start(lost);
  await until(
    'the other node to be taken in again',
    120 * slower,
    async () => (await reconnected(pair, survivor)) === 0,
    3_000,
  );
  await pair.redundant(90 * slower);
  check(true, 'and the other one is taken in again');

  console.log('# it is removed');
  await pair.gemel(survivor, 'cluster', 'witness', 'remove', '--yes');
  for (const node of nodeNames) check(!(await asksWitness(pair, node)), `${node} does not ask it any more`);
  check((await policy(pair, survivor)) === 'ignore', 'a node without quorum goes on');
  console.log('The third vote decides which half goes on.');
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The exit code. */
async function reconnected(pair: PairInLab, node: NodeName): Promise<number> {
  const argv = ['gemel', 'cluster', 'reconnect', '--yes'];
  return (await pair.lab.node(node).exec(argv, { timeoutSeconds: 120 * slower })).code;
}

async function json<Shape>(pair: PairInLab, node: NodeName, ...words: readonly string[]): Promise<Shape> {
  return JSON.parse(await pair.gemel(node, ...words, '--json')) as Shape; // as the action's output schema says
}

function status(pair: PairInLab, node: NodeName): Promise<Status> {
  return json<Status>(pair, node, 'cluster', 'status');
}

/** By what the engines have: the file of Corosync, and the daemon that asks. */
async function asksWitness(pair: PairInLab, node: NodeName): Promise<boolean> {
  const line = 'grep -q qdevice /var/lib/gemel/cluster/corosync.conf || systemctl is-active --quiet corosync-qdevice';
  return (await pair.lab.node(node).exec(['sh', '-c', line])).code === 0;
}

async function policy(pair: PairInLab, node: NodeName): Promise<string> {
  const ask = 'crm_attribute --type crm_config --name no-quorum-policy --query --quiet';
  return (await pair.sh(node, ask)).trim();
}

/** Another one after each start of the site. */
async function startOf(pair: PairInLab, node: NodeName): Promise<string> {
  return (await pair.sh(node, 'systemctl show --property=InvocationID --value gemel-site@lab')).trim();
}
