/**
 * The life of a pair as docs/cluster.md prints it, on two freshly booted appliances: every command block of that page is run, and what the
 * engines say is compared with what Gemel says.
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cachedSiteVersion } from '../../site-types/site-version.ts';
import { Lab } from '../lab/lab.ts';
import { check, until } from './appliance-in-lab.ts';
import { commandBlocks, type CommandBlock } from './printed-commands.ts';

const { values } = parseArgs({
  options: { kind: { type: 'string', default: 'vm' }, lab: { type: 'string', default: 'accept-pair' } },
});
if (values.kind !== 'vm' && values.kind !== 'container') throw new Error('--kind is vm or container');
const kind = values.kind;
const isVm = kind === 'vm';

const repository = join(import.meta.dirname, '../..');
/** What the page leaves to the reader. */
const places = new Map<string, string>();
/** Emulated appliances need ten times as long as containers. */
const patienceSeconds = isVm ? 600 : 120;

const versions = await mkdtemp(join(tmpdir(), 'gemel-versions-'));
for (const [place, type, version] of [
  ['PAGES', 'pages', '1.37'],
  ['PROMETHEUS', 'prometheus', '2.53'],
] as const) {
  const description = await cachedSiteVersion(type, version, (line) => console.log(line));
  await cp(dirname(description), versions, { recursive: true });
  places.set(place, basename(description, '.json'));
}

await using lab = await Lab.up({ nodes: 2, kind, name: values.lab, say: (line) => console.log(`lab: ${line}`) });
for (const node of lab.nodes) {
  await coreAnswers(node.name);
  await node.push(versions, '/var/lib/gemel/incoming');
}
await rm(versions, { recursive: true });

let createSeconds = 0;
/** A limit of time that was missed does not keep the rest from being seen. */
let missed: string | undefined;
try {
  for (const block of commandBlocks(await readFile(join(repository, 'docs/cluster.md'), 'utf8'))) await runBlock(block);
} catch (failure) {
  for (const node of lab.nodes) await showJournal(node.name);
  throw failure;
}

for (const node of ['a', 'b'] as const) {
  const { stdout } = await exec(node, 'test -e /var/lib/gemel/cluster/corosync.conf && echo clustered || echo single');
  check(stdout.trim() === 'single', `node ${node} is a single appliance again`);
}
console.log('The life of a pair went as docs/cluster.md prints it.');
if (missed !== undefined) throw new Error(`MISSED: ${missed}`);

/** Why it failed: the lab is gone when the script ends. */
async function showJournal(name: 'a' | 'b'): Promise<void> {
  const { stdout } = await exec(
    name,
    'free -m; uptime; journalctl --boot --lines 400 --no-pager --output short-monotonic',
  );
  console.log(`--- node ${name}\n${stdout}`);
}

async function runBlock({ where, wait, lines }: CommandBlock): Promise<void> {
  for (const printed of lines) {
    console.log(`${where}$ ${printed}`);
    const line = fill(printed);
    if (where === 'lab') await runLab(line);
    else if (wait)
      await until(`"${printed}" to succeed`, patienceSeconds, async () => (await run(where, line)).code === 0);
    else await runOnce(where, line);
  }
}

