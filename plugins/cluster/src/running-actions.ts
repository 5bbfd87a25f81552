import type { AnyAction, SystemAccess } from '@gemel/core/sdk';
import type { PeerService } from '@gemel/plugin-peer/contract';
import type { MembershipService } from './contract.js';
import { drillAction } from './drill/drill-action.js';
import type { ClusterLog } from './log/cluster-log.js';
import { logAction } from './log/log-action.js';
import { ActiveRole } from './maintenance/active-role.js';
import { maintenanceActions } from './maintenance/maintenance-actions.js';
import { Agents } from './pacemaker/agents.js';
import type { Pacemaker } from './pacemaker/pacemaker.js';
import { ClusterChanges } from './prediction/cluster-changes.js';
import { Simulator } from './prediction/simulator.js';
import { whatIfAction } from './prediction/what-if-action.js';
import { readingActions } from './resources/reading-actions.js';
import { resourceActions } from './resources/resource-actions.js';
import { GiveUpNote } from './split-brain/give-up-note.js';
import { KeptCopies } from './split-brain/kept-copies.js';
import { readSide } from './split-brain/side.js';
import { type SplitBrainParts, splitBrainActions } from './split-brain/split-brain-actions.js';
import { connectRequest, sideRequest } from './split-brain/split-brain-requests.js';
import type { PairStatus } from './status/pair-schema.js';
import { statusAction } from './status/status-action.js';

export interface RunningActionParts {
  readonly system: SystemAccess;
  readonly membership: MembershipService;
  readonly peer: PeerService;
  readonly pacemaker: Pacemaker;
  readonly clusterLog: ClusterLog;
  readonly read: (signal?: AbortSignal) => Promise<PairStatus>;
  readonly lookSoon: () => void;
}

export interface RunningTools {
  readonly actions: readonly AnyAction[];
  /** Also for what the other node asks. */
  readonly splitBrain: SplitBrainParts;
}

/** Everything that an operator does with a formed cluster. */
export function runningTools(parts: RunningActionParts): RunningTools {
  const { system, membership, peer, pacemaker, clusterLog, read, lookSoon } = parts;
  const { clock, commands, files } = system;
  const simulator = new Simulator(pacemaker, files);
  const changes = new ClusterChanges({ pacemaker, simulator, clusterLog, membership, clock, read, lookSoon });
  const role = new ActiveRole(pacemaker, changes, clock);
  const agents = new Agents(pacemaker);
  const thisNode = () => membership.current.thisNode;
  const splitBrain: SplitBrainParts = {
    pacemaker,
    changes,
    clock,
    clusterLog,
    read,
    peer,
    membership,
    copies: new KeptCopies(system, thisNode),
    note: new GiveUpNote(files),
    side: (signal) => readSide(system, thisNode(), signal),
    otherSide: async (signal) => (await peer.call(sideRequest, {}, { signal })).side,
    connectOther: async () => {
      await peer.call(connectRequest, {});
    },
  };
  const actions = [
    statusAction(read),
    logAction(peer, clusterLog),
    whatIfAction(changes),
    ...readingActions({ pacemaker, agents, changes, read }),
    ...resourceActions({ pacemaker, agents, changes }),
    ...maintenanceActions({ changes, role, membership, read }),
    drillAction({ commands, clock, changes, role, membership, clusterLog, read }),
    ...splitBrainActions(splitBrain),
  ];
  return { actions, splitBrain };
}
