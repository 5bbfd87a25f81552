import type { Clock, EventsAccess, FileStore, Logger } from '@gemel/core/sdk';
import type { Alert } from '../alerts/alert.js';
import type { MembershipService } from '../contract.js';
import { clusterEvents } from '../status/cluster-events.js';
import type { PairStatus } from '../status/pair-schema.js';
import type { ClusterLog } from './cluster-log.js';
import { explainTakeover, type Takeover } from './takeover.js';

/** What was heard so long ago belongs to something else. A takeover on the slowest machines seen takes half a minute. */
const windowMs = 120_000;

/** After the role is here the resources on top of it still start; a look that often tells when they are done. */
const settleEveryMs = 1_000;
const settleRounds = 120;

/** Longer than a planned move, so that the other node is named. */
const lossAfterMs = 10_000;

export interface TakeoverTellerParts {
  readonly membership: MembershipService;
  readonly events: EventsAccess;
  readonly clock: Clock;
  readonly log: Logger;
  readonly clusterLog: ClusterLog;
  readonly files: FileStore;
  /** The plugin's own, which survives restarts. */
  readonly folder: string;
  /** The pair as it is now. */
  readonly read: () => Promise<PairStatus>;
  /** Whether a wish of somebody to have the role elsewhere is in force. */
  readonly asked: () => Promise<boolean>;
}

interface Arrival {
  /** The pair when another node, or none, had the role. */
  readonly before: PairStatus;
  /** The pair when the role was first seen here. */
  readonly arrival: PairStatus;
  readonly asked: Promise<boolean>;
}

/** Notices that this node took the active role over, waits until it is done, and tells why it happened. */
export class TakeoverTeller implements Disposable {
  #heard: readonly { readonly alert: Alert; readonly atMonotonic: number }[] = [];
  #settling: Disposable | undefined;
  #losing: Disposable | undefined;
  /** As it was last seen with an active node: between the two of a takeover there is none for a moment. */
  #last: PairStatus | undefined;
  #remembered: string | undefined;

  constructor(readonly parts: TakeoverTellerParts) {}

  hear(alerts: readonly Alert[]): void {
    const now = this.parts.clock.monotonic();
    // After core was away those of a whole takeover come at once, with older ones before them. Besides that their own times do not
    // count: a wall clock that is set back would have the new ones look older than all others.
    const since = Math.max(...alerts.map(({ at }) => at)) - windowMs;
    const fresh = alerts.filter(({ at }) => at >= since).map((alert) => ({ alert, atMonotonic: now }));
    this.#heard = [...this.#heard.filter(({ atMonotonic }) => now - atMonotonic <= windowMs), ...fresh];
  }

  look(before: PairStatus | undefined, now: PairStatus): void {
    const { thisNode } = this.parts.membership.current;
    const last = this.#last ?? before;
    if (now.activeNode !== null) {
      this.#last = now;
      if (before === undefined) void this.#recall(now, now.activeNode).catch(this.#complain);
      else void this.#remember(now.activeNode).catch(this.#complain);
    }
    if (now.activeNode !== thisNode) {
      if (before?.activeNode === thisNode) {
        // What was started for the role belongs to the takeover that ends here.
        this.#heard = this.#heard.filter(({ alert }) => alert.kind !== 'resource');
        this.#tellLossLater();
      }
      return;
    }
    if (last === undefined || last.activeNode === thisNode || this.#settling !== undefined) return;
    // Whoever asked takes the wish back once the role is here: it is looked for now.
    const asked = this.parts.asked().catch(() => false);
    this.#waitForEnd({ before: last, arrival: now, asked }, settleRounds);
  }

  [Symbol.dispose](): void {
    this.#settling?.[Symbol.dispose]();
    this.#losing?.[Symbol.dispose]();
  }

  readonly #complain = (failure: unknown) => {
    this.#settling = undefined;
    this.parts.log.warn({ failure: String(failure) }, 'could not tell why the active role is where it is');
  };

