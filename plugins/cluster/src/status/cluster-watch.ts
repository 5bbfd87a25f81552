import type { Clock, EventsAccess, Logger } from '@gemel/core/sdk';
import type { Alert } from '../alerts/alert.js';
import type { ClusterLog } from '../log/cluster-log.js';
import type { TakeoverTeller } from '../log/takeover-teller.js';
import type { MembershipService } from '../contract.js';
import { tellChange } from './change-teller.js';
import { clusterEvents } from './cluster-events.js';
import { pauseAfterLook } from '../pacemaker/pace.js';
import { pairChanges } from './pair-changes.js';
import type { PairReader } from './pair-reader.js';
import type { PairStatus } from './pair-schema.js';
import { type RoleStatus, roleOf } from './role-status.js';

/** Safety net for what no alert tells: links, data, clocks. */
const lookEveryMs = 30_000;

/** A takeover sends a dozen alerts in a second: one look for those that come together. */
const settleMs = 150;

/** After this long a planned move is over on the other node as well. */
const followUpMs = 3_000;

export interface ClusterWatchParts {
  readonly reader: PairReader;
  readonly membership: MembershipService;
  readonly events: EventsAccess;
  readonly clock: Clock;
  readonly log: Logger;
  readonly clusterLog: ClusterLog;
  readonly takeovers: TakeoverTeller;
  /** Before each regular look. */
  readonly refreshPeer: () => Promise<void>;
  readonly changed: (pair: PairStatus, role: RoleStatus) => void;
}

/** Looks at the pair after each alert and now and then, and tells what changed. Does nothing on a single appliance. */
export class ClusterWatch implements Disposable {
  #pair: PairStatus | undefined;
  readonly #places = new Map<string, string>();
  #role: RoleStatus;
  #regularly: Disposable | undefined;
  #soon: Disposable | undefined;
  #later: Disposable | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  /** The last look. */
  #tookMs = 0;
  #ended = false;

  constructor(readonly parts: ClusterWatchParts) {
    const { membership, clock } = parts;
    this.#role = { role: roleOf(membership.current, false, undefined), activeNode: null, since: clock.now() };
  }

  get role(): RoleStatus {
    return this.#role;
  }

  /** As it was last seen. */
  get pair(): PairStatus | undefined {
    return this.#pair;
  }

  /** Starts or stops with the membership. */
  follow(): void {
    const isClustered = this.parts.membership.current.phase !== 'none';
    if (isClustered) {
      this.#regularly ??= this.parts.clock.every(lookEveryMs, () => void this.#regularLook());
      void this.#regularLook();
    } else {
      this.#regularly?.[Symbol.dispose]();
      this.#regularly = undefined;
      this.#pair = undefined;
      this.#setRole('alone', null);
    }
  }

  hear(alerts: readonly Alert[]): void {
    this.parts.takeovers.hear(alerts);
    this.lookSoon();
    // What the other node does after this one sends no alert here.
    this.#later?.[Symbol.dispose]();
    this.#later = this.parts.clock.after(followUpMs, () => void this.look());
  }

  lookSoon(): void {
    if (this.#ended || this.#soon !== undefined || this.parts.membership.current.phase === 'none') return;
    this.#soon = this.parts.clock.after(pauseAfterLook(settleMs, this.#tookMs), () => {
      this.#soon = undefined;
      void this.look();
    });
  }

  /** One look at a time; who asks during one gets a new one after it. */
  async look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true;
      return this.#looking;
    }
    const { clock } = this.parts;
    const began = clock.monotonic();
    this.#looking = this.#look();
    try {
      await this.#looking;
    } finally {
      this.#tookMs = clock.monotonic() - began;
      this.#looking = undefined;
      if (this.#again) {
        this.#again = false;
        this.lookSoon();
      }
    }
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#regularly?.[Symbol.dispose]();
    this.#soon?.[Symbol.dispose]();
    this.#later?.[Symbol.dispose]();
  }

  async #regularLook(): Promise<void> {
    await this.parts.refreshPeer();
    await this.look();
  }

  async #look(): Promise<void> {
    const { reader, membership, takeovers, events, clusterLog, log } = this.parts;
    if (this.#ended) return;
    try {
      const now = await reader.read();
      if (this.#ended || membership.current.phase === 'none') return;
      const before = this.#pair;
      this.#pair = now;
      const changes = before === undefined ? [] : pairChanges(before, now, this.#places);
      for (const { name, nodes } of now.resources) if (nodes[0] !== undefined) this.#places.set(name, nodes[0]);
      for (const change of changes)
        await tellChange({ events, clusterLog, now, local: membership.current.thisNode }, change);
      takeovers.look(before, now);
      this.#setRole(roleOf(membership.current, now.running, now.activeNode ?? undefined), now.activeNode);
    } catch (failure) {
      // The next look tries again; the status says what is wrong to whoever asks.
      log.debug({ failure: String(failure) }, 'could not look at the pair');
    }
  }

  #setRole(role: RoleStatus['role'], activeNode: string | null): void {
    const { events, clock, changed } = this.parts;
    const before = this.#role;
    if (before.role !== role || before.activeNode !== activeNode) {
      this.#role = { role, activeNode, since: before.role === role ? before.since : clock.now() };
      if (before.role !== role) {
        events.publish(clusterEvents.roleChanged, { before: before.role, now: role, activeNode });
      }
    }
    if (this.#pair !== undefined) changed(this.#pair, this.#role);
  }
}
