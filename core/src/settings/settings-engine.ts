import {
  ApplianceError,
  type Caller,
  type DisposableStore,
  type FactoryResetOptions,
  type Report,
  type Scope,
  type SectionReference,
  type SettingsAccess,
  type SettingsMaintenance,
  toDisposable,
} from '../sdk/index.js';
import { Activation, type ActivationRequest, type ActivationResult } from './activation/activation.js';
import { Applier } from './activation/applier.js';
import { assess } from './activation/assessment.js';
import { addDefaults, confirmDocument } from './activation/defaults.js';
import { planDocument, type SettingsPlan } from './activation/plan.js';
import { Recovery } from './activation/recovery.js';
import { Settlement } from './activation/settlement.js';
import type { SettingsDocument } from './document/document.js';
import { DraftDesk, type Edit, type Removal } from './draft/draft-desk.js';
import { type EngineParts, EngineState } from './engine-parts.js';
import { Exclusive } from './exclusive.js';
import { settingsReports } from './reports.js';
import { type AnySection, reasonOf, type SectionOwner } from './sections.js';
import type { ActivationStatus } from './status.js';
import type { Journal } from './store/journal.js';
import type { Revision } from './store/revision.js';

/** Timers of a process fire up to a millisecond before their time; what a timer asked for must not be refused as early. */
const earlyMs = 100;

/**
 * Settings of the whole appliance: one shared draft, one activation at a time, one confirmed revision. Everything that
 * changes anything goes through one queue; edits are refused while a revision is being applied and allowed while it awaits
 * its confirmation.
 */
export class SettingsEngine implements SettingsMaintenance {
  readonly state: EngineState;
  readonly desk: DraftDesk;
  readonly applier: Applier;
  readonly #activation: Activation;
  readonly #settlement: Settlement;
  readonly #recovery: Recovery;
  readonly #exclusive = new Exclusive();
  readonly #appliedListeners = new Set<{ readonly id: string; readonly listener: (running: unknown) => void }>();
  readonly #stateListeners = new Set<() => void>();

