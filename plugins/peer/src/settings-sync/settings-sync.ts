import {
  ApplianceError,
  asApplianceError,
  type Clock,
  type EventsAccess,
  type Logger,
  type SettingsExchange,
} from '@gemel/core/sdk';
import type { EditableSettings, PeerService } from '../contract.js';
import type { CommonSettings } from './common-settings.js';
import { type Checksums, decide, type Decision } from './decide.js';
import { compareSettings, fetchSettings, giveWay, type Stand } from './requests.js';
import { syncEvents } from './sync-events.js';
import type { SyncStatus } from './sync-status.js';

/** Until settings that differ are looked at again: the other node may just be taking them over. */
const againMs = 10_000;

export interface SettingsSyncParts {
  readonly peer: PeerService;
  readonly exchange: SettingsExchange;
  readonly common: CommonSettings;
  readonly clock: Clock;
  readonly events: EventsAccess;
  readonly log: Logger;
  editable(): EditableSettings;
  /** A joint activation is under way: what the other node has is not the last word. */
  underWay(): boolean;
  /** Called when `status` has something new to say. */
  changed(): void;
}

/** Keeps the settings of cluster scope the same on both nodes: compares, and takes over what the other node has newer. */
export class SettingsSync implements AsyncDisposable {
  readonly #parts: SettingsSyncParts;
  readonly #handlers: readonly Disposable[];
  #work: Promise<void> = Promise.resolve();
  #again: Disposable | undefined;
  #ended = false;
  #theirs: Stand | undefined;
  #decision: Decision | undefined;
  #comparedAt: number | undefined;
  #reason: string | undefined;
  #toldConflict = '';

