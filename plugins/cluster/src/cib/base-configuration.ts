import { isFencingUsed } from '../fencing/fencing-used.js';
import type { ClusterOptions, Membership } from '../membership/membership.js';
import { constraint, nameValues, op, type Options, primitive } from './cib-elements.js';

/**
 * Below the 1,000 points that DRBD gives to good data without a word from the other node (10,000 to current data): an unreachable external
 * network moves the role, and keeps no node from being active when there is no better one. Above what stickiness adds up to.
 */
const externalLost = -900;
/** In place of DRBD's, where there is none. */
const anyNode = 1_000;
/** Each resource that goes along with the active role adds this. A hundred sites must not outweigh a lost network. */
const stickiness = '1';

/** Of Pacemaker 3.0: what the first CIB is written in. Newer engines bring it up to theirs. */
const schema = 'pacemaker-4.0';

/**
 * The first CIB of a fresh cluster. Pure. Alone on a new cluster there is nobody to wait for; `dcDeadtime` is what the properties
 * say later.
 * Names of resources are fixed; the active role is the chain drbd-data → data → cluster-ip → active.
 */
export function renderFirstCib({ clusterIp, options }: Membership): string {
  if (clusterIp === null || options === null) throw new Error('a cluster has an address and options');
  const { replicated, externalReferences } = options;
  const head = replicated ? 'drbd-data-clone' : 'cluster-ip';
  const watchesExternal = externalReferences.length > 0;
  const resources = [
    ...(replicated ? [drbdData, dataVolume] : []),
    primitive('cluster-ip', 'ocf:gemel:IPaddr2', { ip: clusterIp.address, cidr_netmask: String(clusterIp.prefix) }, [
      // A busy machine takes its time; giving up here would give up the whole takeover.
      op('cluster-ip', 'start', { interval: '0s', timeout: '60s' }),
      op('cluster-ip', 'stop', { interval: '0s', timeout: '60s' }),
      // A check that a busy machine is late with must not restart what works; likewise below.
      op('cluster-ip', 'monitor', { interval: '5s', timeout: '60s' }),
    ]),
    primitive('active', 'ocf:gemel:active', {}, [
      op('active', 'start', { interval: '0s', timeout: '60s' }),
      // What follows it has systemd's 90 s to end; a stop that fails leaves the role nowhere, so it is given more than that.
      op('active', 'stop', { interval: '0s', timeout: '120s' }),
      op('active', 'monitor', { interval: '10s', timeout: '60s' }),
    ]),
    ...(watchesExternal ? [externalClone(externalReferences)] : []),
  ];
  const constraints = [
    ...(replicated
      ? [
          constraint.with('data', 'drbd-data-clone', 'Promoted'),
          constraint.after('data', 'start', 'drbd-data-clone', 'promote'),
          constraint.with('cluster-ip', 'data'),
          constraint.after('cluster-ip', 'start', 'data', 'start'),
          constraint.after('active', 'start', 'data', 'start'),
        ]
      : []),
    constraint.with('active', 'cluster-ip'),
    // Create finds `active` running and no cluster IP: its first start must stop nothing.
    constraint.afterIfBoth('active', 'cluster-ip'),
    ...(replicated ? [] : [constraint.anywhere('cluster-ip', anyNode)]),
    ...(watchesExternal ? [constraint.needsExternal(head, replicated ? 'Promoted' : undefined, externalLost)] : []),
  ];
  return `<cib validate-with="${schema}" admin_epoch="0" epoch="1" num_updates="0">
<configuration>
<crm_config>
<cluster_property_set id="cib-bootstrap-options">
${nameValues('cib-bootstrap-options', { ...clusterProperties(options), 'dc-deadtime': '1s' })}
</cluster_property_set>
</crm_config>
<nodes/>
<resources>
${resources.join('\n')}
</resources>
<constraints>
${constraints.join('\n')}
</constraints>
<rsc_defaults>
<meta_attributes id="rsc_defaults-meta_attributes">
${nameValues('rsc_defaults-meta_attributes', { 'resource-stickiness': stickiness, 'migration-threshold': '3', 'failure-timeout': '60s' })}
</meta_attributes>
</rsc_defaults>
<alerts>
<alert id="gemel-alert" path="/usr/lib/gemel/libexec/gemel-alert" description="Tells Gemel what happens">
<select>
<select_nodes/>
<select_fencing/>
<select_resources/>
<select_attributes><attribute id="gemel-alert-external" name="external"/><attribute id="gemel-alert-external-carrier" name="external-carrier"/></select_attributes>
</select>
</alert>
</alerts>
</configuration>
<status/>
</cib>
`;
}

