import {
  ApplianceError,
  asApplianceError,
  type Caller,
  type Logger,
  type Report,
  type SharedChange,
} from '../../sdk/index.js';
import type { DraftDesk } from '../draft/draft-desk.js';
import type { EngineState } from '../engine-parts.js';
import {
  activationAwaiting,
  activationConfirmed,
  activationRolledBack,
  activationStuck,
  type confirmedOver,
} from '../events.js';
import { settingsReports } from '../reports.js';
import { reasonOf } from '../sections.js';
import type { RenderedSet } from '../store/rendered-set.js';
import { guardLeadMs, guardName, type Journal, rollbackUnit } from '../store/journal.js';
import { storageError } from '../store/settings-files.js';
import type { z } from 'zod';
import type { Applier } from './applier.js';
import { bring, type Brought } from './bring.js';

/** A rollback that took longer was held up by something that hangs, and would be again. */
const retryWithinMs = 10_000;

/** What is stuck is tried again that often: an engine that was repaired brings the old settings back without a hand. */
const stuckRetryMs = 30_000;

/** A core that was started again within the window, or the guard without it, needs 1.5 s more than applying on an emulated processor. */
const coldMs = 3_000;

type ConfirmedOver = z.infer<typeof confirmedOver>;

/** What the engine wants to know of a settlement. */
export interface SettlementListener {
  /** Sections were told settings, which are `running` now. */
  applied(ids: readonly string[]): void;
  /** An activation ended, well or not, or began to await its confirmation. */
  settled(): void;
  /** The window of this revision ran out. */
  expired(revision: number): void;
}

/** How an activation ends: confirmed, or rolled back. Its caller holds the engine's exclusive queue. */
export class Settlement {
  #timer: Disposable | undefined;

  constructor(
    readonly state: EngineState,
    readonly applier: Applier,
    readonly desk: DraftDesk,
    readonly listener: SettlementListener,
  ) {}

