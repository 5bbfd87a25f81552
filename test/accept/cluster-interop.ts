/**
 * pcs, crmsh and crm_mon beside Gemel on the same pair: they read what Gemel made, Gemel shows what they change and undoes none of it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addresses, nodeNames, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import { addSite, createPair } from '../soak/gemel-pair.ts';
import { check } from './appliance-in-lab.ts';

/** As the schema of `gemel cluster status` says; what is looked at here. */
interface Shown {
  readonly activeNode: string | null;
  readonly nodes: readonly { readonly name: string; readonly state: string }[];
  readonly resources: readonly { readonly name: string; readonly state: string; readonly nodes: readonly string[] }[];
}

await using pair = await PairInLab.up('accept-interop', 'container');
await createPair(pair);
await addSite(pair);
const active = await pair.active();
const passive = otherOf(active);
const activeName = addresses[active].hostName;
const passiveName = addresses[passive].hostName;

console.log('# they read what Gemel made');
const made = (await shown()).resources.map(({ name }) => name);
const readers = ['pcs status', 'pcs resource config', 'crm status', 'crm configure show', 'crm_mon -1'];
for (const reader of readers) {
  const text = await pair.sh(active, reader);
  check(
    made.every((name) => text.includes(name)),
    `${reader} shows ${made.join(', ')}`,
  );
}
const monitor = await pair.sh(active, 'crm_mon -1');
check(
  monitor.includes(`cluster-ip\t(ocf:gemel:IPaddr2):\t Started ${activeName}`),
  `crm_mon has the cluster IP on ${activeName}`,
);
check((await shown()).activeNode === activeName, `and so has gemel cluster status: ${activeName} is active`);
await pair.sh(active, 'crm_verify --live-check');
check(true, 'crm_verify has nothing to say against the configuration');
for (const first of ['first-cib.xml', 'first-cib-container.xml']) {
  await pair.put(
    active,
    `/root/${first}`,
    await readFile(join(import.meta.dirname, '../golden/cluster/formation', first), 'utf8'),
  );
  await pair.sh(active, `crm_verify --verbose --xml-file /root/${first}`);
  check(true, `nor against ${first}, with which a cluster begins`);
}

console.log('# pcs changes resources');
await pair.sh(active, 'pcs resource create made-by-pcs ocf:pacemaker:Dummy op monitor interval=30s');
await showsUntil('a resource made with pcs', 'made-by-pcs', ['started']);
await pair.sh(active, 'pcs resource disable made-by-pcs');
await showsUntil('that pcs disabled it', 'made-by-pcs', ['disabled', 'stopped']);
await pair.sh(active, 'pcs resource enable made-by-pcs');
await showsUntil('that pcs enabled it', 'made-by-pcs', ['started']);
await pair.gemel(active, 'cluster', 'resource', 'update', 'made-by-pcs', '--monitor-seconds', '20');
check(
  (await pair.sh(active, 'pcs resource config made-by-pcs')).includes('interval=20s'),
  'pcs shows what Gemel changed of it',
);
await pair.sh(active, 'pcs resource delete made-by-pcs --force');
await until(
  'Gemel not to show it any more',
  30,
  async () => !(await shown()).resources.some(({ name }) => name === 'made-by-pcs'),
);
check(true, 'a resource deleted with pcs is gone for Gemel');

console.log('# crmsh changes resources');
await pair.sh(active, 'crm configure primitive made-by-crm ocf:pacemaker:Dummy op monitor interval=30s timeout=20s');
await showsUntil('a resource made with crmsh', 'made-by-crm', ['started']);
await pair.sh(active, 'crm resource stop made-by-crm');
await showsUntil('that crmsh stopped it', 'made-by-crm', ['disabled', 'stopped']);
await pair.gemel(active, 'cluster', 'resource', 'enable', 'made-by-crm');
await showsUntil('that Gemel enabled it', 'made-by-crm', ['started']);
await pair.gemel(active, 'cluster', 'resource', 'delete', 'made-by-crm', '--yes');
check(
  !(await pair.sh(active, 'crm configure show')).includes('made-by-crm'),
  'a resource deleted with Gemel is gone for crmsh',
);

console.log('# what Gemel makes, they show');
await pair.gemel(active, 'cluster', 'resource', 'create', 'made-by-gemel', 'ocf:pacemaker:Dummy');
for (const reader of ['pcs status', 'crm status', 'crm_mon -1'])
  check((await pair.sh(active, reader)).includes('made-by-gemel'), `${reader} shows a resource made with Gemel`);

console.log('# an option changed by them is not undone');
await pair.sh(active, 'pcs property set cluster-recheck-interval=97s');
await pair.sh(active, 'crm configure property pe-input-series-max=77');
await pair.sh(active, 'pcs resource defaults update resource-stickiness=123');
await pair.gemel(active, 'cluster', 'resource', 'delete', 'made-by-gemel', '--yes');
await unchanged('an action of Gemel');
await pair.sh(active, 'systemctl restart gemel-core');
await until(
  'core to answer',
  60,
  async () => (await pair.lab.node(active).exec(['gemel', 'cluster', 'status'])).code === 0,
);
await unchanged('a restart of core');
await pair.lab.kill(passive);
await pair.lab.start(passive);
await pair.redundant(90);
await unchanged('the power loss and return of a node');

console.log('# they move and put on standby, Gemel shows it');
await pair.sh(active, `pcs node standby ${activeName}`);
await until('Gemel to show the move', 60, async () => (await shown(passive)).activeNode === passiveName);
const standby = (await shown(passive)).nodes.find(({ name }) => name === activeName)?.state;
check(
  standby === 'maintenance',
  `after pcs node standby ${activeName}, ${passiveName} is active and ${activeName} is in ${standby}`,
);
await pair.sh(active, `crm node online ${activeName}`);
await until('Gemel to show the node online', 60, async () =>
  (await shown()).nodes.every(({ state }) => state === 'online'),
);
check(true, `after crm node online ${activeName} both nodes are online`);
await pair.redundant(60);
await unchanged('the move');
console.log(
  `pcs, crmsh, crm_mon and Gemel agree on both nodes: ${nodeNames.map((node) => addresses[node].hostName).join(' and ')}`,
);

async function shown(node = active): Promise<Shown> {
  return JSON.parse(await pair.gemel(node, 'cluster', 'status', '--json')) as Shown; // as the action's output schema says
}

async function showsUntil(what: string, name: string, states: readonly string[]): Promise<void> {
  const seconds = await until(`Gemel to show ${what}`, 30, async () => {
    const found = (await shown()).resources.find((resource) => resource.name === name);
    return found !== undefined && states.includes(found.state);
  });
  check(true, `Gemel shows ${what}, after ${seconds.toFixed(1)} s`);
}

async function unchanged(after: string): Promise<void> {
  const query = 'crm_attribute --type crm_config --quiet --query --name';
  const recheck = (await pair.sh(active, `${query} cluster-recheck-interval`)).trim();
  const series = (await pair.sh(active, `${query} pe-input-series-max`)).trim();
  const stickiness = (
    await pair.sh(active, 'crm_attribute --type rsc_defaults --quiet --query --name resource-stickiness')
  ).trim();
  check(
    recheck === '97s' && series === '77' && stickiness === '123',
    `options set with pcs and crmsh are as they were after ${after}`,
  );
}
