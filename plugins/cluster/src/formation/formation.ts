import { type PluginContext, SettingsMaintenance } from '@gemel/core/sdk';
import { DeviceService } from '@gemel/plugin-device/contract';
import { networkSection } from '@gemel/plugin-network/contract';
import { PeerService } from '@gemel/plugin-peer/contract';
import { isFencingTested } from '../fencing/fencing-tested.js';
import { type FencingTest, withFencingTests } from '../fencing/fencing-tests.js';
import type { StoredMembership } from '../membership/membership-service.js';
import { clusterReports } from '../reports.js';
import { clusterEvents } from '../status/cluster-events.js';
import { Engines } from './engines.js';
import { FormationJournal } from './journal.js';
import type { Joining } from './joining.js';
import { nameHeld } from './name-held.js';
import { type FormationParts, stayOffFile } from './parts.js';
import type { MissedLeave } from './missed-leave.js';
import type { StayingOff } from './staying-off.js';

export interface Formed {
  /** Whether fencing was seen to work since it was set up. */
  fencingTested(): boolean;
  /** What the other node knows of tests. */
  takeFencingTests(tests: readonly FencingTest[]): Promise<void>;
}

/** Forming, changing and leaving a cluster: actions, what the other node asks, and what a crash left half done. */
export async function addFormation(context: PluginContext, membership: StoredMembership): Promise<Formed> {
  const peer = context.get(PeerService);
  const journal = new FormationJournal(context.system.files);
  const parts: FormationParts = { context, membership, journal, engines: new Engines(context.system), peer };
  await journal.load();
  let loaded: Promise<Joining> | undefined;
  const joining = () => (loaded ??= import('./joining.js').then(({ Joining }) => new Joining(parts)));
  let off: Promise<StayingOff> | undefined;
  const stayingOff = () =>
    (off ??= import('./staying-off.js').then(({ StayingOff }) => context.own(new StayingOff(parts))));
  let missed: Promise<MissedLeave> | undefined;
  const missedLeave = () =>
    (missed ??= import('./missed-leave.js').then(({ MissedLeave }) => context.own(new MissedLeave(parts, stayingOff))));
  context.events.on(clusterEvents.nodeLost, () => void missedLeave().then((each) => each.settle()));
  context.actions.addLater(async () => {
    const { formationActions } = await import('./actions.js');
    const { keyAction } = await import('../keys/key-action.js');
    const { fencingActions } = await import('../fencing/fencing-actions.js');
    const { witnessActions } = await import('../witness/witness-actions.js');
    return [...formationActions(parts), keyAction(parts), ...fencingActions(parts), ...witnessActions(parts)];
  });
  context.own(
    peer.handleLater(async () => {
      const { answerPairedNode } = await import('./answers.js');
      return [...(await joining()).listen(), ...answerPairedNode(parts, await stayingOff())];
    }),
  );
  context.own(peer.refuseStrangers(() => strangersRefused(parts)));
  const locked = clusterReports.report('cluster.settings.connected', {});
  const lock = () => (membership.current.phase === 'connected' ? locked : undefined);
  const maintenance = context.get(SettingsMaintenance);
  context.own(maintenance.addScopeLock('node', lock));
  context.own(context.get(DeviceService).holdName((name) => nameHeld(membership.current, name)));
  const member = clusterReports.report('cluster.factory-reset.member', {});
  context.own(maintenance.addResetObstacle(() => (membership.current.phase === 'none' ? undefined : member)));
  context.settings.onApplied(networkSection, () => {
    if (membership.current.phase !== 'none') void followAddresses(parts);
  });
  // After core has taken the settings into force: the way to the other node may need the network.
  if (membership.current.phase !== 'none' || journal.open !== undefined) {
    const recover = async () => {
      if (journal.open !== undefined) await (await import('./recovery.js')).recover(parts, await joining());
      const { phase, keepsServices } = membership.current;
      if (phase === 'none') return;
      const isHeld = !keepsServices || (await context.system.files.read(stayOffFile)) !== undefined;
      if (isHeld) await (await stayingOff()).recover();
      if (membership.current.phase !== 'connected') return;
      (await missedLeave()).settle();
      const { followWitnessAgain } = await import('./configuration-change.js');
      await followWitnessAgain(parts);
    };
    context.system.clock.after(0, () => {
      recover().catch((failure: unknown) => {
        context.log.error({ failure: String(failure) }, 'what was interrupted could not be settled');
      });
    });
  }
  return {
    fencingTested: () => isFencingTested(membership.current),
    takeFencingTests: (tests) => membership.update((current) => withFencingTests(current, tests)),
  };
}

async function followAddresses(parts: FormationParts): Promise<void> {
  try {
    const { followOwnAddresses } = await import('./reconnection.js');
    await followOwnAddresses(parts);
  } catch (failure) {
    parts.context.log.warn(
      { failure: String(failure) },
      'the addresses of this node could not be taken over for the cluster',
    );
  }
}

/** Before a person at the other node has proven a password, this one talks to nobody who could not be its pair. */
function strangersRefused({ context, membership, journal }: FormationParts): string | undefined {
  const { phase, thisNode } = membership.current;
  if (phase !== 'none') return `${thisNode} is part of a cluster.`;
  if (journal.open !== undefined) return 'A change of the cluster is under way on the other node.';
  if (context.settings.confirmed(networkSection).mode !== 'advanced') {
    return 'The network settings of the other node are in Simple Mode. Switch to Advanced Mode there first.';
  }
  return undefined;
}