/** How long a node that starts waits for the other before it decides alone. */
export const dcDeadtime = '5s';

/**
 * Without fencing and witness the survivor of two goes on by itself: DRBD's own fencing keeps old data from becoming active.
 * With either, a node without quorum stops what it has. Fencing counts only when both nodes can be switched off.
 */
export function clusterProperties({ fencing, witness }: Pick<ClusterOptions, 'fencing' | 'witness'>): Options {
  const fenced = isFencingUsed({ fencing });
  return {
    'cluster-name': 'gemel',
    'stonith-enabled': fenced ? 'true' : 'false',
    'no-quorum-policy': fenced || witness !== null ? 'stop' : 'ignore',
    'dc-deadtime': dcDeadtime,
    'node-health-strategy': 'migrate-on-red',
    // Above 80 % of load Pacemaker runs one agent at a time in the whole cluster (controld_throttle.c): a takeover by a busy node, which a
    // takeover itself makes busy, would start its sites one after the other. Never, then; twice the number of processors is the limit.
    'load-threshold': '10000%',
    // How soon an expired failure is noticed; failure-timeout counts in it.
    'cluster-recheck-interval': '60s',
    // The node that has more to do is switched off last, milliseconds apart are not enough for that.
    'priority-fencing-delay': fenced ? '5s' : '0s',
  };
}

const drbdData = `<clone id="drbd-data-clone">
<meta_attributes id="drbd-data-clone-meta_attributes">
${nameValues('drbd-data-clone-meta_attributes', { promotable: 'true', 'promoted-max': '1', 'promoted-node-max': '1', 'clone-max': '2', 'clone-node-max': '1', notify: 'true' })}
</meta_attributes>
${primitive('drbd-data', 'ocf:linbit:drbd', { drbd_resource: 'gemel', unfence_if_all_uptodate: 'true' }, [
  op('drbd-data', 'start', { interval: '0s', timeout: '240s' }),
  op('drbd-data', 'stop', { interval: '0s', timeout: '100s' }),
  op('drbd-data', 'promote', { interval: '0s', timeout: '90s' }),
  op('drbd-data', 'demote', { interval: '0s', timeout: '90s' }),
  op('drbd-data', 'monitor', { interval: '9s', role: 'Promoted', timeout: '60s' }),
  op('drbd-data', 'monitor', { interval: '10s', role: 'Unpromoted', timeout: '60s' }),
])}
</clone>`;

const dataVolume = primitive(
  'data',
  'ocf:gemel:Filesystem',
  { device: '/dev/drbd0', directory: '/srv/gemel', fstype: 'ext4', options: 'noatime,nodev,nosuid' },
  [
    op('data', 'start', { interval: '0s', timeout: '60s' }),
    op('data', 'stop', { interval: '0s', timeout: '60s' }),
    op('data', 'monitor', { interval: '10s', timeout: '60s' }),
  ],
);

/** Each node asks these addresses; the attribute `external` is 0 where none answers. */
export function externalClone(references: readonly string[]): string {
  const parameters = {
    host_list: references.join(' '),
    name: 'external',
    dampen: '1s',
    attempts: '2',
    timeout: '1',
    // Two pings of one reference took a second because of the pause between them alone.
    options: '-i 0.2',
    pidfile: '/run/gemel/external-ping',
  };
  return `<clone id="external-clone">
${primitive('external', 'ocf:gemel:ping', parameters, [
  op('external', 'start', { interval: '0s', timeout: '60s' }),
  op('external', 'monitor', { interval: '2s', timeout: '30s' }),
])}
</clone>`;
}