  constructor(parts: SettingsSyncParts) {
    this.#parts = parts;
    this.#handlers = [
      parts.peer.handle(compareSettings, async (theirs) => {
        void this.#inTurn(() => this.#settle(theirs));
        return this.#mine();
      }),
      parts.peer.handle(fetchSettings, async () => parts.exchange.confirmed('cluster')),
      parts.peer.handle(giveWay, async ({ seen }) => {
        await this.#giveWay(seen);
        return {};
      }),
    ];
  }

  get same(): boolean {
    return stateOf(this.#decision) === 'same';
  }

  /** Compares with the other node now; what was found is in `status` when it resolves. Does nothing while it cannot be reached. */
  compare(): Promise<void> {
    return this.#inTurn(async () => {
      const { peer } = this.#parts;
      if (peer.paired === undefined) return this.#forget();
      if (peer.reachable) await this.#settle(await peer.call(compareSettings, this.#mine()));
    });
  }

  /** The other node's settings were changed on both; theirs are right. @returns the sections. */
  async takeTheirs(): Promise<readonly string[]> {
    const { conflicts } = await this.#conflict();
    await this.#take(conflicts);
    await this.compare();
    return conflicts;
  }

  /** This node's are right. @returns the sections. */
  async takeMine(): Promise<readonly string[]> {
    const { conflicts, theirs } = await this.#conflict();
    const seen = Object.fromEntries(conflicts.map((id) => [id, theirs.checksums[id] ?? '']));
    await this.#parts.peer.call(giveWay, { seen });
    await this.#parts.common.remove(conflicts);
    await this.compare();
    return conflicts;
  }

  get status(): SyncStatus {
    const { peer, exchange } = this.#parts;
    const { revision, author, at } = exchange.confirmed('cluster');
    const { conflicts, take, offer } = this.#decision ?? { conflicts: [], take: [], offer: [] };
    const theirs = this.#theirs;
    return {
      state: peer.paired === undefined ? 'not-paired' : stateOf(this.#decision),
      conflicts: [...conflicts],
      waiting: [...take, ...offer].sort(),
      mine: { revision, author, at },
      theirs: theirs === undefined ? null : { revision: theirs.revision, author: theirs.author, at: theirs.at },
      comparedAt: this.#comparedAt ?? null,
      reason: this.#reason ?? null,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#again?.[Symbol.dispose]();
    for (const handler of this.#handlers) handler[Symbol.dispose]();
    await this.#work;
  }

  #mine(): Stand {
    const { exchange, common } = this.#parts;
    const editable = this.#parts.editable();
    const { checksums, revision, author, at } = exchange.confirmed('cluster');
    return { checksums, common: common.with(this.#fingerprint), editable, revision, author, at };
  }

  get #fingerprint(): string {
    return this.#parts.peer.paired?.fingerprint ?? '';
  }

  /** One comparison at a time. Never throws: failures are part of the status. */
  #inTurn(work: () => Promise<void> | void): Promise<void> {
    this.#work = this.#after(this.#work, work);
    return this.#work;
  }

  async #after(before: Promise<void>, work: () => Promise<void> | void): Promise<void> {
    await before;
    if (this.#ended) return;
    try {
      await work();
    } catch (thrown) {
      this.#reason = asApplianceError(thrown).message;
      this.#parts.log.warn({ reason: this.#reason }, 'shared settings could not be compared');
    }
    if (this.#ended) return;
    this.#lookAgain();
    this.#parts.changed();
  }

  async #settle(theirs: Stand): Promise<void> {
    if (this.#parts.underWay()) return;
    const before = this.#decision?.conflicts.join() ?? '';
    const { take, conflicts } = this.#look(theirs);
    this.#reason = undefined;
    this.#tellConflict(conflicts, before);
    if (take.length > 0) await this.#takeOver(take, theirs);
    const { same } = this.#look(theirs);
    await this.#parts.common.add(this.#fingerprint, only(theirs.checksums, same));
  }

  /** Told when it is still there at the second look: roles of a new pair settle within seconds. */
  #tellConflict(conflicts: readonly string[], before: string): void {
    const now = conflicts.join();
    if (now !== '' && now === before && now !== this.#toldConflict) {
      this.#parts.events.publish(syncEvents.conflict, { sections: [...conflicts] });
      this.#toldConflict = now;
    }
    if (now === '') this.#toldConflict = '';
  }

  #look(theirs: Stand): Decision {
    this.#theirs = theirs;
    this.#comparedAt = this.#parts.clock.now();
    this.#decision = decide(this.#mine(), theirs);
    return this.#decision;
  }

  async #takeOver(take: readonly string[], { author }: Stand): Promise<void> {
    try {
      const revision = await this.#take(take);
      this.#parts.events.publish(syncEvents.adopted, { sections: [...take], revision, author });
    } catch (thrown) {
      const { message } = asApplianceError(thrown);
      if (this.#reason !== message)
        this.#parts.events.publish(syncEvents.failed, { sections: [...take], reason: message });
      this.#reason = message;
    }
  }

  /** @returns the revision they are confirmed in here. */
  async #take(ids: readonly string[]): Promise<number> {
    const { peer, exchange } = this.#parts;
    const shared = await peer.call(fetchSettings, {});
    const author = `${shared.author} on ${peer.paired?.hostName ?? 'the other node'}`;
    const { revision } = await exchange.adopt({ ...shared, sections: only(shared.sections, ids) }, author);
    return revision;
  }

  /** Its own settings count as known from now on, so that the other node's are the newer ones. */
  async #giveWay(seen: Checksums): Promise<void> {
    const { exchange, common } = this.#parts;
    const { checksums } = exchange.confirmed('cluster');
    const moved = Object.entries(seen).filter(([id, checksum]) => checksums[id] !== checksum);
    if (moved.length > 0) {
      const text = `${moved.map(([id]) => id).join(', ')} changed on the other node meanwhile. Look again: gemel peer settings show.`;
      throw new ApplianceError('conflict', text);
    }
    await common.add(this.#fingerprint, seen);
  }

  async #conflict(): Promise<{ readonly conflicts: readonly string[]; readonly theirs: Stand }> {
    const { paired, reachable } = this.#parts.peer;
    if (paired === undefined) throw new ApplianceError('conflict', 'This node is not paired with another one.');
    if (!reachable)
      throw new ApplianceError('unavailable', `${paired.hostName} does not answer. See: gemel peer show.`);
    await this.compare();
    const conflicts = this.#decision?.conflicts ?? [];
    if (this.#theirs !== undefined && conflicts.length > 0) return { conflicts, theirs: this.#theirs };
    throw new ApplianceError('conflict', 'There is nothing to decide: no section was changed on both nodes.');
  }

  #forget(): void {
    this.#theirs = undefined;
    this.#decision = undefined;
    this.#comparedAt = undefined;
    this.#reason = undefined;
  }

  #lookAgain(): void {
    this.#again?.[Symbol.dispose]();
    this.#again = undefined;
    const settled =
      this.#decision !== undefined && stateOf(this.#decision) !== 'different' && this.#reason === undefined;
    if (settled || this.#ended || this.#parts.peer.paired === undefined) return;
    this.#again = this.#parts.clock.after(againMs, () => {
      if (this.#parts.peer.reachable) void this.compare();
    });
  }
}

function stateOf(decision: Decision | undefined): 'not-compared' | 'same' | 'different' | 'conflict' {
  if (decision === undefined) return 'not-compared';
  if (decision.conflicts.length > 0) return 'conflict';
  return decision.take.length + decision.offer.length > 0 ? 'different' : 'same';
}

function only<Value>(all: Readonly<Record<string, Value>>, ids: readonly string[]): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(all).filter(([id]) => ids.includes(id)));
}
