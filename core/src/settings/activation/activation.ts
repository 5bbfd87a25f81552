import { ApplianceError, asApplianceError, type Caller, hasBlockingReport, type Report } from '../../sdk/index.js';
import type { SettingsDocument } from '../document/document.js';
import { changedSections } from '../draft/document-changes.js';
import type { EngineState } from '../engine-parts.js';
import { activationFailed, activationStarted } from '../events.js';
import { limits } from '../limits.js';
import { settingsReports } from '../reports.js';
import { reasonOf } from '../sections.js';
import { guardName, type Journal, rollbackUnit } from '../store/journal.js';
import type { Origin, Revision } from '../store/revision.js';
import { allDone, storageError } from '../store/settings-files.js';
import { type Applier, applyFailure, type PreparedSection } from './applier.js';
import { type Assessment, assess } from './assessment.js';
import type { RemovedSection } from './removed-section.js';
import { renderedSet } from './rendered.js';
import type { Settlement } from './settlement.js';

/** Apply and probe are limited to 60 s and 30 s in all, so an activation that lasts longer has lost its core. */
const applyGuardMs = limits.applyMs + limits.probeMs;

export interface ActivationRequest {
  readonly document: SettingsDocument;
  readonly origin: Origin;
  readonly comment: string;
  readonly force: ReadonlySet<string>;
  /** Overrides the sections' own window. */
  readonly confirmSeconds: number | undefined;
  /** Settings of the other node: locks do not count, and partners are not asked. */
  readonly fromOtherNode?: boolean;
}

export interface ActivationResult {
  readonly state: 'unchanged' | 'awaiting-confirmation' | 'confirmed';
  readonly revision: number;
  /** What verification and probes found and did not stop it. */
  readonly reports: readonly Report[];
}

/*
 * INVARIANTS
 * - The journal on disk names a state before the system can be in it.
 * - Until the confirmed link is swapped, whoever starts next (core, guard, boot) goes back to the revision it names.
 * - Files of a revision are on disk, and listed as owned, before the first of them is written to its place.
 * - At every moment from before the first write until the settlement, a timer of systemd is armed that ends in a rollback.
 */

/** Takes a document into force. Its caller holds the engine's exclusive queue. */
export class Activation {
  constructor(
    readonly state: EngineState,
    readonly applier: Applier,
    readonly settlement: Settlement,
  ) {}

  /** How long applying and probing took the last time, milliseconds. */
  #applyMs = 0;
  #probeMs = 0;

  /** @throws ApplianceError `conflict`, `invalid` with reports, `storage`, `unavailable`: nothing was changed; `engine-failed`: rolled back. */
  async activate(request: ActivationRequest, caller: Caller): Promise<ActivationResult> {
    const { state } = this;
    this.#refuseWhilePending();
    if (changedSections(state.sections, state.confirmed.document, request.document).length === 0) {
      return { state: 'unchanged', revision: state.confirmed.meta.number, reports: [] };
    }
    const { clock, log } = state.parts;
    const began = clock.monotonic();
    state.applying = new AbortController();
    try {
      const result = await this.#activate(request, caller, state.applying.signal);
      const took = {
        totalMs: Math.round(clock.monotonic() - began),
        applyMs: Math.round(this.#applyMs),
        probeMs: Math.round(this.#probeMs),
      };
      log.info({ revision: result.revision, state: result.state, ...took }, 'revision activated');
      return result;
    } finally {
      state.applying = undefined;
    }
  }

  async #activate(request: ActivationRequest, caller: Caller, signal: AbortSignal): Promise<ActivationResult> {
    const { state } = this;
    const assessment = await assess(
      state,
      request.document,
      caller,
      request.fromOtherNode === true ? 'ignored' : 'count',
    );
    refuseBlocked(assessment.reports, request.force);
    const change =
      request.fromOtherNode === true ? undefined : state.partners.changeOf(state, request.document, caller.name);
    try {
      const said = change === undefined ? [] : await state.partners.prepare(change, caller);
      refuseBlocked(said, request.force);
      const result = await this.#carryOut(request, caller, assessment, signal);
      return { ...result, reports: [...said, ...result.reports] };
    } catch (failure) {
      if (change !== undefined) await state.partners.abandon(change);
      throw failure;
    }
  }

  async #carryOut(
    request: ActivationRequest,
    caller: Caller,
    assessment: Assessment,
    signal: AbortSignal,
  ): Promise<ActivationResult> {
    const touched = assessment.work.filter(({ section }) => assessment.touched.has(section.id));
    const prepared = await this.applier.prepare(touched, assessment.work);
    const journal = await this.#firstEntry(request, caller, assessment, prepared);
    const revision = await this.#makeReady(journal, request, assessment, prepared);
    const failures = await this.#apply(journal, revision, prepared, assessment.removed, signal);
    if (hasBlockingReport(failures, request.force)) throw await this.#rolledBack(journal, failures);
    const outcome = await this.#await(journal, caller);
    return { state: outcome, revision: journal.revision, reports: [...assessment.reports, ...failures] };
  }

