import type { Report } from '../../sdk/index.js';
import type { DraftDesk } from '../draft/draft-desk.js';
import type { EngineState } from '../engine-parts.js';
import { settingsRecovered } from '../events.js';
import { settingsReports } from '../reports.js';
import { reasonOf } from '../sections.js';
import { isPending, type Journal } from '../store/journal.js';
import type { Revision } from '../store/revision.js';
import type { Applier } from './applier.js';
import { bring } from './bring.js';
import { addDefaults, confirmDocument } from './defaults.js';
import { renderedSet } from './rendered.js';
import type { Settlement } from './settlement.js';

/** Before the first start there is no revision; everything is compared with this. */
const nothing: Revision = {
  meta: {
    number: 0,
    parent: null,
    origin: 'defaults',
    author: 'core',
    surface: 'core',
    at: 0,
    comment: '',
    checksum: '',
  },
  document: new Map(),
};

/** Start of core: finds out what is in force, mends what is damaged, takes back what was not confirmed. Never stops boot. */
export class Recovery {
  readonly #reports: Report[] = [];
  /** Sections that took their settings from this core. */
  readonly #up = new WeakSet<object>();

  constructor(
    readonly state: EngineState,
    readonly desk: DraftDesk,
    readonly applier: Applier,
    readonly settlement: Settlement,
  ) {}

  /** Reads what is on disk. Needs no section to be registered. */
  async load(): Promise<void> {
    const { state } = this;
    const journal = await state.journal.read();
    state.activation = journal;
    state.confirmed = await this.#findConfirmed(journal);
    if (!(await state.owned.load())) await this.#rebuildOwned(journal);
    await this.desk.load();
  }

