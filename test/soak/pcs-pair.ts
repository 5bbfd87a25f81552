/** The same resources as people set them up with pcs and its defaults, on the same appliances: what Gemel is measured against. */
import { randomBytes } from 'node:crypto';
import type { NodeName } from '../lab/lab-layout.ts';
import { addresses, clusterIp, labSite, nodeNames, type PairInLab, reference } from './pair-in-lab.ts';
import { siteAnswers } from './gemel-pair.ts';

export const plainSitePort = 8_002;
export const plainSiteUnit = 'lab-plain-site.service';
const folder = '/var/lib/gemel/cluster';

const unit = `[Unit]
Description=The small site as a plain service
[Service]
ExecStart=/usr/bin/python3 -S -E /usr/local/lib/lab-site.py ${plainSitePort} /srv/gemel
`;

export async function createPlainPair(pair: PairInLab): Promise<void> {
  const key = randomBytes(256).toString('base64');
  const members = nodeNames.map((node) => {
    const { hostName, sync, external } = addresses[node];
    return `${hostName} addr=${sync} addr=${external}`;
  });
  await pair.sh('a', `pcs cluster setup plain ${members.join(' ')} --corosync_conf /run/corosync.conf --force`);
  const conf = await pair.sh('a', 'cat /run/corosync.conf');
  const program = await labSite();
  for (const node of nodeNames) {
    // Nothing of Gemel takes part.
    await pair.sh(node, 'systemctl disable --now --quiet gemel-core.service && systemctl stop gemel-active.target');
    await pair.put(node, '/usr/local/lib/lab-site.py', program);
    await pair.put(node, `/etc/systemd/system/${plainSiteUnit}`, unit);
    await pair.put(node, `${folder}/authkey.base64`, key, '0400');
    await pair.sh(node, `base64 -d ${folder}/authkey.base64 > ${folder}/authkey && chmod 400 ${folder}/authkey`);
    await pair.put(node, `${folder}/corosync.conf`, conf);
    await pair.sh(node, 'systemctl daemon-reload');
  }
  await Promise.all(nodeNames.map((node) => pair.sh(node, 'systemctl start corosync pacemaker')));
  await pair.sh(
    'a',
    'crm_resource --wait --timeout 60s; until crm_mon -1 | grep -q "Online: .* node1 node2"; do sleep 0.3; done',
    90,
  );
  const lines = [
    'pcs property set stonith-enabled=false no-quorum-policy=ignore',
    `pcs resource create plain-ip ocf:heartbeat:IPaddr2 ip=${clusterIp} cidr_netmask=24 --group plain`,
    // The class's own default is 60 s: what people write is 10 s.
    `pcs resource create plain-site systemd:${plainSiteUnit.replace('.service', '')} op monitor interval=10s --group plain`,
    `pcs resource create plain-ping ocf:pacemaker:ping host_list=${reference} clone`,
    'pcs constraint location plain rule score=-INFINITY pingd lt 1 or not_defined pingd',
  ];
  for (const line of lines) await pair.sh('a', line);
  await siteAnswers(pair, plainSitePort, 90);
}

/** A planned move as pcs does it: the node is left by everything … */
export async function leave(pair: PairInLab, node: NodeName): Promise<void> {
  await pair.sh(node, `pcs node standby ${addresses[node].hostName}`);
}

/** … and may be used again. */
export async function unleave(pair: PairInLab, node: NodeName): Promise<void> {
  await pair.sh(node, `pcs node unstandby ${addresses[node].hostName}`);
}
