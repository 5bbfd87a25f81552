import { type Caller, type Report, type Rendering, type Scope } from '../../sdk/index.js';
import type { SettingsDocument } from '../document/document.js';
import { changedSections, removedSections } from '../draft/document-changes.js';
import type { EngineState } from '../engine-parts.js';
import { settingsReports } from '../reports.js';
import { type AnySection, reasonOf } from '../sections.js';
import { type RenderedSet, sameRendering } from '../store/rendered-set.js';
import { type FactsById, factsReport, readFacts } from './facts.js';
import { filesOf, type RemovedSection, removedReports } from './removed-section.js';

/** A section of a document with all that its pure steps made of it. */
export interface SectionWork {
  readonly section: AnySection;
  readonly settings: unknown;
  readonly confirmed: unknown;
  readonly facts: unknown;
  readonly rendering: Rendering;
}

export interface Assessment {
  readonly document: SettingsDocument;
  readonly reports: readonly Report[];
  /** Of every section that can be applied, in order. */
  readonly work: readonly SectionWork[];
  /** Sections whose settings differ from the confirmed ones. */
  readonly changed: ReadonlySet<string>;
  /** Sections that the document lacks and no plugin can see to: their files go. */
  readonly removed: readonly RemovedSection[];
  /** Those that changed, and sections that render differently because they read one of those. */
  readonly touched: ReadonlySet<string>;
}

/** Verifies and renders a whole document. Reads facts, changes nothing. */
export async function assess(
  state: EngineState,
  document: SettingsDocument,
  caller: Caller | undefined,
  locks: 'count' | 'ignored' = 'count',
): Promise<Assessment> {
  const gone = removedSections(state.confirmed.document, document);
  const [facts, stored] = await Promise.all([
    readFacts(state.parts.clock, state.sections.all()),
    gone.length === 0 ? nothingStored : state.revisions.rendered(state.confirmed.meta.number),
  ]);
  return new Assessor(state, document, caller, locks, facts, stored).assess();
}

const nothingStored: RenderedSet = new Map();

class Assessor {
  readonly #reports: Report[] = [];
  readonly #work: SectionWork[] = [];
  readonly #removed: RemovedSection[] = [];
  readonly #changed: ReadonlySet<string>;
  readonly #touched: Set<string>;

  constructor(
    readonly state: EngineState,
    readonly document: SettingsDocument,
    readonly caller: Caller | undefined,
    readonly locks: 'count' | 'ignored',
    readonly facts: FactsById,
    readonly stored: RenderedSet,
  ) {
    this.#changed = new Set(changedSections(state.sections, state.confirmed.document, document));
    this.#touched = new Set(this.#changed);
  }

  assess(): Assessment {
    for (const section of this.state.sections.all()) this.#assessSection(section);
    for (const id of this.document.keys()) this.#checkAbsent(id);
    this.#checkFiles();
    for (const id of removedSections(this.state.confirmed.document, this.document)) this.#assessRemoved(id);
    return {
      document: this.document,
      reports: this.#reports,
      work: this.#work,
      changed: this.#changed,
      removed: this.#removed,
      touched: this.#touched,
    };
  }

