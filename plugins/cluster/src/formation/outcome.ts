import { ApplianceError } from '@gemel/core/sdk';
import type { FormationParts } from './parts.js';
import * as requests from './peer-requests.js';

export type Outcome = 'open' | 'connected' | 'given-up';

/** What became of a change that the other node began; `open` also while it cannot be asked. */
export async function askOutcome({ peer }: FormationParts): Promise<Outcome> {
  try {
    return (await peer.call(requests.joinOutcome, {})).outcome;
  } catch (failure) {
    // It trusts this node no more. Anything else may be a cable.
    return failure instanceof ApplianceError && failure.code === 'forbidden' ? 'given-up' : 'open';
  }
}