  #refuseWhilePending(): void {
    const pending = this.state.activation;
    if (pending?.state === 'awaiting-confirmation') {
      throw new ApplianceError(
        'conflict',
        `Revision ${pending.revision} by ${pending.author} awaits confirmation. First: gemel settings confirm, or undo.`,
      );
    }
    if (pending?.state === 'stuck') {
      throw new ApplianceError(
        'conflict',
        `Revision ${pending.revision} failed and could not be taken back. First: gemel settings rollback ${this.state.confirmed.meta.number}.`,
        { reports: pending.reports },
      );
    }
  }

  async #firstEntry(
    request: ActivationRequest,
    caller: Caller,
    assessment: Assessment,
    prepared: readonly PreparedSection[],
  ): Promise<Journal> {
    const { parts, confirmed } = this.state;
    const windows = prepared.map(({ section }) => section.confirmSeconds ?? 0);
    return {
      format: 1,
      state: 'verified',
      revision: await nextRevision(this.state),
      parent: confirmed.meta.number,
      origin: request.origin,
      author: caller.name,
      surface: caller.surface,
      comment: request.comment,
      at: parts.clock.now(),
      bootId: await this.state.bootId(),
      deadline: parts.clock.monotonic() + applyGuardMs,
      appliedAt: null,
      windowSeconds: request.confirmSeconds ?? Math.max(0, ...windows),
      sections: [...assessment.touched],
      removed: assessment.removed.map(({ id }) => id),
      reports: [],
    };
  }

  /** Everything that must be safe before the first change. A failure here leaves the system untouched. */
  async #makeReady(
    journal: Journal,
    request: ActivationRequest,
    assessment: Assessment,
    prepared: readonly PreparedSection[],
  ): Promise<Revision> {
    const { state } = this;
    const { revisions, parts, sections, confirmed } = state;
    const { revision: number, parent, origin, author, surface, at, comment } = journal;
    const before = await revisions.rendered(confirmed.meta.number);
    const rendered = renderedSet(sections, request.document, assessment.work, before);
    const meta = { number, parent, origin, author, surface, at, comment };
    const writing = revisions.write(meta, request.document, rendered);
    const guard = { name: guardName(number, 'apply'), unit: rollbackUnit(number), afterMs: applyGuardMs };
    try {
      // Together, because the file system then makes them durable with one commit.
      await allDone([writing, state.journal.write(journal), parts.units.startTimer(guard)]);
      const owned = prepared.map(({ section, rendering }) => ({ id: section.id, files: rendering.files }));
      await allDone([state.journal.write({ ...journal, state: 'applying' }), this.applier.own(owned)]);
    } catch (thrown) {
      throw await this.#giveUp(journal, thrown);
    }
    if (request.origin === 'draft' && state.draft !== undefined) state.draft = { ...state.draft, includes: number };
    state.activation = { ...journal, state: 'applying' };
    const { sections: ids } = journal;
    parts.publish(activationStarted, { revision: number, author, surface, comment, sections: ids });
    return writing;
  }

  async #giveUp(journal: Journal, thrown: unknown): Promise<ApplianceError> {
    const { state, settlement } = this;
    const { revision, author } = journal;
    await settlement.tidy('activation journal', () => state.journal.remove());
    await settlement.tidy('guard timer', () => state.parts.units.stopTimer(guardName(revision, 'apply')));
    await settlement.tidy('revision', () => state.revisions.remove(revision));
    const failure = asApplianceError(thrown);
    state.parts.publish(activationFailed, { revision, author, reason: failure.message });
    if (failure.code === 'storage') return storageError('The new revision', failure);
    const text = `The activation could not be guarded, so nothing was changed: ${reasonOf(failure)}.`;
    return new ApplianceError('unavailable', text, { cause: failure });
  }

  /** @returns what went wrong, and what the probes found. */
  async #apply(
    journal: Journal,
    revision: Revision,
    prepared: readonly PreparedSection[],
    removed: readonly RemovedSection[],
    signal: AbortSignal,
  ): Promise<readonly Report[]> {
    const { state, applier } = this;
    const { clock } = state.parts;
    const began = clock.monotonic();
    const end = began + limits.applyMs;
    state.running = revision;
    try {
      // First, so that an engine that is reloaded below sees them gone.
      await applier.removeFiles(removed);
      await applier.writeFiles(prepared);
    } catch (thrown) {
      return [settingsReports.report('settings.apply.files-failed', { reason: `${reasonOf(thrown)}.` })];
    }
    for (const each of prepared) {
      try {
        await applier.applySection(each, 'activate', signal, Math.max(0, end - clock.monotonic()));
      } catch (thrown) {
        return [applyFailure(each.section.id, thrown)];
      }
    }
    const appliedAt = clock.monotonic();
    this.#applyMs = appliedAt - began;
    state.activation = { ...journal, state: 'applying', appliedAt };
    this.settlement.tellApplied(prepared.map(({ section }) => section.id));
    const found = await applier.probe(prepared, 'activate', signal);
    this.#probeMs = clock.monotonic() - appliedAt;
    return found;
  }

  async #await(journal: Journal, caller: Caller): Promise<'awaiting-confirmation' | 'confirmed'> {
    const { settlement, state } = this;
    try {
      if (journal.windowSeconds > 0) {
        await settlement.await(state.activation ?? journal, this.#applyMs);
        return 'awaiting-confirmation';
      }
      await settlement.commit(caller.name, 'no-window');
      return 'confirmed';
    } catch (thrown) {
      const { message: reason, reports } = asApplianceError(thrown);
      const unkept = settingsReports.report('settings.storage.failed', { what: 'The activation', reason });
      throw await this.#rolledBack(journal, reports.length > 0 ? reports : [unkept]);
    }
  }

  async #rolledBack(journal: Journal, causes: readonly Report[]): Promise<ApplianceError> {
    const ended = await this.settlement.rollBack(causes);
    const confirmed = this.state.confirmed.meta.number;
    const what =
      ended.state === 'stuck'
        ? `Revision ${journal.revision} failed, and revision ${confirmed} could not be brought back.`
        : `Revision ${journal.revision} failed; revision ${confirmed} is back in force.`;
    const errors = causes.filter((report) => report.severity === 'error').map((report) => report.text);
    return new ApplianceError('engine-failed', [what, ...errors].join(' '), { reports: ended.reports });
  }
}

/** @throws ApplianceError `invalid` with all reports when one of them stands in the way. */
function refuseBlocked(reports: readonly Report[], force: ReadonlySet<string>): void {
  if (!hasBlockingReport(reports, force)) return;
  throw new ApplianceError('invalid', 'The settings cannot be activated as they are. See the reports.', { reports });
}

/** Numbers are never used twice, also not of revisions that came to nothing. */
export async function nextRevision(state: EngineState): Promise<number> {
  const numbers = await state.revisions.numbers();
  return Math.max(state.confirmed.meta.number, state.activation?.revision ?? 0, numbers.at(-1) ?? 0) + 1;
}