  /** A takeover needs no core: one that went on without it is told when core is back. */
  async #recall(now: PairStatus, activeNode: string): Promise<void> {
    const { thisNode } = this.parts.membership.current;
    const known = (await this.parts.files.read(this.#memory))?.trim();
    const wasElsewhere = known !== undefined && known !== '' && known !== thisNode;
    if (wasElsewhere && activeNode === thisNode && this.#settling === undefined) {
      const moved = (on: readonly string[]) => (on.length === 1 && on[0] === thisNode ? [known] : [...on]);
      const resources = now.resources.map((resource) => ({ ...resource, nodes: moved(resource.nodes) }));
      const asked = Promise.resolve(false);
      this.#waitForEnd({ before: { ...now, activeNode: known, resources }, arrival: now, asked }, settleRounds);
    }
    await this.#remember(activeNode);
  }

  async #remember(activeNode: string): Promise<void> {
    if (this.#remembered === activeNode) return;
    this.#remembered = activeNode;
    await this.parts.files.write(this.#memory, `${activeNode}\n`, { mode: 0o600 });
  }

  get #memory(): string {
    return `${this.parts.folder}/active-node`;
  }

  #waitForEnd(arrival: Arrival, rounds: number): void {
    this.#settling = this.parts.clock.after(settleEveryMs, () => {
      void this.#finish(arrival, rounds).catch(this.#complain);
    });
  }

  async #finish({ before, arrival, asked }: Arrival, rounds: number): Promise<void> {
    const { membership, read, events, clusterLog } = this.parts;
    const now = await read();
    const { thisNode, options } = membership.current;
    if (rounds > 0 && now.resources.some(({ state }) => state === 'starting' || state === 'stopping')) {
      this.#waitForEnd({ before, arrival, asked }, rounds - 1);
      return;
    }
    this.#settling = undefined;
    if (now.activeNode !== thisNode) return;
    const detectionMs = options === null ? undefined : options.tokenMs + options.consensusMs;
    // The other node is judged as it was then, not as it is by now.
    const then = { ...arrival, failures: now.failures };
    const alerts = this.#heard.map(({ alert }) => alert);
    const input = { thisNode, before, now: then, alerts, asked: await asked, detectionMs };
    const takeover = explainTakeover(input);
    const text = takeoverText(takeover, thisNode);
    const { cause, from, tookMs } = takeover;
    events.publish(clusterEvents.takeoverFinished, { from, to: thisNode, cause, tookMs: tookMs ?? null, text });
    await clusterLog.add({
      kind: 'takeover',
      severity: cause === 'by-hand' || cause === 'first' || cause === 'maintenance' ? 'info' : 'warning',
      text,
      details: [`Rule: ${takeover.rule}`, ...takeover.steps],
    });
  }

  /** In the middle of a move nobody has the role. */
  #tellLossLater(): void {
    this.#losing ??= this.parts.clock.after(lossAfterMs, () => {
      this.#losing = undefined;
      void this.#tellLoss().catch(this.#complain);
    });
  }

  async #tellLoss(): Promise<void> {
    const { activeNode } = await this.parts.read();
    if (activeNode === this.parts.membership.current.thisNode) return;
    const text =
      activeNode === null
        ? 'This node gave the active role up; no node holds it.'
        : `This node gave the active role up; ${activeNode} holds it.`;
    await this.parts.clusterLog.add({ kind: 'role', severity: activeNode === null ? 'error' : 'info', text });
  }
}

function takeoverText({ from, fault, tookMs, isEstimate }: Takeover, thisNode: string): string {
  const seconds = `${((tookMs ?? 0) / 1_000).toFixed(1)} s`;
  const took = tookMs === undefined ? '' : isEstimate ? ` With that it took about ${seconds}.` : ` It took ${seconds}.`;
  const whose = from === null ? 'the active role' : `the active role from ${from}`;
  return `${thisNode} took ${whose}: ${fault}${took}`;
}
