import { ApplianceError, asApplianceError, type Clock } from '@gemel/core/sdk';
import type { PeerService } from '@gemel/plugin-peer/contract';
import { giveUpBegin, giveUpCancel, giveUpLook } from './split-brain-requests.js';

const lookEveryMs = 2_000;

/** Without an answer for so long the other node is taken for gone: core there is restarted within seconds, a node within a minute or two. */
const patienceMs = 180_000;

/**
 * Has the other node give its data up, and waits for it however long it takes.
 * @returns id of the copy. @throws ApplianceError as the other node failed.
 */
export async function giveUpThere(
  { peer, clock }: { readonly peer: PeerService; readonly clock: Clock },
  signal: AbortSignal,
  say: (step: string) => void,
): Promise<string> {
  try {
    await peer.call(giveUpBegin, {}, { signal });
    for (let heardAt = clock.monotonic(); ; ) {
      await clock.sleep(lookEveryMs, signal);
      const look = await peer.call(giveUpLook, {}, { signal }).catch(asApplianceError);
      if (look instanceof ApplianceError) {
        const isSilent = look.code === 'unavailable' || look.code === 'timeout';
        if (!isSilent || clock.monotonic() - heardAt > patienceMs) throw look;
        continue;
      }
      heardAt = clock.monotonic();
      if (look.copy !== null) return look.copy;
      if (look.step !== '') say(look.step);
    }
  } catch (failure) {
    // Nobody waits for it any more. A node that does not hear this goes on to its end, or takes back what it had begun.
    if (signal.aborted) await peer.call(giveUpCancel, {}).catch(() => undefined);
    throw failure;
  }
}
