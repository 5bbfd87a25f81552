import type { PeerService } from '@gemel/plugin-peer/contract';
import type { MembershipService } from '../contract.js';
import { giveUp } from './give-up.js';
import type { SplitBrainParts } from './split-brain-actions.js';
import { GivingUp } from './giving-up.js';
import {
  connectRequest,
  dismissRequest,
  giveUpBegin,
  giveUpCancel,
  giveUpLook,
  sideRequest,
} from './split-brain-requests.js';

/** What the other node asks of this one when a split brain is looked at or resolved. The parts are made when it first asks. */
export function answerSplitBrain(
  peer: PeerService,
  membership: MembershipService,
  parts: () => Promise<SplitBrainParts>,
): readonly Disposable[] {
  const givingUp = new GivingUp();
  return [
    givingUp,
    peer.handle(sideRequest, async (_input, _origin, signal) => {
      const { side, copies } = await parts();
      return { side: await side(signal), kept: [...(await copies.list())] };
    }),
    peer.handle(giveUpBegin, async () => {
      const known = await parts();
      givingUp.begin((signal, say) => giveUp(known, membership.current.thisNode, signal, say));
      return {};
    }),
    peer.handle(giveUpLook, async () => {
      const { step, copy } = givingUp.look();
      return { step, copy: copy ?? null };
    }),
    peer.handle(giveUpCancel, async () => {
      givingUp.cancel();
      return {};
    }),
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