  get #log(): Logger {
    return this.state.parts.log;
  }

  /**
   * Opens the window: the new guard is armed before the old one goes.
   * @param appliedInMs What applying took.
   */
  async await(journal: Journal, appliedInMs: number): Promise<void> {
    const { units, clock, publish } = this.state.parts;
    const { revision, windowSeconds, author } = journal;
    const timeMs = confirmTimeMs(windowSeconds, appliedInMs);
    const awaiting: Journal = { ...journal, state: 'awaiting-confirmation', deadline: clock.monotonic() + timeMs };
    const afterMs = Math.max(0, timeMs - guardLeadMs);
    // The record first: a guard that starts at once goes by the deadline in it. Until then the one of applying stands.
    await this.state.journal.write(awaiting);
    const guard = { name: guardName(revision, 'confirm'), unit: rollbackUnit(revision), afterMs };
    await told('settings.guard.failed', () => units.startTimer(guard));
    this.resume(awaiting);
    await this.tidy('guard timer', () => units.stopTimer(guardName(revision, 'apply')));
    publish(activationAwaiting, { revision, author, seconds: Math.floor(timeMs / 1_000) });
    this.listener.settled();
  }

  /** Goes on awaiting, as after a restart of core. */
  resume(awaiting: Journal): void {
    const { clock } = this.state.parts;
    this.state.activation = awaiting;
    this.#timer?.[Symbol.dispose]();
    const left = Math.max(0, (awaiting.deadline ?? 0) - clock.monotonic());
    this.#timer = clock.after(left, () => this.listener.expired(awaiting.revision));
  }

  /** @throws ApplianceError `conflict` when the confirmation does not count, `storage` when it could not be kept. */
  async confirm(caller: Caller): Promise<ConfirmedOver> {
    const { activation, parts } = this.state;
    if (activation?.state !== 'awaiting-confirmation') {
      throw new ApplianceError('conflict', 'Nothing awaits confirmation. See: gemel settings history.');
    }
    if (activation.deadline !== null && parts.clock.monotonic() >= activation.deadline) {
      throw new ApplianceError(
        'conflict',
        `The time to confirm revision ${activation.revision} is over; it is being rolled back.`,
      );
    }
    const over = countsOver(caller, activation);
    if (over === undefined) {
      throw new ApplianceError(
        'conflict',
        'This connection was open before the change, so it does not prove that the appliance can be reached. Connect anew (reload the page), then confirm.',
      );
    }
    await this.commit(caller.name, over);
    return over;
  }

  /** @throws ApplianceError `storage`, or with the other node's code and the report `settings.partner.failed`: not confirmed. */
  async commit(by: string, over: ConfirmedOver): Promise<void> {
    const { state } = this;
    const { parts, revisions } = state;
    const journal = this.#pending();
    const { revision } = journal;
    const change = this.#sharedChange(journal);
    if (change !== undefined) await told('settings.partner.failed', () => state.partners.commit(change));
    try {
      await revisions.confirm(revision);
    } catch (thrown) {
      // The link may point there all the same, and whoever starts next would take that for the confirmation which failed.
      await this.#relink(state.confirmed.meta.number);
      if (change !== undefined) await state.partners.abandon(change);
      throw storageError(`The confirmation of revision ${revision}`, thrown);
    }
    // From here on it is confirmed, whatever fails: the link says so, and every start goes by the link.
    const before = state.confirmed;
    state.confirmed = state.running;
    state.activation = { ...journal, state: 'confirmed', deadline: null };
    this.#stopTimer();
    await this.tidy('activation journal', () =>
      state.journal.write({ ...journal, state: 'confirmed', deadline: null }),
    );
    await this.tidy('outcome', () =>
      revisions.setOutcome(revision, { state: 'confirmed', at: parts.clock.now(), by, reason: over }),
    );
    await this.#stopGuards(revision);
    await this.tidy('draft', () => this.desk.settle(before.document));
    await this.tidy('owned files', async () =>
      this.applier.disown(await revisions.rendered(revision), journal.removed),
    );
    await this.tidy('old revisions', () => revisions.prune(new Set([revision])));
    parts.publish(activationConfirmed, { revision, by, over });
    this.listener.settled();
  }

  /** Brings back what is confirmed. Never throws: `stuck` says what is wrong. */
  async rollBack(causes: readonly Report[], ids?: readonly string[]): Promise<Journal> {
    const { state } = this;
    const { parts, revisions } = state;
    const confirmed = state.confirmed.meta.number;
    const wasStuck = this.#pending().state === 'stuck';
    const journal: Journal = {
      ...this.#pending(),
      state: 'rolling-back',
      parent: confirmed,
      deadline: null,
      reports: [...causes],
    };
    const change = this.#sharedChange(journal);
    this.#stopTimer();
    state.activation = journal;
    const notes = await this.#record(journal);
    const linkFailure = await this.#relink(confirmed);
    state.running = state.confirmed;
    const stored = await revisions.rendered(confirmed);
    const { failures, work } = await this.#bringBack(journal, ids ?? journal.sections, stored);
    const errors = [...linkFailure, ...failures];
    const stuck = errors.map(({ text }) =>
      settingsReports.report('settings.rollback.failed', { confirmed, reason: text }),
    );
    const ended: Journal = {
      ...journal,
      state: stuck.length > 0 ? 'stuck' : 'rolled-back',
      reports: [...causes, ...notes, ...stuck],
    };
    state.activation = ended;
    await this.#record(ended);
    await this.#stopGuards(ended.revision);
    const reasons = ended.reports.map((report) => report.text);
    if (ended.state === 'stuck') {
      if (!wasStuck) this.#log.error({ revision: ended.revision, confirmed, reasons }, 'rollback failed');
      this.#timer = parts.clock.after(stuckRetryMs, () => this.listener.expired(ended.revision));
    } else {
      const reason = reasons[0] ?? '';
      await this.tidy('outcome', () =>
        revisions.setOutcome(ended.revision, { state: 'rolled-back', at: parts.clock.now(), by: 'core', reason }),
      );
      await this.tidy('owned files', () =>
        this.applier.disown(new Map(work.map((each) => [each.section.id, each.rendering]))),
      );
      await this.tidy('old revisions', () => revisions.prune(new Set([confirmed, ended.revision])));
    }
    this.tellApplied(work.map(({ section }) => section.id));
    if (change !== undefined) await state.partners.abandon(change);
    const event = ended.state === 'stuck' ? activationStuck : activationRolledBack;
    // told once, not with each of its tries
    if (event !== activationStuck || !wasStuck) parts.publish(event, { revision: ended.revision, confirmed, reasons });
    this.listener.settled();
    return ended;
  }

  tellApplied(ids: readonly string[]): void {
    this.listener.applied(ids);
  }

  /** For what recovery would do again anyway: a failure is told to the log and changes nothing for the operator. */
  async tidy(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#log.warn(
        { what, reason: reasonOf(thrown) },
        'tidying up after an activation failed; the next start does it',
      );
    }
  }

  end(): void {
    this.#stopTimer();
  }

  /** What partners have to agree with; computed anew, since core may have been restarted within the window. */
  #sharedChange({ origin, author }: Journal): SharedChange | undefined {
    const { state } = this;
    return origin === 'other-node' ? undefined : state.partners.changeOf(state, state.running.document, author);
  }

  #pending(): Journal {
    const { activation } = this.state;
    if (activation === undefined) throw new ApplianceError('internal', 'There is no activation to settle.');
    return activation;
  }

  /** The state on disk before the step; a full disk must not keep the old settings from coming back. */
  async #record(journal: Journal): Promise<readonly Report[]> {
    try {
      await this.state.journal.write(journal);
      return [];
    } catch (thrown) {
      const params = { confirmed: journal.parent, reason: reasonOf(asApplianceError(thrown)) };
      return [settingsReports.report('settings.rollback.not-recorded', params)];
    }
  }

  /** Once more when it fails quickly: an engine that was being restarted, or a moment without memory, is no reason to be stuck. */
  async #bringBack(journal: Journal, ids: readonly string[], stored: RenderedSet): Promise<Brought> {
    const { state, applier } = this;
    const start = state.parts.clock.monotonic();
    const removed = new Set(journal.removed);
    const first = await bring(state, applier, 'rollback', ids, stored, removed);
    const slow = state.parts.clock.monotonic() - start > retryWithinMs;
    // Without any section at work the failure is that there is none.
    const hopeless = slow || first.work.length === 0;
    return first.failures.length === 0 || hopeless ? first : bring(state, applier, 'rollback', ids, stored, removed);
  }

  /** A confirmation that failed half-way may have moved the link. */
  async #relink(confirmed: number): Promise<readonly Report[]> {
    const { revisions } = this.state;
    try {
      if ((await revisions.confirmedNumber()) !== confirmed) await revisions.confirm(confirmed);
      return [];
    } catch (thrown) {
      const params = { what: `The return to revision ${confirmed}`, reason: reasonOf(thrown) };
      return [settingsReports.report('settings.storage.failed', params)];
    }
  }

  async #stopGuards(revision: number): Promise<void> {
    const { units } = this.state.parts;
    for (const phase of ['apply', 'confirm'] as const) {
      await this.tidy('guard timer', () => units.stopTimer(guardName(revision, phase)));
    }
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}

/**
 * At the end of the window the old settings are to be back, so taking them back begins earlier: by what applying took, and by
 * `coldMs`. Of a window of the least length a fourth is enough.
 */
function confirmTimeMs(windowSeconds: number, appliedInMs: number): number {
  const windowMs = windowSeconds * 1_000;
  return windowMs - Math.min(coldMs + appliedInMs, windowMs / 4);
}

/** What fails in it is told under this code. */
async function told(
  code: 'settings.guard.failed' | 'settings.partner.failed',
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const failure = asApplianceError(thrown);
    const report = settingsReports.report(code, { reason: failure.message });
    throw new ApplianceError(failure.code, report.text, { reports: [report], cause: failure });
  }
}

/** Why a confirmation counts; undefined when it does not. */
function countsOver(caller: Caller, activation: Journal): ConfirmedOver | undefined {
  if (caller.surface === 'cli') return 'local-cli';
  if (caller.surface === 'console') return 'console';
  return activation.appliedAt !== null && caller.connectedAt > activation.appliedAt ? 'new-connection' : undefined;
}
