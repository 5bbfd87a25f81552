import { ApplianceError } from '@gemel/core/sdk';
import { readNode } from '../readiness/read-node.js';
import { followWitness } from './configuration-change.js';
import { dropOther } from './leaving.js';
import { type FormationParts, writeCorosyncFiles } from './parts.js';
import * as requests from './peer-requests.js';
import type { StayingOff } from './staying-off.js';

/** What the paired node asks, its joining aside. */
export function answerPairedNode(parts: FormationParts, stayingOff: StayingOff): readonly Disposable[] {
  const { context, membership, journal, peer } = parts;
  return [
    peer.handle(requests.joinOutcome, async () => {
      // The membership on disk decides; the journal may outlive it for a moment.
      const { kind } = journal.open ?? {};
      const { phase, keepsServices } = membership.current;
      if (kind === 'disconnect' || kind === 'configure') return { outcome: 'open' };
      if (phase === 'connected') return { outcome: 'connected' };
      // Only a node that keeps the services can say so: one that is joining, or stays off itself, waits for the one that asks.
      return { outcome: kind !== 'connect' && phase !== 'none' && keepsServices ? 'given-up' : 'open' };
    }),
    peer.handle(requests.nodeLook, (_input, _origin, signal) => readNode(context, signal)),
    peer.handle(requests.configurationPut, async ({ membership: next, files }) => {
      const { phase, thisNode } = membership.current;
      if (phase !== 'connected')
        throw new ApplianceError(
          'conflict',
          `${thisNode === '' ? 'The other node' : thisNode} is not connected any more.`,
        );
      await writeCorosyncFiles(parts, files);
      await membership.set(next);
      return {};
    }),
    peer.handle(requests.configurationFollow, async () => {
      await followWitness(parts, membership.current);
      return {};
    }),
    peer.handle(requests.leave, async () => {
      await stayingOff.leave();
      return {};
    }),
    peer.handle(requests.rejoinLeave, async () => {
      await stayingOff.leaveToRejoin();
      return {};
    }),
    peer.handle(requests.left, async () => {
      const goesOn = membership.current.phase !== 'none' && membership.current.keepsServices;
      if (goesOn) await dropOther(parts);
      return { goesOn };
    }),
  ];
}