  /** True while the activation on disk is not settled. Call after `load`. */
  async pending(): Promise<boolean> {
    return isPending(this.state.activation, await this.#linked());
  }

  /** Applies what is to be in force. All sections are registered. */
  async recover(): Promise<readonly Report[]> {
    const { state, settlement } = this;
    const pending = await this.pending();
    if (pending && (await this.#resume())) {
      await this.#bringRunning(undefined);
    } else {
      // Before anything new is confirmed: the journal speaks of the revision that is.
      if (!pending) await this.#forget();
      await this.#addDefaults();
      await this.#settleDraft();
      if (pending) await this.#takeBack();
      await this.#bringRunning(undefined);
    }
    this.#reports.unshift(...state.store.damage.splice(0));
    state.recovery = [...this.#reports];
    for (const report of state.recovery) {
      state.parts.log.warn({ code: report.code, text: report.text }, 'settings were mended at the start');
    }
    if (state.recovery.length > 0) {
      const reasons = state.recovery.map((report) => report.text);
      state.parts.publish(settingsRecovered, { confirmed: state.confirmed.meta.number, reasons });
    }
    settlement.listener.settled();
    return state.recovery;
  }

  /** For sections that appeared after the start, or could not be applied then: gives them their defaults and applies them. */
  async bringUp(): Promise<readonly Report[]> {
    const { state } = this;
    const fresh = state.sections.all().filter((section) => !this.#up.has(section));
    if (fresh.length === 0) return [];
    this.#reports.length = 0;
    // While a revision awaits confirmation nothing else may be confirmed; the settlement calls again.
    if (state.activation?.state !== 'awaiting-confirmation') await this.#addDefaults();
    await this.#bringRunning(fresh.map((section) => section.id));
    const mended = new Set(fresh.filter((section) => this.#up.has(section)).map(({ id }) => id));
    state.recovery = state.recovery.filter(({ path }) => !mended.has(path));
    return [...this.#reports];
  }

  async #findConfirmed(journal: Journal | undefined): Promise<Revision> {
    const { revisions, store } = this.state;
    const linked = await this.#linked();
    // A confirmation that failed half-way was taken back; the link just was not put back any more.
    const undone = journal?.state === 'rolling-back' || journal?.state === 'stuck';
    const number = undone && linked === journal.revision ? journal.parent : linked;
    const confirmed = number === undefined ? undefined : await revisions.read(number);
    if (confirmed !== undefined) return confirmed;
    const good = await revisions.lastGood();
    if (good !== undefined) {
      this.#reports.push(settingsReports.report('settings.revision.damaged', { used: good.meta.number }));
      await this.#try('The link to the confirmed settings', () => revisions.confirm(good.meta.number));
      return good;
    }
    if (number !== undefined || store.damage.length > 0)
      this.#reports.push(settingsReports.report('settings.revision.lost', {}));
    return nothing;
  }

  async #linked(): Promise<number | undefined> {
    return this.state.revisions.confirmedNumber().catch(() => undefined); // a link that cannot be read is a damaged one
  }

  async #rebuildOwned(journal: Journal | undefined): Promise<void> {
    const numbers = new Set([this.state.confirmed.meta.number, journal?.revision ?? 0]);
    for (const number of numbers) {
      if (number === 0) continue;
      const rendered = await this.state.revisions.rendered(number);
      const files = [...rendered].map(([id, each]) => ({ id, files: each.files }));
      await this.#try('The list of owned files', () => this.applier.own(files));
    }
  }

  /** @returns whether the window is still open, in which case the activation goes on awaiting. */
  async #resume(): Promise<boolean> {
    const { state } = this;
    const journal = state.activation;
    if (journal?.state !== 'awaiting-confirmation' || journal.deadline === null) return false;
    if (journal.bootId !== (await state.bootId())) return false;
    const leftMs = journal.deadline - state.parts.clock.monotonic();
    // More time left than the window ever had means that the clock is another one.
    if (leftMs <= 0 || leftMs > journal.windowSeconds * 1_000) return false;
    const revision = await state.revisions.read(journal.revision);
    if (revision === undefined) return false;
    state.running = revision;
    this.settlement.resume(journal);
    return true;
  }

  async #takeBack(): Promise<void> {
    const { state } = this;
    const revision = state.activation?.revision ?? 0;
    const confirmed = state.confirmed.meta.number;
    const ended = await this.settlement.rollBack([
      settingsReports.report('settings.interrupted', { revision, confirmed }),
    ]);
    this.#reports.push(...ended.reports);
  }

  /** What an activation left behind that ended before it changed anything, or whose end could not be recorded. */
  async #forget(): Promise<void> {
    const { state, settlement } = this;
    const { meta } = state.confirmed;
    if (meta.origin === 'factory-reset') {
      await settlement.tidy('history before the factory reset', () => state.revisions.removeBefore(meta.number));
    }
    const journal = state.activation;
    if (journal === undefined) return;
    const confirmed = state.confirmed.meta.number === journal.revision;
    if (confirmed && journal.removed.length > 0) {
      await settlement.tidy('owned files', () => this.applier.disown(new Map(), journal.removed));
    }
    if (journal.state === 'verified') {
      state.activation = undefined;
      await settlement.tidy('activation journal', () => state.journal.remove());
      if (!confirmed) await settlement.tidy('revision', () => state.revisions.remove(journal.revision));
    } else if (confirmed && journal.state !== 'confirmed') {
      const ended: Journal = { ...journal, state: 'confirmed', deadline: null };
      const outcome = {
        state: 'confirmed',
        at: state.parts.clock.now(),
        by: journal.author,
        reason: 'recorded late',
      } as const;
      state.activation = ended;
      await settlement.tidy('activation journal', () => state.journal.write(ended));
      await settlement.tidy('outcome', () => state.revisions.setOutcome(journal.revision, outcome));
    }
  }

  async #addDefaults(): Promise<void> {
    const { state } = this;
    const { document, added, reports } = await addDefaults(state, state.confirmed.document);
    this.#reports.push(...reports);
    for (const { path, text } of reports) state.unapplied.set(path, text);
    if (added.length === 0) return;
    const base = state.confirmed;
    const comment = `Defaults of ${added.join(', ')}`;
    const about = { origin: 'defaults', author: 'core', surface: 'core', comment } as const;
    const failed = await this.#try(
      'The default settings',
      async () => void (await confirmDocument(state, document, about)),
    );
    if (failed) {
      // In force all the same; the next start makes them again.
      const meta = { ...base.meta, number: Math.max(1, base.meta.number), comment };
      state.confirmed = { meta, document };
      state.running = state.confirmed;
      return;
    }
    const { number, at } = state.confirmed.meta;
    await this.settlement.tidy('outcome', () =>
      state.revisions.setOutcome(number, { state: 'confirmed', at, by: 'core', reason: 'core' }),
    );
    await this.settlement.tidy('draft', () => this.desk.settle(base.document));
  }

  async #settleDraft(): Promise<void> {
    const { state, desk } = this;
    const base = state.draft?.base;
    if (base === undefined || base === state.confirmed.meta.number) return;
    const revision = await state.revisions.read(base);
    await this.#try('The draft', () => desk.settle((revision ?? state.confirmed).document));
  }

  async #bringRunning(ids: readonly string[] | undefined): Promise<void> {
    const { state } = this;
    const number = state.running.meta.number;
    const before = await state.revisions.rendered(number);
    const { work, failures } = await bring(state, this.applier, 'boot', ids, before);
    this.#reports.push(...failures);
    for (const { section } of work) if (!state.unapplied.has(section.id)) this.#up.add(section);
    const rendered = renderedSet(state.sections, state.running.document, work, before);
    if (number === 0) return; // nothing was ever confirmed and nothing could be
    await this.settlement.tidy('rendered files', () => state.revisions.refreshRendered(state.running, rendered));
    if (state.activation?.state !== 'awaiting-confirmation') {
      const renderings = new Map(work.map((each) => [each.section.id, each.rendering]));
      await this.settlement.tidy('owned files', () => this.applier.disown(renderings));
    }
    this.settlement.tellApplied(work.map(({ section }) => section.id));
  }

  /** @returns true when it failed, which is reported. */
  async #try(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return false;
    } catch (thrown) {
      this.#reports.push(settingsReports.report('settings.storage.failed', { what, reason: reasonOf(thrown) }));
      return true;
    }
  }
}