  constructor(parts: EngineParts) {
    this.state = new EngineState(parts);
    this.desk = new DraftDesk(this.state);
    this.applier = new Applier(this.state);
    this.#settlement = new Settlement(this.state, this.applier, this.desk, {
      applied: (ids) => this.#tellApplied(ids),
      settled: () => this.#settled(),
      expired: (revision) => this.#inBackground('rollback', () => this.rollBackExpired(revision)),
    });
    this.#activation = new Activation(this.state, this.applier, this.#settlement);
    this.#recovery = new Recovery(this.state, this.desk, this.applier, this.#settlement);
  }

  // Sections

  /** A plugin's door. What it adds through here ends with `own`; its settings stay. */
  accessFor(owner: SectionOwner, own: DisposableStore): SettingsAccess {
    return {
      add: (section) => {
        // The engine parses with the section's own schema before it hands settings to the section, so the types hold.
        own.add(this.register(section as unknown as AnySection, owner));
      },
      confirmed: (section) => this.#typed(section, this.state.confirmed.document),
      running: (section) => this.#typed(section, this.state.running.document),
      draft: async (section) => this.#typed(section, this.desk.document()),
      edit: (section, caller, change) =>
        this.edit({ section: section.id, caller, change: (settings) => change(settings as never) }), // fitted by its schema
      onApplied: (section, listener) => {
        // What is running was fitted by the section's own schema.
        const entry = { id: section.id, listener: listener as (running: unknown) => void };
        this.#appliedListeners.add(entry);
        return own.add(toDisposable(() => this.#appliedListeners.delete(entry)));
      },
    };
  }

  /** Ending it leaves the section's settings and files as they are. @throws ApplianceError `conflict`, `invalid`. */
  register(section: AnySection, owner: SectionOwner): Disposable {
    return this.state.sections.add(section, owner);
  }

  // Start and end

  /** Reads what is on disk, so that plugins can look at confirmed settings while they start. `recover` does it too. */
  async load(): Promise<void> {
    await this.#exclusive.run(() => this.#load());
  }

  /** Once all plugins have registered. Never throws for what it finds on disk. @returns what was found and mended. */
  recover(): Promise<readonly Report[]> {
    return this.#exclusive.run(async () => {
      await this.#load();
      return this.#recovery.recover();
    });
  }

  /** After a plugin was enabled or reloaded: gives its sections their defaults and applies them. */
  bringUp(): Promise<readonly Report[]> {
    return this.#exclusive.run(() => this.#recovery.bringUp());
  }

  /** Stops the clock and waits for what is under way. An open window is left to the guard and the next start. */
  async close(): Promise<void> {
    await this.#exclusive.idle();
    this.#settlement.end();
  }

  async #load(): Promise<void> {
    if (!this.state.loaded) await this.#recovery.load();
  }

  // Draft

  /** @returns the verification of the whole draft. */
  async edit(edit: Edit): Promise<readonly Report[]> {
    await this.#editing(() => this.desk.edit(edit));
    return this.verify(edit.caller);
  }

  /** Takes a section that is not loaded out of the draft. @returns the verification of the whole draft. */
  async remove(removal: Removal): Promise<readonly Report[]> {
    await this.#editing(() => this.desk.remove(removal));
    return this.verify(removal.caller);
  }

  /** @returns whether anything was pending there. */
  revert(path: string, caller: Caller): Promise<boolean> {
    return this.#editing(() => this.desk.revert(path, caller));
  }

  async #editing(work: () => Promise<boolean>): Promise<boolean> {
    const changed = await this.#exclusive.run(
      async () => work(),
      () => this.#refuseWhileApplying(),
    );
    if (changed) this.#tellState();
    return changed;
  }

  #refuseWhileApplying(): void {
    const { applying, activation } = this.state;
    if (applying === undefined && activation?.state !== 'rolling-back') return;
    const who = activation === undefined ? '' : ` (revision ${activation.revision} by ${activation.author})`;
    throw new ApplianceError('conflict', `Settings are being applied${who}. Try again in a few seconds.`);
  }

  // Activation

  /** All reports on a document, the draft by default. */
  async verify(caller: Caller, document: SettingsDocument = this.desk.document()): Promise<readonly Report[]> {
    return [...this.collisions(), ...(await assess(this.state, document, caller)).reports];
  }

  plan(caller: Caller, document: SettingsDocument = this.desk.document()): Promise<SettingsPlan> {
    return planDocument(this.state, this.applier, document, caller);
  }

  /** Takes the draft into force. */
  async activateDraft(
    options: Omit<ActivationRequest, 'document' | 'origin'>,
    caller: Caller,
  ): Promise<ActivationResult> {
    return this.activate(() => {
      const reports = this.collisions();
      if (reports.length > 0) throw new ApplianceError('conflict', reports[0]?.text ?? '', { reports });
      return { ...options, document: this.desk.document(), origin: 'draft' };
    }, caller);
  }

  /** Takes a document into force that did not grow in the draft; the draft stays and moves on top of it. */
  activateDocument(request: ActivationRequest, caller: Caller): Promise<ActivationResult> {
    return this.activate(() => request, caller);
  }

  /** @param request Asked when it is this activation's turn, so that it goes by what is confirmed then. */
  activate(request: () => ActivationRequest, caller: Caller): Promise<ActivationResult> {
    return this.#exclusive.run(
      () => this.#activation.activate(request(), caller),
      () => this.#refuseWhileApplying(),
    );
  }

  /** @returns why the confirmation counted. */
  async confirm(caller: Caller): Promise<{ readonly revision: number; readonly over: string }> {
    const over = await this.#exclusive.run(() => this.#settlement.confirm(caller));
    return { revision: this.state.confirmed.meta.number, over };
  }

  /** Takes back what is being applied or awaits confirmation, or tries once more what is stuck. @throws ApplianceError `conflict`. */
  async undo(caller: Caller): Promise<Journal> {
    const interrupted = this.state.applying !== undefined;
    this.state.applying?.abort();
    return this.#exclusive.run(async () => {
      const { activation, confirmed } = this.state;
      if (activation?.state === 'awaiting-confirmation' || activation?.state === 'stuck') {
        const params = { revision: activation.revision, author: caller.name, confirmed: confirmed.meta.number };
        return this.#settlement.rollBack([settingsReports.report('settings.undone', params)]);
      }
      if (interrupted && activation?.state === 'rolled-back') return activation;
      throw new ApplianceError('conflict', 'There is nothing to undo. See: gemel settings history.');
    });
  }

  /**
   * For the guard and the engine's own timer: takes back a revision whose time is over, and tries once more what is stuck. Does nothing
   * when it was settled or has time.
   */
  async rollBackExpired(revision: number): Promise<Journal | undefined> {
    const { activation, applying } = this.state;
    if (activation?.state === 'applying' && this.#isOver(activation, revision)) applying?.abort();
    return this.#exclusive.run(async () => {
      const now = this.state.activation;
      if (now?.state === 'stuck' && now.revision === revision) {
        return this.#settlement.rollBack(now.reports.filter(({ code }) => code !== 'settings.rollback.failed'));
      }
      if (now?.state !== 'awaiting-confirmation' || !this.#isOver(now, revision)) return now;
      const params = { revision, seconds: now.windowSeconds, confirmed: this.state.confirmed.meta.number };
      return this.#settlement.rollBack([settingsReports.report('settings.not-confirmed', params)]);
    });
  }

  /** For the guard alone, in its own process while core is down: takes back whatever is pending, and nothing else. */
  rollBackPending(revision: number): Promise<Journal | undefined> {
    return this.#exclusive.run(async () => {
      await this.#load();
      const { activation, confirmed } = this.state;
      if (activation?.revision !== revision || !(await this.#recovery.pending())) return undefined;
      const params = { revision, confirmed: confirmed.meta.number };
      return this.#settlement.rollBack([settingsReports.report('settings.guard.took-over', params)]);
    });
  }

  // Maintenance

  get activationPending(): boolean {
    const { applying, activation } = this.state;
    return applying !== undefined || activation?.state === 'awaiting-confirmation';
  }

  async factoryReset(caller: Caller, { keepScopes }: FactoryResetOptions): Promise<number> {
    return this.#exclusive.run(
      async () => {
        const { state } = this;
        // Core itself finishes at a start what was allowed before; whatever was activated since would not have survived the restart.
        if (state.activation?.state === 'awaiting-confirmation' && caller.surface !== 'core') {
          throw new ApplianceError(
            'conflict',
            'A revision awaits confirmation. First: gemel settings confirm, or undo.',
          );
        }
        const obstacles = [...state.resetObstacles].map((reason) => reason()).filter((report) => report !== undefined);
        const [first] = caller.surface === 'core' ? [] : obstacles;
        if (first !== undefined) throw new ApplianceError('conflict', first.text, { reports: obstacles });
        const kept = new Map([...state.confirmed.document].filter(([, stored]) => keepScopes.includes(stored.scope)));
        const { document, reports } = await addDefaults(state, kept);
        const failed = reports[0];
        if (failed !== undefined) throw new ApplianceError('unavailable', failed.text, { reports });
        const about = {
          origin: 'factory-reset',
          author: caller.name,
          surface: caller.surface,
          comment: 'Factory reset',
        } as const;
        const { running } = state;
        const revision = await confirmDocument(state, document, about);
        // The engines keep what they have until the restart; a start that finishes a reset has told them nothing yet.
        if (caller.surface !== 'core') state.running = running;
        await this.desk.drop();
        state.activation = undefined;
        await state.journal.remove();
        await state.revisions.removeBefore(revision.meta.number);
        this.#tellState();
        return revision.meta.number;
      },
      () => this.#refuseWhileApplying(),
    );
  }

  addScopeLock(scope: Scope, reason: () => Report | undefined): Disposable {
    const lock = { scope, reason };
    this.state.locks.add(lock);
    return toDisposable(() => this.state.locks.delete(lock));
  }

  addResetObstacle(reason: () => Report | undefined): Disposable {
    const obstacle = () => reason();
    this.state.resetObstacles.add(obstacle);
    return toDisposable(() => this.state.resetObstacles.delete(obstacle));
  }

  // Looking

  collisions(): readonly Report[] {
    return (this.state.draft?.collisions ?? []).map(({ path, author, revision }) =>
      settingsReports.report('settings.draft.collision', { field: path, author, revision }, path),
    );
  }

  /** @throws ApplianceError `not-found` when there is none, or it is damaged. */
  async revision(number: number): Promise<Revision> {
    const { confirmed, revisions } = this.state;
    const revision = number === confirmed.meta.number ? confirmed : await revisions.read(number);
    if (revision !== undefined) return revision;
    throw new ApplianceError('not-found', `There is no usable revision ${number}. See: gemel settings history.`);
  }

  status(): ActivationStatus {
    const { activation, confirmed, running, draft, sections, recovery, parts } = this.state;
    const awaiting = activation?.state === 'awaiting-confirmation';
    const leftMs = (activation?.deadline ?? 0) - parts.clock.monotonic();
    const changes = draft?.changes ?? [];
    return {
      state: activation?.state ?? 'idle',
      confirmed: confirmed.meta.number,
      running: running.meta.number,
      revision: activation?.revision ?? null,
      author: activation?.author ?? null,
      comment: activation?.comment ?? null,
      secondsLeft: awaiting ? Math.max(0, Math.ceil(leftMs / 1_000)) : null,
      pending: changes.length,
      pendingAuthors: [...new Set(changes.map((change) => change.author))],
      notLoaded: [...confirmed.document.keys()].filter((id) => sections.get(id) === undefined),
      reports: [...(activation?.reports ?? []), ...recovery],
    };
  }

  /** Waits until no revision awaits confirmation, or the time is over. */
  async waitSettled(limitMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const done = () => {
      if (this.state.activation?.state !== 'awaiting-confirmation') over.abort();
    };
    using _listening = this.onState(done);
    done();
    const either = AbortSignal.any([over.signal, signal]);
    // It ends by being aborted or by running out; either way the caller looks at the state.
    if (!either.aborted) await this.state.parts.clock.sleep(limitMs, either).catch(() => undefined);
  }

  /** Fires whenever `status` has something new to say. */
  onState(listener: () => void): Disposable {
    this.#stateListeners.add(listener);
    return toDisposable(() => this.#stateListeners.delete(listener));
  }

  #typed<Settings>(section: SectionReference<Settings>, document: SettingsDocument): Settings {
    const settings = this.state.sections.settingsOf(document, section.id);
    if (settings === undefined) {
      throw new ApplianceError(
        'unavailable',
        `Section ${section.id} has no usable settings. See: gemel settings show.`,
      );
    }
    return settings as Settings; // fitted by the schema of the section that the reference names
  }

  #tellApplied(ids: readonly string[]): void {
    const { state } = this;
    for (const { id, listener } of [...this.#appliedListeners]) {
      const running = ids.includes(id) ? state.sections.settingsOf(state.running.document, id) : undefined;
      if (running === undefined) continue;
      try {
        listener(running);
      } catch (thrown) {
        state.parts.log.error({ section: id, reason: reasonOf(thrown) }, 'a listener of applied settings threw');
      }
    }
  }

  #settled(): void {
    this.#tellState();
    const { activation, confirmed, sections } = this.state;
    if (activation?.state === 'awaiting-confirmation') return;
    // Sections that appeared during the window can have their defaults now.
    if (sections.all().every((section) => confirmed.document.has(section.id))) return;
    this.#inBackground('bringing up sections', () => this.bringUp());
  }

  #inBackground(what: string, work: () => Promise<unknown>): void {
    work().catch((thrown: unknown) => {
      this.state.parts.log.error({ what, reason: reasonOf(thrown) }, 'work of the settings engine failed');
    });
  }

  #isOver(journal: Journal, revision: number): boolean {
    const { clock } = this.state.parts;
    return journal.revision === revision && clock.monotonic() >= (journal.deadline ?? 0) - earlyMs;
  }

  #tellState(): void {
    for (const listener of [...this.#stateListeners]) listener();
  }
}
