import { ApplianceError, type SystemAccess } from '@gemel/core/sdk';
import type { MembershipService } from '../contract.js';
import type { Pacemaker } from '../pacemaker/pacemaker.js';
import type { ClusterPicture } from '../pacemaker/picture.js';
import { readLinks } from './links.js';
import type { PairStatus } from './pair-schema.js';
import { pairState } from './pair-state.js';
import { parseReplication } from './replication.js';
import type { PeerFacts } from './takeover-readiness.js';

export interface PairReaderParts {
  readonly system: SystemAccess;
  readonly pacemaker: Pacemaker;
  readonly membership: MembershipService;
  /** Version of Gemel on this node. */
  readonly version: () => Promise<string>;
  readonly peerFacts: () => PeerFacts;
  readonly fencingTested: () => boolean;
}

/** Reads everything that is shown of the pair, in about the time of one crm_mon. */
export class PairReader {
  constructor(readonly parts: PairReaderParts) {}

  async read(signal?: AbortSignal): Promise<PairStatus> {
    const { system, membership, version, peerFacts, fencingTested } = this.parts;
    const { current } = membership;
    const nothing = { picture: undefined, links: [], replication: undefined, ownVersion: '' };
    const rest = { membership: current, peer: peerFacts(), fencingTested: fencingTested() };
    if (current.phase === 'none') return pairState({ ...nothing, ...rest });
    const [picture, links, drbd, ownVersion] = await Promise.all([
      this.#picture(signal),
      readLinks(system.commands, signal),
      current.options?.replicated === true ? system.files.read('/proc/drbd') : undefined,
      version(),
    ]);
    return pairState({ picture, links, replication: parseReplication(drbd), ownVersion, ...rest });
  }

  /** Undefined while Pacemaker does not run here. */
  async #picture(signal: AbortSignal | undefined): Promise<ClusterPicture | undefined> {
    try {
      return await this.parts.pacemaker.picture(signal);
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return undefined;
      throw failure;
    }
  }
}
