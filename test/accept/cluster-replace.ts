/**
 * A node is lost for good and a new box takes its place: nothing is given up before the new box can be connected, what runs is not
 * interrupted, and afterwards the new box can do all that the lost one could. Then the pair is parted and put together again while a node is in maintenance. `-- --kind vm|container`
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cachedSiteVersion } from '../../site-types/site-version.ts';
import type { NodeName } from '../lab/lab-layout.ts';
import { createPair, loginTo, move, setMaintenance, siteAnswers } from '../soak/gemel-pair.ts';
import { addresses, nodeNames, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import { check } from './appliance-in-lab.ts';

const { values } = parseArgs({ options: { kind: { type: 'string', default: 'vm' } } });
if (values.kind !== 'vm' && values.kind !== 'container') throw new Error('--kind is vm or container');
/** Emulated appliances need ten times as long as containers, and synchronise a data volume. */
const patienceSeconds = values.kind === 'vm' ? 900 : 120;
const port = 8_001;

await using pair = await PairInLab.up('accept-replace', values.kind);
await createPair(pair);
const lost = await pair.active();
const left = otherOf(lost);
await addSite(lost);
await pair.redundant(patienceSeconds);

console.log('# the node is there');
const tooEarly = await replace({ user: 'admin', password: 'none', fingerprint: 'none' });
check(/is in the cluster and answers/.test(tooEarly.stderr), `it is not replaced: ${lastLine(tooEarly.stderr)}`);

console.log('# it is lost, and a new box stands in its place');
await pair.lab.kill(lost);
await siteAnswers(pair, port, patienceSeconds);
const running = await startOfSite();
await pair.lab.renew(lost);
await pair.lab.start(lost);
await pair.setUp(lost);
const login = await loginTo(pair, lost);

console.log('# the wrong password');
const wrong = await replace({ ...login, password: `not-${login.password}` });
check(wrong.code !== 0, `replaces nothing: ${lastLine(wrong.stderr)}`);
check((await stateOf(lost)) === 'offline', 'the lost node still belongs to the cluster and may come back');

console.log('# the right one');
const began = performance.now();
const replaced = await replace(login);
check(replaced.code === 0, `takes it: ${lastLine(replaced.stderr)}`);
await pair.redundant(patienceSeconds);
check(true, `redundant after ${((performance.now() - began) / 1_000).toFixed(0)} s`);
check((await startOfSite()) === running, 'the site was not stopped');
await until('the new box to have the version of the site', patienceSeconds, () => hasVersion(lost), 1_000);
check(true, 'the version of the site was copied to the new box');

console.log('# the new box takes over');
await move(pair, left);
await until('the site to be there', patienceSeconds, async () => (await pair.holders()).join() === lost);
await siteAnswers(pair, port, patienceSeconds);
await pair.redundant(patienceSeconds);
check(true, 'the site answers from it');

console.log('# parted and put together while a node is in maintenance');
await setMaintenance(pair, left, true);
const there = await startOfSite();
await pair.gemel(lost, 'cluster', 'disconnect', '--yes');
await pair.gemel(lost, 'cluster', 'reconnect', '--yes');
await until('it to be in the cluster', patienceSeconds, async () => (await stateOf(left)) === 'maintenance', 1_000);
check(true, 'it is in maintenance again');
await setMaintenance(pair, left, false);
await pair.redundant(patienceSeconds);
check((await startOfSite()) === there, 'and takes part again after maintenance off; the site was not stopped');
console.log('A new box took the place of the lost node.');

/** Asked for on the node that is left. */
function replace(input: Awaited<ReturnType<typeof loginTo>>) {
  const argv = ['gemel', 'cluster', 'replace', addresses[lost].sync, '--yes', '--json-input', '-'];
  return pair.lab.node(left).exec(argv, { input: JSON.stringify(input), timeoutSeconds: patienceSeconds });
}

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1);
}

/** Of a type that has an image; its version is given to one node only. */
async function addSite(node: NodeName): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gemel-versions-'));
  const description = await cachedSiteVersion('pages', '1.37', (line) => console.log(line));
  await cp(dirname(description), folder, { recursive: true });
  await pair.lab.node(node).push(folder, '/var/lib/gemel/incoming');
  await rm(folder, { recursive: true });
  await pair.gemel(node, 'site', 'version', 'upload', `/var/lib/gemel/incoming/${basename(description)}`);
  await pair.gemel(node, 'site', 'create', 'intranet', 'pages', '--port', String(port), '--start');
  await until('both to have its version', patienceSeconds, async () => {
    const both = await Promise.all(nodeNames.map((each) => hasVersion(each)));
    return both.every(Boolean);
  });
}

async function hasVersion(node: NodeName): Promise<boolean> {
  const { stdout } = await pair.lab.node(node).exec(['sh', '-c', 'ls /var/lib/gemel/site-versions/pages']);
  return stdout.includes('1.37');
}

/** Another one after each start of the site. */
async function startOfSite(): Promise<string> {
  const node = await pair.active();
  return (await pair.sh(node, 'systemctl show --property=InvocationID --value gemel-site@intranet')).trim();
}

/** What the active node thinks of a node; as the schema of `gemel cluster status` says. */
async function stateOf(node: NodeName): Promise<string | undefined> {
  const { nodes } = JSON.parse(await pair.gemel(await pair.active(), 'cluster', 'status', '--json')) as {
    readonly nodes: readonly { readonly name: string; readonly state: string }[];
  };
  return nodes.find(({ name }) => name === addresses[node].hostName)?.state;
}
