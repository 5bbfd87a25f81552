import { ApplianceError, type Caller, type Report } from '../../sdk/index.js';
import { type SettingsDocument, withoutSection, withSection } from '../document/document.js';
import { diffJson, PathSet } from '../document/json-diff.js';
import { splitPath, valueAt, withoutValue, withValue } from '../document/json-tree.js';
import type { EngineState } from '../engine-parts.js';
import { draftChanged } from '../events.js';
import { settingsReports } from '../reports.js';
import type { AnySection } from '../sections.js';
import { storageError } from '../store/settings-files.js';
import { attribute, type Draft, draftOn, draftText, parseDraftFile, rebaseDraft } from './draft.js';
import { documentChanges } from './document-changes.js';

export interface Edit {
  readonly section: string;
  readonly caller: Caller;
  /** Gets a copy of its own to change or replace; undefined when the stored settings do not fit and `wholesale` is set. */
  readonly change: (settings: unknown) => unknown;
  /** The confirmed revision the caller was looking at. */
  readonly baseRevision?: number | undefined;
  /** Places the caller means even if their value stays the same, as when overruling a collision. */
  readonly claims?: readonly string[];
  /** Looks at the fitted result: what it reports refuses the edit. */
  readonly check?: (settings: unknown) => readonly Report[];
  /** Replaces the whole section, whatever it held. */
  readonly wholesale?: boolean;
}

/** Takes a section away whose plugin is not there to give it defaults. */
export interface Removal {
  readonly section: string;
  readonly caller: Caller;
  readonly baseRevision?: number | undefined;
}

const draftFile = 'draft.json';
/** An event is for looking at, not for replaying: more paths than this are counted only. */
const maxPathsInEvent = 50;

/** Keeps the shared draft. Its callers hold the engine's exclusive queue. */
export class DraftDesk {
  constructor(readonly state: EngineState) {}

  document(): SettingsDocument {
    return this.state.draft?.document ?? this.state.confirmed.document;
  }

  async load(): Promise<void> {
    const { state } = this;
    const file = await state.store.read(draftFile, parseDraftFile);
    if (file === undefined) return;
    const base = file.base === state.confirmed.meta.number ? state.confirmed : await state.revisions.read(file.base);
    // Without its base the draft cannot be merged; what it says is then simply what is wanted.
    const onto = base ?? state.confirmed;
    state.draft = draftOn({ ...file, base: onto.meta.number }, onto.document);
    // Merging needs the sections' schemas, so a draft that is behind waits for `settle`.
  }

  /** Brings the draft over what is confirmed now. Called after each confirmation and once at boot. */
  async settle(base: SettingsDocument): Promise<void> {
    const { draft, confirmed, sections } = this.state;
    if (draft === undefined || draft.base === confirmed.meta.number) return;
    await this.#save(rebaseDraft(sections, draft, base, confirmed));
  }

  /** @returns whether anything changed. @throws ApplianceError `invalid`, `conflict`, `not-found`, `storage`. */
  async edit(edit: Edit): Promise<boolean> {
    const { sections } = this.state;
    const section = this.#editable(edit.section);
    const before = sections.settingsOf(this.document(), section.id);
    if (before === undefined && edit.wholesale !== true) throw this.#unfit(section);
    const fitting = sections.fit(section, edit.change(structuredClone(before)));
    if (fitting.kind === 'unfit') throw refusal(section.id, fitting.reports);
    const refused = edit.check?.(fitting.settings) ?? [];
    if (refused.length > 0) throw refusal(section.id, refused);
    const touched = diffJson(before, fitting.settings, section.id).map(({ path }) => path);
    const claimed = new PathSet([...touched, ...(edit.claims ?? [])]);
    if (edit.baseRevision !== undefined) await this.#checkBase(edit.baseRevision, claimed);
    const collisions = this.state.draft?.collisions.filter(({ path }) => !claimed.overlaps(path)) ?? [];
    const settled = collisions.length < (this.state.draft?.collisions.length ?? 0);
    if (touched.length === 0 && before !== undefined && !settled) return false;
    const document = withSection(this.document(), section.id, sections.store(section, fitting.settings));
    await this.#replace(document, collisions, claimed, edit.caller, touched);
    return true;
  }

  /** @returns whether anything changed. @throws ApplianceError `conflict`, `not-found`, `storage`. */
  async remove({ section: id, caller, baseRevision }: Removal): Promise<boolean> {
    const { confirmed, sections } = this.state;
    const stored = this.document().get(id);
    if (sections.get(id) !== undefined) {
      // It came back since the caller looked, and then taking it away would leave a loaded section without settings.
      throw new ApplianceError(
        'conflict',
        `Section ${id} was loaded just now. Look at it again, then repeat the change.`,
      );
    }
    if (stored === undefined && !confirmed.document.has(id)) throw this.#notEditable(id);
    const lock = stored === undefined ? undefined : this.state.lockOf(stored.scope);
    if (lock !== undefined) throw new ApplianceError('conflict', lock.text, { reports: [lock] });
    const claimed = new PathSet([id]);
    if (baseRevision !== undefined) await this.#checkBase(baseRevision, claimed);
    const before = this.state.draft?.collisions ?? [];
    const collisions = before.filter(({ path }) => !claimed.overlaps(path));
    if (stored === undefined && collisions.length === before.length) return false;
    await this.#replace(withoutSection(this.document(), id), collisions, claimed, caller, [id]);
    return true;
  }

