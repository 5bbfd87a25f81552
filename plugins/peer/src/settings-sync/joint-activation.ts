import { randomUUID } from 'node:crypto';
import {
  type ActivationPartner,
  ApplianceError,
  asApplianceError,
  type Caller,
  type Clock,
  type Logger,
  type Report,
  type SettingsExchange,
  type SettingsMaintenance,
  type SharedChange,
  type SharedSettings,
} from '@gemel/core/sdk';
import type { PeerService } from '../contract.js';
import { abandonSettings, commitSettings, prepareSettings } from './requests.js';
import { syncReports } from './sync-reports.js';

/** The other node lets go by itself when nothing comes of it: longer than applying with probes, and a common window. */
const holdMs = 180_000;

export interface JointActivationParts {
  readonly peer: PeerService;
  readonly exchange: SettingsExchange;
  readonly maintenance: SettingsMaintenance;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when one came to nothing and the other node has gone back, or could not be told to. */
  abandoned(): void;
}

/**
 * Settings of cluster scope are activated on both nodes or on neither: verified and held there, applied here, taken into force
 * there, confirmed here. While the other node cannot be reached it goes on alone, and the nodes are compared later.
 */
export class JointActivation implements ActivationPartner, Disposable {
  readonly #parts: JointActivationParts;
  readonly #handlers: readonly Disposable[];
  /** What the other node was asked to agree with; undefined while none is under way, or it goes on alone. */
  #token: string | undefined;
  /** What this node agreed with for the other one. */
  #held: { readonly token: string; readonly lock: Disposable; readonly timer: Disposable } | undefined;

  constructor(parts: JointActivationParts) {
    this.#parts = parts;
    const { peer } = parts;
    this.#handlers = [
      parts.exchange.addPartner('cluster', this),
      peer.handle(prepareSettings, async ({ token, after }) => ({ problems: await this.#verifyAndHold(token, after) })),
      peer.handle(commitSettings, async ({ token, after }) => this.#take(token, after)),
      peer.handle(abandonSettings, async ({ token, before, after }) => this.#goBack(token, before, after)),
    ];
  }

  /** True while the other node may have settings in force that are not confirmed here, so that a comparison would mislead. */
  get underWay(): boolean {
    return this.#token !== undefined;
  }

  /** Settings were confirmed here. */
  settled(): void {
    this.#token = undefined;
  }

  async prepare({ after }: SharedChange, _caller: Caller): Promise<readonly Report[]> {
    const { peer } = this.#parts;
    const hostName = peer.paired?.hostName;
    this.#token = undefined;
    if (hostName === undefined) return [];
    const later = [syncReports.report('peer.settings.later', { hostName })];
    if (!peer.reachable) return later;
    const token = randomUUID();
    this.#token = token;
    try {
      const { problems } = await peer.call(prepareSettings, { token, after });
      return problems.map(({ path, text }) =>
        syncReports.report('peer.settings.refused-there', { hostName, reason: text }, path),
      );
    } catch (thrown) {
      const failure = asApplianceError(thrown);
      if (failure.code === 'unavailable') {
        this.#token = undefined;
        return later;
      }
      return [syncReports.report('peer.settings.refused-there', { hostName, reason: failure.message })];
    }
  }

  async commit({ after }: SharedChange): Promise<void> {
    const token = this.#token;
    // it cannot be reached, or core was restarted within the window: the nodes are compared afterwards
    if (token === undefined) return;
    try {
      await this.#parts.peer.call(commitSettings, { token, after });
    } catch (thrown) {
      const failure = asApplianceError(thrown);
      if (failure.code !== 'unavailable') throw failure;
      this.#parts.log.warn({ reason: failure.message }, 'the other node went away and takes the settings over later');
    }
  }

  async abandon({ before, after }: SharedChange): Promise<void> {
    const token = this.#token;
    // not waited for: this node goes back meanwhile, and without an answer the nodes are compared later
    if (token !== undefined) void this.#tellToGoBack(token, before, Object.values(after.checksums));
  }

  [Symbol.dispose](): void {
    for (const handler of this.#handlers) handler[Symbol.dispose]();
    this.#release();
  }

  async #tellToGoBack(token: string, before: SharedSettings, after: string[]): Promise<void> {
    const { peer, log, abandoned } = this.#parts;
    try {
      await peer.call(abandonSettings, { token, before, after });
    } catch (thrown) {
      log.warn({ reason: asApplianceError(thrown).message }, 'the other node was not told to go back');
    }
    if (this.#token !== token) return;
    this.#token = undefined;
    abandoned();
  }

  async #verifyAndHold(
    token: string,
    after: SharedSettings,
  ): Promise<{ readonly path: string; readonly text: string }[]> {
    const { exchange, maintenance, clock, peer } = this.#parts;
    if (this.#token !== undefined) {
      throw new ApplianceError('conflict', 'Settings are being activated there already. Try again in a moment.');
    }
    // the other node has one activation at a time: of an earlier one it knows no more, as after a restart of its core
    this.#release();
    const hostName = peer.paired?.hostName ?? 'The other node';
    this.#held = {
      token,
      lock: maintenance.addScopeLock('cluster', () => syncReports.report('peer.settings.held', { hostName })),
      timer: clock.after(holdMs, () => this.#release()),
    };
    const reports = await exchange.verify(after);
    const problems = reports.filter(({ severity }) => severity === 'error').map(({ path, text }) => ({ path, text }));
    if (problems.length > 0) this.#release(token);
    return problems;
  }

  async #take(token: string, after: SharedSettings): Promise<{ readonly revision: number }> {
    const { exchange, peer } = this.#parts;
    try {
      const { revision } = await exchange.adopt(
        after,
        `${after.author} on ${peer.paired?.hostName ?? 'the other node'}`,
      );
      return { revision };
    } finally {
      this.#release(token);
    }
  }

  async #goBack(token: string, before: SharedSettings, after: readonly string[]): Promise<Record<string, never>> {
    const { exchange, peer } = this.#parts;
    this.#release(token);
    const present = Object.entries(exchange.confirmed('cluster').checksums);
    const taken = present.filter(([id, checksum]) => before.checksums[id] !== checksum && after.includes(checksum));
    const changed = taken.map(([id]) => id).filter((id) => before.sections[id] !== undefined);
    if (changed.length === 0) return {};
    const sections = Object.fromEntries(Object.entries(before.sections).filter(([id]) => changed.includes(id)));
    await exchange.adopt({ ...before, sections }, `${before.author} on ${peer.paired?.hostName ?? 'the other node'}`);
    return {};
  }

  #release(token?: string): void {
    if (this.#held === undefined || (token !== undefined && this.#held.token !== token)) return;
    this.#held.timer[Symbol.dispose]();
    this.#held.lock[Symbol.dispose]();
    this.#held = undefined;
  }
}
