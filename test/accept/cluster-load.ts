/**
 * Both nodes at full load, two endless loops for each processor: no node may be taken for dead. Says how often Corosync missed its token
 * and how close it came. `-- --minutes N --token MILLISECONDS --lab NAME`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientProcess } from '../soak/client-process.ts';
import { busy } from '../soak/faults.ts';
import { addSite, createPair, sitePort } from '../soak/gemel-pair.ts';
import { clusterIp, nodeNames, PairInLab } from '../soak/pair-in-lab.ts';
import { numberOption, textOption } from './random.ts';

const minutes = numberOption('minutes', 60);
const tokenMs = numberOption('token', 1_000);

await using pair = await PairInLab.up(textOption('lab', 'load'), 'container');
await createPair(pair, ['--token-ms', String(tokenMs)]);
await addSite(pair);
await using client = new ClientProcess(pair.lab, 'poll', clusterIp, sitePort, '/');
const active = await pair.active();
const began = Date.now();
for (const node of nodeNames) await pair.sh(node, busy);
await sleep(minutes * 60_000);

/** Lines of both nodes' journals since the load began. */
async function count(text: string): Promise<number> {
  const line = `journalctl --unit corosync --since @${Math.floor(began / 1_000)} --output=cat | grep -c '${text}' || true`;
  const counts = await Promise.all(nodeNames.map(async (node) => Number(await pair.sh(node, line))));
  return counts.reduce((sum, each) => sum + each, 0);
}

// Corosync says so when three quarters of the token's time have passed.
const late = await count('Token has not been received in');
const lost = await count('A processor failed');
const moved = (await pair.active()) !== active;
const silence = client.longestSilence(began, Date.now());
console.log(
  `${minutes} min at full load with a token of ${tokenMs} ms: ${lost} times a node was taken for dead, ${late} times the token was late by three ` +
    `quarters, the active role ${moved ? 'moved' : 'stayed'}; the site was silent for ${silence} ms at most`,
);
process.exitCode = lost === 0 && !moved ? 0 : 1;