  /** Takes the confirmed settings back at a place, or everywhere. @returns whether anything was pending there. */
  async revert(path: string, caller: Caller): Promise<boolean> {
    const { draft, confirmed, sections } = this.state;
    if (draft === undefined) return false;
    const [id, ...segments] = splitPath(path);
    if (id === undefined) {
      const paths = draft.changes.map((change) => change.path);
      await this.#save(undefined);
      this.#tell(caller, paths);
      return true;
    }
    const claims = [path.replace(/^\/+|\/+$/g, '')];
    const touched = new PathSet(claims);
    if (
      !draft.changes.some((change) => touched.overlaps(change.path)) &&
      !draft.collisions.some((each) => touched.overlaps(each.path))
    ) {
      return false;
    }
    const stored = confirmed.document.get(id);
    const settings = sections.settingsOf(confirmed.document, id);
    if (segments.length > 0 && settings !== undefined) {
      const was = valueAt(settings, segments);
      const change = (now: unknown) =>
        was === undefined ? withoutValue(now, segments) : withValue(now, segments, was);
      return this.edit({ section: id, caller, change, claims });
    }
    const document = new Map(draft.document);
    if (stored === undefined) document.delete(id);
    else document.set(id, stored);
    const collisions = draft.collisions.filter((each) => !touched.overlaps(each.path));
    await this.#replace(document, collisions, touched, caller, claims);
    return true;
  }

  async drop(): Promise<void> {
    await this.#save(undefined);
  }

  #editable(id: string): AnySection {
    const section = this.state.sections.get(id);
    if (section === undefined) throw this.#notEditable(id);
    const lock = this.state.lockOf(section.scope);
    if (lock !== undefined) throw new ApplianceError('conflict', lock.text, { reports: [lock] });
    return section;
  }

  #notEditable(id: string): ApplianceError {
    const code = this.state.knows(this.document(), id) ? 'settings.section.not-loaded' : 'settings.section.unknown';
    const report = settingsReports.report(code, { section: id }, id);
    return new ApplianceError('not-found', report.text, { reports: [report] });
  }

  #unfit(section: AnySection): ApplianceError {
    const stored = this.document().get(section.id);
    const reading = stored === undefined ? undefined : this.state.sections.read(section, stored);
    const report: Report =
      reading?.kind === 'unfit'
        ? reading.report
        : settingsReports.report('settings.section.came-back', { section: section.id }, section.id);
    return new ApplianceError('unavailable', report.text, { reports: [report] });
  }

  /** Optimistic concurrency: what the caller looked at must not have changed under the places being edited. */
  async #checkBase(number: number, claimed: PathSet): Promise<void> {
    const { confirmed, revisions, sections } = this.state;
    if (number === confirmed.meta.number) return;
    const base = await revisions.read(number);
    if (base === undefined) {
      throw new ApplianceError(
        'conflict',
        `Revision ${number} is no longer there. Look at the settings again, then repeat the change.`,
      );
    }
    const overtaken = documentChanges(sections, base.document, confirmed.document).find(({ path }) =>
      claimed.overlaps(path),
    );
    if (overtaken === undefined) return;
    const { author, number: revision } = confirmed.meta;
    const params = { field: overtaken.path, author, revision };
    const report = settingsReports.report('settings.edit.overtaken', params, overtaken.path);
    throw new ApplianceError('conflict', report.text, { reports: [report] });
  }

  async #replace(
    document: SettingsDocument,
    collisions: Draft['collisions'],
    touched: PathSet,
    caller: Caller,
    paths: readonly string[],
  ): Promise<void> {
    const { confirmed, draft, parts, sections } = this.state;
    const edit = { touched, caller, at: parts.clock.now() };
    const changes = attribute(sections, confirmed.document, document, draft?.changes ?? [], edit);
    const empty = changes.length === 0 && [...document.keys()].every((id) => confirmed.document.has(id));
    const next = { base: confirmed.meta.number, document, changes, collisions, includes: draft?.includes };
    await this.#save(empty ? undefined : next);
    this.#tell(caller, paths);
  }

  async #save(draft: Draft | undefined): Promise<void> {
    const { state } = this;
    try {
      if (draft !== undefined) await state.store.write(draftFile, draftText(draft, state.confirmed.document));
      else if (state.draft !== undefined) await state.store.remove(draftFile);
    } catch (thrown) {
      throw storageError('The draft', thrown);
    }
    state.draft = draft;
  }

  #tell(caller: Caller, paths: readonly string[]): void {
    this.state.parts.publish(draftChanged, {
      author: caller.name,
      surface: caller.surface,
      paths: paths.slice(0, maxPathsInEvent),
      changed: paths.length,
      pending: this.state.draft?.changes.length ?? 0,
    });
  }
}

function refusal(id: string, reports: readonly Report[]): ApplianceError {
  const [only, ...others] = reports;
  const text =
    others.length === 0 && only !== undefined ? only.text : `Section ${id} does not take this. See the reports.`;
  return new ApplianceError('invalid', text, { reports });
}
