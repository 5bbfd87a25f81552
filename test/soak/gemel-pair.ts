/** The pair as Gemel makes it, with a small site that Gemel's own agent carries. */
import type { NodeName } from '../lab/lab-layout.ts';
import { addresses, clusterIp, labSite, nodeNames, otherOf, type PairInLab, until } from './pair-in-lab.ts';

const site = 'lab';
export const sitePort = 8_001;
const siteUser = 61_001;
/** The site needs nothing but the appliance's own Python: its image is that, read only. */
const siteUnit = `[Service]
ExecStart=/usr/bin/python3 -S -E /usr/local/lib/lab-site.py ${sitePort} /data
BindReadOnlyPaths=/usr /etc
`;
const emptyRoot =
  'mkdir -p root && cd root && mkdir -p usr etc data proc sys dev run tmp var/tmp && ln -sfn usr/bin bin && ln -sfn usr/lib lib && ln -sfn usr/lib64 lib64';
/** Any that the rules of new passwords let through. */
const password = 'Correct-Horse-7-Battery';

/** `gemel cluster create` on node a, with further options, and `connect` of node b. Gives the seconds of both together. */
export async function createPair(pair: PairInLab, options: readonly string[] = []): Promise<number> {
  const { external, sync } = pair.interfaces;
  const began = performance.now();
  await pair.gemel(
    'a',
    ...['cluster', 'create', `${clusterIp}/24`, '--external', external, '--sync', sync],
    ...['--peer-external', addresses.b.external, '--peer-sync', addresses.b.sync],
    ...options,
  );
  await connect(pair, 'a', 'b');
  const seconds = (performance.now() - began) / 1_000;
  await pair.redundant(pair.kind === 'vm' ? 900 : 90);
  return seconds;
}

/** Makes a node that is in no cluster the second one of a cluster that has one. */
export async function connect(pair: PairInLab, node: NodeName, other: NodeName): Promise<void> {
  await withInput(pair, node, ['cluster', 'connect', addresses[other].sync, '--yes'], await loginTo(pair, other));
}

/** What lets the other node in: an administrator, made where there is none, and whose fingerprint to expect. */
export async function loginTo(pair: PairInLab, node: NodeName) {
  const users = await pair.gemel(node, 'access', 'user', 'list', '--json');
  if (!users.includes('"admin"'))
    await withInput(pair, node, ['access', 'user', 'add', 'admin', 'administrator'], { password });
  const { fingerprint } = JSON.parse(await pair.gemel(node, 'peer', 'show', '--json')) as { fingerprint: string }; // as the action's output schema says
  return { user: 'admin', password, fingerprint };
}

/** Secrets are no arguments, which others could see: the whole input as JSON. */
async function withInput(pair: PairInLab, node: NodeName, words: readonly string[], input: object): Promise<string> {
  return pair.lab.node(node).must(['gemel', ...words, '--json-input', '-'], {
    input: JSON.stringify(input),
    timeoutSeconds: 900,
  });
}

/**
 * A site that answers with its host's name and writes what it is told. Its resource is the one that the plugin `sites` makes for every site; its
 * type is nobody's, so that nothing has to be built for it.
 */
export async function addSite(pair: PairInLab): Promise<void> {
  const version = `/var/lib/gemel/site-versions/${site}/1`;
  const program = await labSite();
  for (const node of nodeNames) {
    await pair.put(node, '/usr/local/lib/lab-site.py', program);
    await pair.put(node, `${version}/unit.conf`, siteUnit);
    await pair.put(node, `${version}/health.env`, 'HEALTH_PATH=\nHEALTH_STATUSES=200\nHEALTH_SECONDS=60\n');
    await pair.sh(node, `cd ${version} && ${emptyRoot}`);
    await pair.sh(node, `groupadd --gid ${siteUser} lab-site && useradd --uid ${siteUser} --gid ${siteUser} lab-site`);
  }
  const active = await pair.active();
  const record = {
    type: site,
    version: '1',
    generation: 1,
    port: sitePort,
    uid: siteUser,
    memoryMiB: 128,
    cpuPercent: 100,
    autostart: true,
  };
  await pair.put(active, `/srv/gemel/sites/${site}/site.json`, `${JSON.stringify(record, null, 2)}\n`);
  await pair.sh(
    active,
    `mkdir -p /srv/gemel/sites/${site}/data/1 && chown -R ${siteUser}:${siteUser} /srv/gemel/sites/${site}/data`,
  );
  const volumeFirst =
    pair.kind === 'vm'
      ? `<rsc_order id="order-data-site-${site}-mandatory" first="data" first-action="start" then="site-${site}" then-action="start" kind="Mandatory"/>`
      : '';
  await pair.lab
    .node(active)
    .must(['cibadmin', '--modify', '--allow-create', '--scope', 'configuration', '--xml-pipe'], {
      input: `<configuration><resources>
<primitive id="site-${site}" class="ocf" provider="gemel" type="site">
<instance_attributes id="site-${site}-instance_attributes">
<nvpair id="site-${site}-instance_attributes-site" name="site" value="${site}"/>
</instance_attributes>
<operations>
<op id="site-${site}-start-interval-0s" name="start" interval="0s" timeout="110s"/>
<op id="site-${site}-stop-interval-0s" name="stop" interval="0s" timeout="60s"/>
<op id="site-${site}-monitor-interval-5s" name="monitor" interval="5s" timeout="20s"/>
</operations></primitive></resources>
<constraints>
<rsc_colocation id="colocation-site-${site}-active-INFINITY" rsc="site-${site}" with-rsc="active" score="INFINITY"/>
${volumeFirst}
<rsc_order id="order-site-${site}-active-mandatory" first="site-${site}" first-action="stop" then="active" then-action="stop" kind="Mandatory" symmetrical="false"/>
</constraints></configuration>`,
    });
  // What a Gemel does with its own files: they outlive a loss of power in the next moment.
  for (const node of nodeNames) await pair.sh(node, 'sync');
  await siteAnswers(pair, sitePort, 60);
}

export async function siteAnswers(pair: PairInLab, port: number, seconds: number): Promise<number> {
  const script = `exec 3<>/dev/tcp/${clusterIp}/${port}; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; read -r _ status _ <&3; [ "$status" = 200 ]`;
  return until('the site to answer at the cluster IP', seconds, async () => {
    const { code } = await pair.lab.client.exec(['timeout', '2', 'bash', '-c', script]);
    return code === 0;
  });
}

/** Where the data of the site is on the node that carries it. */
export const siteJournal = `/srv/gemel/sites/${site}/data/1/journal`;

/** A planned move to the other node, as an operator does it. */
export async function move(pair: PairInLab, from: NodeName): Promise<void> {
  await pair.gemel(from, 'cluster', 'move', addresses[otherOf(from)].hostName, '--yes');
}

/** Takes a node out of service, or puts it back. */
export async function setMaintenance(pair: PairInLab, node: NodeName, on: boolean): Promise<void> {
  await pair.gemel(node, 'cluster', 'maintenance', on ? 'on' : 'off', addresses[node].hostName, '--yes');
}
