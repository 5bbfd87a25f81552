import { ApplianceError, type SystemAccess } from '@gemel/core/sdk';
import type { MembershipService } from '../contract.js';
import { readPartedData } from '../drbd/generations.js';
import type { Pacemaker } from '../pacemaker/pacemaker.js';
import type { ClusterPicture } from '../pacemaker/picture.js';
import { findWishes } from '../pacemaker/wishes.js';
import { readLinks } from './links.js';
import type { MemoryFacts } from './memory-capacity.js';
import type { PairStatus } from './pair-schema.js';
import { pairState } from './pair-state.js';
import { parseReplication } from './replication.js';
import type { PeerFacts } from './takeover-readiness.js';
import { readWitnessVotes } from '../witness/witness-votes.js';

export interface PairReaderParts {
  readonly system: SystemAccess;
  readonly pacemaker: Pacemaker;
  readonly membership: MembershipService;
  /** Version of Gemel on this node. */
  readonly version: () => Promise<string>;
  readonly peerFacts: () => PeerFacts;
  readonly memory: () => Promise<MemoryFacts>;
  readonly missingVersions: () => Promise<readonly string[]>;
  readonly fencingTested: () => boolean;
}

const noMemory: MemoryFacts = { neededMiB: 0, availableMiB: undefined };

/** Reads everything that is shown of the pair, in about the time of one crm_mon. */
export class PairReader {
  constructor(readonly parts: PairReaderParts) {}

  async read(signal?: AbortSignal): Promise<PairStatus> {
    const { system, membership, version, peerFacts, memory, fencingTested } = this.parts;
    const { current } = membership;
    const nothing = {
      picture: undefined,
      wishes: [],
      links: [],
      replication: undefined,
      parted: undefined,
      witnessVotes: undefined,
      ownVersion: '',
      memory: noMemory,
      missingVersions: [],
    };
    const rest = { membership: current, peer: peerFacts(), fencingTested: fencingTested() };
    if (current.phase === 'none') return pairState({ ...nothing, ...rest });
    const replicated = current.options?.replicated === true;
    const hasWitness = (current.options?.witness ?? null) !== null;
    const [picture, wishes, links, drbd, parted, witnessVotes, ownVersion, own, missingVersions] = await Promise.all([
      this.#unlessStopped<ClusterPicture | undefined>(undefined, this.parts.pacemaker.picture(signal)),
      this.#unlessStopped([], findWishes(this.parts.pacemaker, signal)),
      readLinks(system.commands, signal),
      replicated ? system.files.read('/proc/drbd') : undefined,
      replicated ? readPartedData(system, { waiting: rest.peer.parted?.gaveUp === true }) : undefined,
      hasWitness ? readWitnessVotes(system.commands, signal) : undefined,
      version(),
      memory(),
      this.parts.missingVersions(),
    ]);
    const replication = parseReplication(drbd);
    const seen = { picture, wishes, links, replication, parted, witnessVotes, ownVersion, missingVersions };
    return pairState({ ...seen, memory: own, ...rest });
  }

  /** Pacemaker that does not run here is a state, not a failure. */
  async #unlessStopped<Value>(instead: Value, asked: Promise<Value>): Promise<Value> {
    try {
      return await asked;
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return instead;
      throw failure;
    }
  }
}
