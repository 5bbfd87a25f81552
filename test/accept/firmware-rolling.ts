/**
 * A pair is updated by one action while a client polls a site at the cluster IP: both nodes run the new version, the job survived the restart
 * of its own node, and the outage that the client saw is printed. Two VMs, half an hour and more where they are emulated.
 */
import { basename, dirname } from 'node:path';
import { cachedSiteVersion } from '../../site-types/site-version.ts';
import { ClientProcess } from '../soak/client-process.ts';
import { createPair } from '../soak/gemel-pair.ts';
import { addresses, clusterIp, nodeNames, PairInLab, until } from '../soak/pair-in-lab.ts';
import { check } from './appliance-in-lab.ts';
import { testBundle } from './firmware-bundles.ts';
import { incoming, sendFile } from './firmware-in-lab.ts';

const sitePort = 8_001;
/** Two emulated nodes install, start and synchronise one after the other. */
const limitSeconds = 5_400;

interface Job {
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted';
  readonly message: string;
}

const bundle = await testBundle('good');
await using pair = await PairInLab.up('accept-rolling', 'vm');
const { lab } = pair;
await createPair(pair);
const site = await cachedSiteVersion('pages', '1.37', (line) => console.log(line));
await lab.node('a').push(dirname(site), incoming);
await pair.gemel('a', 'site', 'version', 'upload', `${incoming}/${basename(site)}`);
await pair.gemel('a', 'site', 'create', 'intranet', 'pages', '--port', String(sitePort), '--start');
await pair.redundant(900);
const file = await sendFile(lab, 'a', addresses.a.external, bundle, 'gemel-0.2.0.raucb');

await using client = new ClientProcess(lab, 'poll-each', clusterIp, `${sitePort}-${sitePort}`, '/intranet/');
await until('the client to be answered', 120, async () => client.answers.length > 0);
const began = Date.now();
// The command ends with its node's restart; the job does not.
void lab
  .node('a')
  .exec(['gemel', 'firmware', 'rolling-update', file, '--confirm', 'minor', '--yes'])
  .catch(() => undefined);
try {
  await until(
    'the job to end',
    limitSeconds,
    async () => {
      const job = await rollingJob();
      if (job !== undefined && job.state !== 'running' && job.state !== 'succeeded')
        throw new Error(`the rolling update is ${job.state}: ${job.message}`);
      return job?.state === 'succeeded';
    },
    5_000,
  );
} catch (failure) {
  for (const node of nodeNames) await showNode(node);
  throw failure;
}
const ended = Date.now();
await pair.redundant(900);
for (const node of nodeNames) {
  // as the action's output schema says
  const status = JSON.parse(await pair.gemel(node, 'firmware', 'status', '--json')) as {
    readonly version: string;
    readonly trial: object | null;
  };
  check(
    status.version === '0.2.0' && status.trial === null,
    `${addresses[node].hostName} runs ${status.version}, which is marked good`,
  );
}
check((await pair.active()) === 'b', 'the node that was updated first holds the active role');
const outage = client.longestSilence(began, ended) / 1_000;
console.log(
  `A pair was updated by one action in ${((ended - began) / 60_000).toFixed(0)} min; the longest outage that the client saw was ${outage.toFixed(1)} s.`,
);

/** Why it failed: the lab is gone when the script ends. */
async function showNode(node: (typeof nodeNames)[number]): Promise<void> {
  const units = 'gemel-core gemel-peer gemel-firmware-gate gemel-firmware-keep rauc pacemaker corosync';
  const journal = `journalctl --lines 300 --no-pager --output short-precise ${units.replaceAll(/(^| )/g, '$1--unit ')}`;
  const line = `gemel firmware status; gemel firmware history; gemel jobs list; gemel cluster status; crm_mon -1; ${journal}`;
  const { stdout, stderr } = await lab
    .node(node)
    .exec(['sh', '-c', line], { timeoutSeconds: 300 })
    .catch((failure: unknown) => ({ stdout: '', stderr: String(failure) }));
  console.log(`--- node ${node}\n${stdout}${stderr}`);
}

/** Undefined while the node cannot be asked. */
async function rollingJob(): Promise<Job | undefined> {
  const { code, stdout } = await lab
    .node('a')
    .exec(['gemel', 'jobs', 'list', '--json'], { timeoutSeconds: 60 })
    .catch(() => ({ code: 1, stdout: '' }));
  if (code !== 0) return undefined;
  // as the action's output schema says
  const { jobs } = JSON.parse(stdout) as { readonly jobs: readonly (Job & { readonly action: string })[] };
  return jobs.find(({ action }) => action === 'firmware.rolling-update');
}
