import { type PluginContext, SettingsMaintenance } from '@gemel/core/sdk';
import { networkSection } from '@gemel/plugin-network/contract';
import { PeerService } from '@gemel/plugin-peer/contract';
import { isFencingTested } from '../fencing/fencing-tested.js';
import type { StoredMembership } from '../membership/membership-service.js';
import { clusterReports } from '../reports.js';
import { readNode } from '../readiness/read-node.js';
import { followWitness } from './configuration-change.js';
import { tellConnected, undoPair } from './connection.js';
import { undoCreate } from './creation.js';
import { Engines } from './engines.js';
import { FormationJournal } from './journal.js';
import { Joining } from './joining.js';
import { dropOther, stayOff } from './leaving.js';
import { type FormationParts, writePairFiles } from './parts.js';
import { followOwnAddresses } from './reconnection.js';
import * as requests from './peer-requests.js';

export interface Formed {
  /** Whether fencing was seen to work since it was set up. */
  fencingTested(): boolean;
}

/** Forming, changing and leaving a cluster: actions, what the other node asks, and what a crash left half done. */
export async function addFormation(context: PluginContext, membership: StoredMembership): Promise<Formed> {
  const peer = context.get(PeerService);
  const journal = new FormationJournal(context.system.files);
  const parts: FormationParts = { context, membership, journal, engines: new Engines(context.system), peer };
  const joining = new Joining(parts);
  await journal.load();
  context.actions.addLater(async () => {
    const { formationActions } = await import('./actions.js');
    const { keyAction } = await import('../keys/key-action.js');
    const { fencingActions } = await import('../fencing/fencing-actions.js');
    const { witnessActions } = await import('../witness/witness-actions.js');
    return [...formationActions(parts), keyAction(parts), ...fencingActions(parts), ...witnessActions(parts)];
  });
  for (const listener of joining.listen()) context.own(listener);
  answerPairedNode(parts);
  context.own(peer.refuseStrangers(() => strangersRefused(parts)));
  const locked = clusterReports.report('cluster.settings.connected', {});
  const lock = () => (membership.current.phase === 'connected' ? locked : undefined);
  const maintenance = context.get(SettingsMaintenance);
  context.own(maintenance.addScopeLock('node', lock));
  const member = clusterReports.report('cluster.factory-reset.member', {});
  context.own(maintenance.addResetObstacle(() => (membership.current.phase === 'none' ? undefined : member)));
  context.settings.onApplied(networkSection, () => {
    followOwnAddresses(parts).catch((failure: unknown) => {
      context.log.warn(
        { failure: String(failure) },
        'the addresses of this node could not be taken over for the cluster',
      );
    });
  });
  // After core has taken the settings into force: the way to the other node may need the network.
  if (journal.open !== undefined) context.system.clock.after(0, () => void recover(parts, joining));
  return { fencingTested: () => isFencingTested(membership.current) };
}

export function answerPairedNode(parts: FormationParts): void {
  const { context, membership, journal, peer } = parts;
  context.own(
    peer.handle(requests.joinOutcome, async () => {
      // The membership on disk decides; the journal may outlive it for a moment.
      if (membership.current.phase === 'connected') return { outcome: 'connected' };
      return { outcome: journal.open?.kind === 'connect' ? 'open' : 'given-up' };
    }),
  );
  context.own(peer.handle(requests.nodeLook, (_input, _origin, signal) => readNode(context, signal)));
  context.own(
    peer.handle(requests.configurationPut, async ({ membership: next, files }) => {
      membership.must('connected', 'The cluster is not connected here.');
      await writePairFiles(parts, files);
      await membership.set(next);
      return {};
    }),
  );
  context.own(
    peer.handle(requests.configurationFollow, async () => {
      await followWitness(parts, membership.current);
      return {};
    }),
  );
  context.own(
    peer.handle(requests.leave, async () => {
      await stayOff(parts);
      return {};
    }),
  );
  context.own(
    peer.handle(requests.left, async () => {
      const goesOn = membership.current.phase !== 'none' && membership.current.keepsServices;
      if (goesOn) await dropOther(parts);
      return { goesOn };
    }),
  );
}

/** Finishes or takes back what a crash of core interrupted. */
export async function recover(parts: FormationParts, joining: Joining): Promise<void> {
  const { context, membership, journal } = parts;
  const { kind, planned } = journal.open ?? {};
  const isDone =
    planned !== undefined &&
    membership.current.createdAt === planned.createdAt &&
    membership.current.phase === planned.phase;
  context.log.warn({ kind, isDone }, 'a change of the cluster was interrupted');
  try {
    if (kind === 'join') await joining.settle();
    else if (isDone) {
      await journal.end();
      if (kind === 'connect') await tellConnected(parts);
    } else if (kind === 'create') await undoCreate(parts);
    else await undoPair(parts);
  } catch (failure) {
    context.log.error({ failure: String(failure) }, 'an interrupted change of the cluster could not be settled');
  }
}

/** Before a person at the other node has proven a password, this one talks to nobody who could not be its pair. */
function strangersRefused({ context, membership, journal }: FormationParts): string | undefined {
  if (membership.current.phase !== 'none') return 'This node is part of a cluster.';
  if (journal.open !== undefined) return 'A change of the cluster is under way on this node.';
  if (context.settings.confirmed(networkSection).mode !== 'advanced') {
    return 'The network settings of this node are in Simple Mode. Switch to Advanced Mode first.';
  }
  return undefined;
}
