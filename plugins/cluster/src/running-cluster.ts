import { type PluginContext, SettingsMaintenance, toDisposable } from '@gemel/core/sdk';
import { DeviceService } from '@gemel/plugin-device/contract';
import { PeerService, SharedSettingsService } from '@gemel/plugin-peer/contract';
import { watchAlerts } from './alerts/alert-folder.js';
import { CapacityService, type Membership, type MembershipService, SiteVersionsService } from './contract.js';
import { readPartedData } from './drbd/generations.js';
import { fencingTestsOf } from './fencing/fencing-tests.js';
import type { Formed } from './formation/formation.js';
import { addClusterHealth } from './health/cluster-health.js';
import { ClusterLog } from './log/cluster-log.js';
import { TakeoverTeller } from './log/takeover-teller.js';
import type { RunningTools } from './running-actions.js';
import { MaintenanceTarget } from './maintenance/maintenance-target.js';
import { Pacemaker } from './pacemaker/pacemaker.js';
import { findWishes } from './pacemaker/wishes.js';
import { ClusterWatch } from './status/cluster-watch.js';
import { MemoryCapacity } from './status/memory-capacity.js';
import { MissingVersions } from './status/missing-versions.js';
import { PairReader } from './status/pair-reader.js';
import { clusterPair } from './status/pair-status.js';
import { PeerFactsWatch } from './status/peer-facts.js';
import { clusterRole } from './status/role-status.js';
import { editableSettings, passiveLock } from './status/scope-lock.js';

export interface RunningClusterParts {
  readonly membership: MembershipService;
  readonly formed: Formed;
}

/** What a formed cluster offers: status, resources, maintenance, log and alerts. */
export function addRunningCluster(context: PluginContext, { membership, formed }: RunningClusterParts): void {
  const { system, events, log } = context;
  const { clock, files, commands } = system;
  const peer = context.get(PeerService);
  const device = context.get(DeviceService);
  // it does not change while core runs, and asking for the identity starts hostnamed
  let known: Promise<string> | undefined;
  const version = () => (known ??= device.identity().then((identity) => identity.version));

  const pacemaker = new Pacemaker(commands);
  const peerFacts = new PeerFactsWatch(peer, clock);
  const capacity = new MemoryCapacity(files);
  context.provideValue(CapacityService, capacity);
  const missingVersions = new MissingVersions();
  context.provideValue(SiteVersionsService, missingVersions);
  const reader = new PairReader({
    system,
    pacemaker,
    membership,
    version,
    peerFacts: () => peerFacts.current,
    memory: () => capacity.read(),
    missingVersions: () => missingVersions.read(),
    fencingTested: () => formed.fencingTested(),
  });
  const read = (signal?: AbortSignal) => reader.read(signal);
  const clusterLog = new ClusterLog({
    files,
    clock,
    log,
    folder: context.dataFolder,
    node: () => membership.current.thisNode || 'this node',
  });

  const pairStatus = context.status.add(clusterPair, read);
  const takeovers = new TakeoverTeller({
    membership,
    events,
    clock,
    log,
    clusterLog,
    files,
    folder: context.dataFolder,
    read,
    asked: () => isAskedFor(pacemaker, membership.current.thisNode),
  });
  const maintenance = new MaintenanceTarget(system.units, log);
  const watch = new ClusterWatch({
    reader,
    membership,
    events,
    clock,
    log,
    clusterLog,
    takeovers,
    refreshPeer: async () => {
      await peerFacts.refresh();
      await formed.takeFencingTests(peerFacts.current.fencingTests).catch((failure: unknown) => {
        log.warn({ failure: String(failure) }, 'a test of fencing from the other node was not noted');
      });
    },
    changed(pair) {
      pairStatus.set(pair);
      maintenance.follow(pair);
    },
  });
  context.own(takeovers);
  context.status.add(clusterRole, async () => {
    await watch.look();
    return watch.role;
  });

  addClusterHealth(context, async () => {
    if (watch.pair === undefined) await watch.look();
    return watch.pair;
  });

  let loaded: Promise<RunningTools> | undefined;
  const tools = () =>
    (loaded ??= import('./running-actions.js').then(({ runningTools }) =>
      runningTools({ system, membership, peer, pacemaker, clusterLog, read, lookSoon: () => watch.lookSoon() }),
    ));
  context.actions.addLater(async () => (await tools()).actions);
  const answer = async () => {
    const [logs, splitBrain, { takeBackGivingUp }, { GiveUpNote }, { KeptCopies }] = await Promise.all([
      import('./log/log-request.js'),
      import('./split-brain/split-brain.js'),
      import('./split-brain/take-back.js'),
      import('./split-brain/give-up-note.js'),
      import('./split-brain/kept-copies.js'),
    ]);
    const local = membership.current.thisNode;
    const note = new GiveUpNote(files);
    const copies = new KeptCopies(system, () => local);
    return [
      takeBackGivingUp({ pacemaker, copies, note, clusterLog, clock, log }, local),
      logs.answerLogRequests(peer, clusterLog),
      peerFacts.answer({
        version,
        memory: () => capacity.read(),
        parted: () => readPartedData(system, { waiting: true }),
        fencingTests: () => fencingTestsOf(membership.current),
        missingVersions: () => missingVersions.read(),
      }),
      ...splitBrain.answerSplitBrain(peer, membership, async () => (await tools()).splitBrain),
    ];
  };
  const hear = () => watchAlerts({ files, clock, log }, (all) => watch.hear(all));
  context.own(context.get(SettingsMaintenance).addScopeLock('cluster', () => passiveLock(watch.role)));
  context.own(context.get(SharedSettingsService).decideEditable(() => editableSettings(watch.role)));
  context.own(
    membership.onChanged((now, before) => {
      void logMembership(clusterLog, now, before);
      if (now.phase === 'none') maintenance.follow(undefined);
    }),
  );
  context.own(followMembership(membership, watch, { hear, answer }));
}

