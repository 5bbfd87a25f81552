import type { PeerService } from '@gemel/plugin-peer/contract';
import type { MembershipService } from '../contract.js';
import { giveUp } from './give-up.js';
import type { SplitBrainParts } from './split-brain-actions.js';
import { connectRequest, dismissRequest, giveUpRequest, sideRequest } from './split-brain-requests.js';

/** What the other node asks of this one when a split brain is looked at or resolved. The parts are made when it first asks. */
export function answerSplitBrain(
  peer: PeerService,
  membership: MembershipService,
  parts: () => Promise<SplitBrainParts>,
): readonly Disposable[] {
  return [
    peer.handle(sideRequest, async (_input, _origin, signal) => {
      const { side, copies } = await parts();
      return { side: await side(signal), kept: [...(await copies.list())] };
    }),
    peer.handle(giveUpRequest, async (_input, _origin, signal) => ({
      id: await giveUp(await parts(), membership.current.thisNode, signal, () => undefined),
    })),
    peer.handle(connectRequest, async (_input, _origin, signal) => {
      await (await parts()).copies.run('connect', signal);
      return {};
    }),
    peer.handle(dismissRequest, async ({ id }) => {
      await (await parts()).copies.dismiss(id);
      return {};
    }),
  ];
}
