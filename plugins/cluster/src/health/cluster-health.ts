import type { HealthReport, PluginContext, SystemAccess } from '@gemel/core/sdk';
import { corosyncFile } from '../corosync/corosync-conf.js';
import { drbdFile } from '../drbd/drbd-resource.js';
import { journalFile, journalKind } from '../formation/journal.js';
import { stayOffFile } from '../formation/parts.js';
import type { PairNode, PairStatus } from '../status/pair-schema.js';
import { parseReplication } from '../status/replication.js';

/** What Pacemaker says of a node that can do its work as soon as it may. */
const memberStates: readonly PairNode['state'][] = ['online', 'maintenance', 'unmanaged'];

type SeePair = () => Promise<PairStatus | undefined>;

/**
 * Whether this node can do what the appliance is for: the engines of a pair, and the data volume. A new firmware is judged by it, so it
 * looks at this node alone: a lost partner or a split brain is nothing that a firmware could mend.
 * @param pair As it was last seen.
 */
export function addClusterHealth(context: PluginContext, pair: SeePair): void {
  const { system } = context;
  context.addHealthCheck('engines', () => engines(system, pair));
  context.addHealthCheck('volume', () => volume(system, pair));
}

async function engines(system: SystemAccess, pair: SeePair): Promise<HealthReport> {
  const standing = await standingOf(system);
  if (standing === 'single') return role(system);
  if (standing !== 'member') return well(texts[standing]);
  for (const unit of ['corosync.service', 'pacemaker.service']) {
    const { activeState } = await system.units.status(unit);
    if (activeState !== 'active') return ill(`${unit} is ${activeState}; see journalctl -u ${unit}`);
  }
  const node = localNode(await pair());
  if (node === undefined) return ill('Pacemaker does not answer; see journalctl -u pacemaker');
  if (!memberStates.includes(node.state)) return ill(`Pacemaker has this node as ${node.state}; see crm_mon -1`);
  return well(`Corosync and Pacemaker run; this node is ${node.state}`);
}

/** Of a single appliance: everything it runs hangs on the target. */
async function role({ kind, units }: SystemAccess): Promise<HealthReport> {
  // The model of a host starts no units by itself.
  if (kind === 'sandbox') return well('a single appliance');
  const { activeState } = await units.status('gemel-active.target');
  if (activeState === 'active') return well('a single appliance, in the active role');
  return ill(`gemel-active.target is ${activeState}; see journalctl -u gemel-active-alone`);
}

async function volume(system: SystemAccess, pair: SeePair): Promise<HealthReport> {
  const { kind, files, units } = system;
  // A container has no volume of its own: the folder is all there is.
  const isModel = kind === 'sandbox' || (await files.read('/run/systemd/container')) !== undefined;
  if (isModel) return well('this host has no data volume of its own');
  const shared = (await units.status('gemel-shared.service')).activeState;
  // It writes the file before anything that can fail.
  if ((await files.read(drbdFile)) === undefined && shared !== 'failed') return well('this device has no data volume');
  const standing = await standingOf(system);
  if (standing === 'off' || standing === 'changing') return well(texts[standing]);
  const drbd = await files.read('/proc/drbd');
  if (drbd === undefined) return ill('this kernel has no DRBD; see modprobe drbd');
  const mount = (await units.status('srv-gemel.mount')).activeState;
  if (standing === 'single') {
    if (mount === 'active') return well('mounted');
    return ill(`srv-gemel.mount is ${mount}, gemel-shared.service ${shared}; see journalctl -u gemel-shared`);
  }
  const replication = parseReplication(drbd);
  if (replication === undefined) {
    // In maintenance Pacemaker takes everything down, which an update in a pair does on purpose; unmanaged it brings nothing up.
    const state = localNode(await pair())?.state;
    if (state === 'maintenance' || state === 'unmanaged') return well(`down: this node is in the state ${state}`);
    return ill('DRBD is down on this node; see gemel cluster status');
  }
  const { role, disk } = replication;
  if (disk === 'Diskless' || disk === 'Failed') return ill(`DRBD has no disk on this node: ${disk}`);
  if (role === 'Primary' && mount !== 'active') return ill(`DRBD is Primary, and srv-gemel.mount is ${mount}`);
  return well(`${role}, ${disk}`);
}

const texts = {
  off: 'this node was told to stay off',
  changing: 'a change of the cluster is under way',
} as const;

/** The engines run on while what they read is changed, which is open for as long as the other node is away. */
async function standingOf({ files }: SystemAccess): Promise<'single' | 'member' | keyof typeof texts> {
  const journal = await files.read(journalFile);
  if (journal !== undefined && journalKind(journal) !== 'configure') return 'changing';
  if ((await files.read(corosyncFile)) === undefined) return 'single';
  return (await files.read(stayOffFile)) === undefined ? 'member' : 'off';
}

function localNode(pair: PairStatus | undefined): PairNode | undefined {
  return pair?.running === true ? pair.nodes.find(({ local }) => local) : undefined;
}

function well(reason: string): HealthReport {
  return { healthy: true, reason };
}

function ill(reason: string): HealthReport {
  return { healthy: false, reason };
}
