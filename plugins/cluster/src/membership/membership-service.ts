import { ApplianceError, type EventsAccess, type FileStore, type Logger, toDisposable } from '@gemel/core/sdk';
import type { MembershipService } from '../contract.js';
import { type Membership, membershipSchema, noMembership } from './membership.js';
import { membershipChanged } from './membership-status.js';

export const clusterFolder = '/var/lib/gemel/cluster';
export const membershipFile = `${clusterFolder}/membership.json`;

/** The state file, and everybody who must know when it changes. */
export class StoredMembership implements MembershipService {
  readonly #listeners = new Set<(membership: Membership, before: Membership) => void>();
  #current: Membership = noMembership;
  #last: Promise<void> = Promise.resolve();

  constructor(
    readonly files: FileStore,
    readonly events: EventsAccess,
    readonly log: Logger,
  ) {}

  get current(): Membership {
    return this.#current;
  }

  /** A damaged file does not stop the engines, which have their own: this node says so and is looked after by hand. */
  async load(): Promise<void> {
    const text = await this.files.read(membershipFile);
    if (text === undefined) return;
    try {
      this.#current = membershipSchema.parse(JSON.parse(text));
    } catch (failure) {
      this.log.error(
        { failure: String(failure) },
        `${membershipFile} is damaged. Disband this node and connect it anew.`,
      );
    }
  }

  /** On disk before it resolves. */
  async set(next: Membership): Promise<void> {
    await this.update(() => next);
  }

  /** For what comes beside a change that somebody makes: `change` gets what is in force when its turn comes. Undefined: nothing to do. */
  async update(change: (current: Membership) => Membership | undefined): Promise<void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    try {
      const next = change(this.#current);
      if (next !== undefined) await this.#store(next);
    } finally {
      resolve();
    }
  }

  onChanged(listener: (membership: Membership, before: Membership) => void): Disposable {
    this.#listeners.add(listener);
    return toDisposable(() => this.#listeners.delete(listener));
  }

  /** @throws ApplianceError `conflict`, saying what to do first. */
  must(phase: Membership['phase'], remedy: string): Membership {
    if (this.#current.phase === phase) return this.#current;
    throw new ApplianceError('conflict', `This node is ${phaseText(this.#current.phase)}. ${remedy}`);
  }

  async #store(next: Membership): Promise<void> {
    const before = this.#current;
    if (next.phase === 'none') await this.files.remove(membershipFile);
    else await this.files.write(membershipFile, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    this.#current = next;
    for (const listener of this.#listeners) listener(next, before);
    const nodes = next.nodes.map(({ hostName }) => hostName);
    this.events.publish(membershipChanged, { before: before.phase, phase: next.phase, nodes });
  }
}

function phaseText(phase: Membership['phase']): string {
  if (phase === 'none') return 'not part of a cluster';
  if (phase === 'created') return 'part of a cluster whose other node is not connected yet';
  return phase === 'connected' ? 'part of a connected cluster' : 'disconnected from its cluster';
}