  #assessSection(section: AnySection): void {
    const { sections, confirmed } = this.state;
    const { id } = section;
    const stored = this.document.get(id);
    if (stored === undefined) return;
    const changed = this.#changed.has(id);
    if (changed) this.#addLock(section.scope);
    const reading = sections.read(section, stored);
    if (reading.kind === 'unfit') return this.#add(changed ? { ...reading.report, severity: 'error' } : reading.report);
    const facts = this.facts.get(id);
    if (facts?.kind !== 'read') return this.#add(factsReport(id, facts?.reason ?? 'not asked', changed));
    const { settings } = reading;
    try {
      const before = sections.settingsOf(confirmed.document, id) ?? section.defaults(facts.facts);
      this.#verify(section, settings, before, facts.facts, changed);
      const rendering = this.#render(section, settings, facts.facts, this.document);
      const misplaced = sections.misplaced(section, rendering);
      // a section that does not change is left as it is, and stops no other
      for (const report of misplaced) this.#add(changed ? report : { ...report, severity: 'warning' });
      if (misplaced.length > 0) return;
      this.#work.push({ section, settings, confirmed: before, facts: facts.facts, rendering });
      if (changed || this.#changed.size === 0) return;
      if (!sameRendering(rendering, this.#render(section, before, facts.facts, confirmed.document)))
        this.#touched.add(id);
    } catch (thrown) {
      this.#add(defect(id, 'verify or render', thrown));
    }
  }

  #verify(section: AnySection, settings: unknown, confirmed: unknown, facts: unknown, changed: boolean): void {
    const { caller, document } = this;
    const reader = this.state.sections.reader(document);
    const reports = section.verify({ settings, confirmed, facts, document: reader, caller });
    if (changed || !reports.some((report) => report.severity === 'error')) {
      for (const report of reports) this.#add(prefixed(section.id, report));
      return;
    }
    // What was wrong with an unchanged section already is no reason to refuse this change, so it only warns.
    const before = this.state.sections.reader(this.state.confirmed.document);
    const known = section.verify({ settings: confirmed, confirmed, facts, document: before, caller });
    const keys = new Set(known.map((report) => `${report.code} ${report.path}`));
    for (const report of reports) {
      const old = report.severity === 'error' && keys.has(`${report.code} ${report.path}`);
      this.#add(prefixed(section.id, old ? { ...report, severity: 'warning' } : report));
    }
  }

  #render(section: AnySection, settings: unknown, facts: unknown, document: SettingsDocument): Rendering {
    return section.render({ settings, facts, document: this.state.sections.reader(document) });
  }

  #checkAbsent(id: string): void {
    if (this.state.sections.get(id) !== undefined) return;
    const code = this.#changed.has(id) ? 'settings.section.not-loaded' : 'settings.section.left-alone';
    this.#add(settingsReports.report(code, { section: id }, id));
  }

  #assessRemoved(id: string): void {
    if (this.state.sections.get(id) !== undefined) {
      return this.#add(settingsReports.report('settings.section.came-back', { section: id }, id));
    }
    const scope = this.state.confirmed.document.get(id)?.scope;
    if (scope !== undefined) this.#addLock(scope);
    const kept = [...this.stored].filter(([each]) => this.document.has(each)).map(([, rendering]) => rendering);
    const claimed = new Set(
      [...kept, ...this.#work.map(({ rendering }) => rendering)].flatMap(({ files }) => files.map(({ path }) => path)),
    );
    const files = filesOf(this.stored.get(id), this.state.owned.owned.get(id)).filter(({ path }) => !claimed.has(path));
    const removed = { id, files, properties: this.stored.get(id)?.properties ?? [] };
    this.#removed.push(removed);
    for (const report of removedReports(removed)) this.#add(report);
  }

  #checkFiles(): void {
    const claims = new Map<string, string>();
    for (const { section, rendering } of this.#work) {
      for (const { path } of rendering.files) {
        const other = claims.get(path);
        if (other !== undefined) {
          const params = { section: section.id, file: path, other };
          this.#add(settingsReports.report('settings.file.claimed-twice', params, section.id));
        }
        claims.set(path, section.id);
      }
    }
  }

  #addLock(scope: Scope): void {
    if (this.locks === 'count') this.#add(this.state.lockOf(scope));
  }

  #add(report: Report | undefined): void {
    if (report !== undefined) this.#reports.push(report);
  }
}

export function defect(id: string, step: string, thrown: unknown): Report {
  return settingsReports.report('settings.section.defect', { section: id, step, reason: reasonOf(thrown) }, id);
}

/** Sections may give a path within themselves or a whole one; both become whole. */
export function prefixed(id: string, report: Report): Report {
  const { path } = report;
  if (path === id || path.startsWith(`${id}/`)) return report;
  return { ...report, path: path === '' ? id : `${id}/${path}` };
}