async function logMembership(clusterLog: ClusterLog, now: Membership, before: Membership): Promise<void> {
  const texts: Readonly<Record<Membership['phase'], string>> = {
    none: 'This node left the cluster and is a single appliance.',
    created: 'This node is the only one of its cluster.',
    connected: `The cluster is connected: ${now.nodes.map(({ hostName }) => hostName).join(' and ')}.`,
    disconnected: 'The nodes run apart until they are reconnected.',
  };
  if (now.phase !== before.phase) {
    await clusterLog.add({ kind: 'membership', severity: 'info', text: texts[now.phase] });
  }
}

interface Listening {
  readonly hear: () => Disposable;
  /** What the other node asks. Loaded only where there is one: a single appliance starts without it. */
  readonly answer: () => Promise<readonly Disposable[]>;
}

/** Everything that runs by itself runs only while this device is in a cluster. */
function followMembership(membership: MembershipService, watch: ClusterWatch, { hear, answer }: Listening): Disposable {
  let hearing: Disposable | undefined;
  let answering: Promise<readonly Disposable[]> | undefined;
  const stop = () => {
    hearing?.[Symbol.dispose]();
    hearing = undefined;
    void answering?.then((answers) => answers.forEach((each) => each[Symbol.dispose]()));
    answering = undefined;
  };
  const follow = () => {
    if (membership.current.phase === 'none') stop();
    else {
      hearing ??= hear();
      answering ??= answer();
    }
    watch.follow();
  };
  const changes = membership.onChanged(follow);
  follow();
  return toDisposable(() => {
    changes[Symbol.dispose]();
    stop();
    watch[Symbol.dispose]();
  });
}

/** Whether somebody's wish to have something on this node, or not on the other one, is in force. */
async function isAskedFor(pacemaker: Pacemaker, node: string): Promise<boolean> {
  const wishes = await findWishes(pacemaker);
  return wishes.some((wish) => (wish.kind === 'there') === (wish.node === node));
}
