import { readNode } from '../readiness/read-node.js';
import { followVolume, followWitness } from './configuration-change.js';
import { dropOther } from './leaving.js';
import { type FormationParts, writePairFiles } from './parts.js';
import * as requests from './peer-requests.js';
import type { StayingOff } from './staying-off.js';

/** What the paired node asks, its joining aside. */
export function answerPairedNode(parts: FormationParts, stayingOff: StayingOff): readonly Disposable[] {
  const { context, membership, journal, peer } = parts;
  return [
    peer.handle(requests.joinOutcome, async () => {
      // The membership on disk decides; the journal may outlive it for a moment.
      const { kind } = journal.open ?? {};
      if (kind === 'disconnect' || kind === 'configure') return { outcome: 'open' };
      if (membership.current.phase === 'connected') return { outcome: 'connected' };
      return { outcome: kind === 'connect' ? 'open' : 'given-up' };
    }),
    peer.handle(requests.nodeLook, (_input, _origin, signal) => readNode(context, signal)),
    peer.handle(requests.configurationPut, async ({ membership: next, files }) => {
      membership.must('connected', 'The cluster is not connected here.');
      await writePairFiles(parts, files);
      await followVolume(parts, files);
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
    peer.handle(requests.left, async () => {
      const goesOn = membership.current.phase !== 'none' && membership.current.keepsServices;
      if (goesOn) await dropOther(parts);
      return { goesOn };
    }),
  ];
}