async function runOnce(where: CommandBlock['where'], line: string): Promise<void> {
  const began = performance.now();
  const { code, stdout, stderr } = await run(where, line);
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${stdout}${stderr}`.trimEnd().replaceAll(/^/gm, '    '));
  if (code !== 0) throw new Error(`${line}: exit code ${code}`);
  if (line.startsWith('gemel peer show') && where === 'node2') {
    places.set('FINGERPRINT', /Fingerprint\s+([0-9A-F:]{95})/.exec(stdout)?.[1] ?? '');
  }
  if (line.startsWith('gemel cluster create ')) createSeconds = seconds;
  if (line.includes('| gemel cluster connect --user')) await checkFormation();
  if (line.includes('gemel cluster reconnect')) check(/ 10\.78\.0\.21 /.test(stdout), 'the other address is in use');
  if (line.startsWith('gemel log show'))
    check(
      / node1 example.* node 1\n.* node2 example.* node 2\n/.test(stdout),
      'entries of both nodes in the order of time',
    );
  if (line === 'crm_mon -1') await checkAgreement(stdout);
}

/** From the commands to both nodes being members, without the synchronisation that follows. */
async function checkFormation(): Promise<void> {
  const { stdout } = await exec(
    'a',
    'stat --format %.Y /var/lib/gemel/cluster/membership.json; gemel jobs list --json',
  );
  const [written = '', ...json] = stdout.split('\n');
  // the shape is what the action's output schema says
  const { jobs } = JSON.parse(json.join('\n')) as { readonly jobs: readonly { action: string; startedAt: number }[] };
  const job = jobs.findLast(({ action }) => action === 'cluster.connect');
  const connectSeconds = Number(written) - (job?.startedAt ?? 0) / 1_000;
  const total = createSeconds + connectSeconds;
  const figure = `create ${createSeconds.toFixed(1)} s and connect ${connectSeconds.toFixed(1)} s to operational: ${total.toFixed(1)} s, at most 60`;
  check(connectSeconds > 0, figure);
  if (total > 60) missed = figure;
}

interface PairStatus {
  readonly nodes: readonly { readonly name: string; readonly state: string }[];
  readonly resources: readonly { readonly name: string; readonly state: string; readonly nodes: readonly string[] }[];
}

async function checkAgreement(monitor: string): Promise<void> {
  const { stdout } = await exec('a', 'gemel cluster status --json');
  // the shape is what the action's output schema says
  const { nodes, resources } = JSON.parse(stdout) as PairStatus;
  const online = /Online: \[ (.*) \]/.exec(monitor)?.[1]?.split(' ') ?? [];
  const inGemel = nodes.filter(({ state }) => state === 'online').map(({ name }) => name);
  check(
    online.toSorted().join() === inGemel.toSorted().join(),
    `crm_mon and gemel agree on nodes: ${online.join(', ')}`,
  );
  for (const name of ['cluster-ip', 'active']) {
    const node = new RegExp(`\\* ${name}\\s.*Started (\\S+)`).exec(monitor)?.[1] ?? '';
    const resource = resources.find((each) => each.name === name);
    check(resource?.nodes.join() === node && node !== '', `crm_mon and gemel agree on ${name}: ${node}`);
  }
}

async function runLab(line: string): Promise<void> {
  const [, verb, name] = /^npm run lab -- (kill|start) (a|b)$/.exec(line) ?? [];
  if (name !== 'a' && name !== 'b') throw new Error(`no command of the lab: ${line}`);
  if (verb === 'kill') return lab.node(name).kill();
  await lab.node(name).start();
  await coreAnswers(name);
}

async function run(where: CommandBlock['where'], line: string) {
  if (where === 'client') return lab.client.exec(['sh', '-c', line]);
  return exec(where === 'node1' ? 'a' : 'b', line);
}

async function exec(name: 'a' | 'b', line: string) {
  return lab.node(name).exec(['sh', '-c', line], { timeoutSeconds: patienceSeconds });
}

async function coreAnswers(name: 'a' | 'b'): Promise<void> {
  await until(`core of ${name} to answer`, 120, async () => (await exec(name, 'gemel status')).code === 0);
}

/** Fills in what the page leaves to the reader. Containers have no bonds: their first NIC of each network stands for it. */
function fill(printed: string): string {
  let line = printed;
  for (const [place, value] of places) line = line.replaceAll(place, value);
  if (isVm) return line;
  return line
    .replace(/bond create (bond\d) --members \S+ --mode \S+/, 'link set $1 --ipv4 static')
    .replace(/bond set (bond\d)/, 'link set $1')
    .replaceAll('bond0', 'enp0s4')
    .replaceAll('bond1', 'enp0s6');
}
