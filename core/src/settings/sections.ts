import type { z } from 'zod';
import {
  ApplianceError,
  type DocumentReader,
  type Rendering,
  type Report,
  type Section,
  type SectionReference,
  toDisposable,
} from '../sdk/index.js';
import { isGranted } from '../sdk/granted-path.js';
import { issueText } from '../kernel/issue-text.js';
import { scopeSchema, sectionId, type SettingsDocument, type StoredSection } from './document/document.js';
import { deepFreeze, joinPath } from './document/json-tree.js';
import { SchemaTree } from './document/schema-tree.js';
import { settingsReports } from './reports.js';
import { isArchivable } from './store/archive.js';

/** A section whose types are gone: the engine moves settings and facts around and never looks inside. */
export type AnySection = Section<unknown, unknown>;

export type Reading =
  | { readonly kind: 'fits'; readonly settings: unknown }
  /** Kept and not applied; the report says why. */
  | { readonly kind: 'unfit'; readonly report: Report };

export type Fitting =
  | { readonly kind: 'fits'; readonly settings: unknown }
  | { readonly kind: 'unfit'; readonly reports: readonly Report[] };

/** The plugin that a section comes from. */
export interface SectionOwner {
  readonly id: string;
  /** Files and folders that it may write: the manifest's `grants.files`. */
  readonly files: readonly string[];
}

export const defaultOrder = 100;

/** The sections of all active plugins. Reading a stored section (migrating, parsing) is done once per stored object. */
export class SectionRegistry {
  readonly #sections = new Map<string, { readonly section: AnySection; readonly owner: SectionOwner }>();
  readonly #readings = new WeakMap<AnySection, WeakMap<StoredSection, Reading>>();
  readonly #trees = new WeakMap<AnySection, SchemaTree>();
  #ordered: readonly AnySection[] | undefined;

  /** @throws ApplianceError `conflict` for an id that is taken, `invalid` for a section that cannot be kept. */
  add(section: AnySection, owner: SectionOwner): Disposable {
    const taken = this.#sections.get(section.id);
    if (taken !== undefined) {
      throw new ApplianceError(
        'conflict',
        `Section ${section.id} of ${owner.id} is already there: ${taken.owner.id} has it. A field belongs to one section only.`,
      );
    }
    if (!sectionId.safeParse(section.id).success || !scopeSchema.safeParse(section.scope).success) {
      throw new ApplianceError('invalid', `Section ${section.id} of ${owner.id} needs a plain id and a known scope.`);
    }
    if (!Number.isInteger(section.version) || section.version < 1) {
      throw new ApplianceError('invalid', `Section ${section.id} of ${owner.id} needs a version of 1 or more.`);
    }
    this.#sections.set(section.id, { section, owner });
    this.#ordered = undefined;
    return toDisposable(() => {
      if (this.#sections.get(section.id)?.section === section) this.#sections.delete(section.id);
      this.#ordered = undefined;
    });
  }

  get(id: string): AnySection | undefined {
    return this.#sections.get(id)?.section;
  }

  ownerOf(id: string): string | undefined {
    return this.#sections.get(id)?.owner.id;
  }

  /** What a section has rendered that core may not write for it: with root's rights it could replace any file. */
  misplaced({ id }: AnySection, { files }: Rendering): readonly Report[] {
    const owner = this.#sections.get(id)?.owner;
    return files.flatMap(({ path: file }) => {
      if (!isArchivable(file)) return settingsReports.report('settings.file.refused', { section: id, file }, id);
      if (owner === undefined || isGranted(file, owner.files)) return [];
      return settingsReports.report('settings.file.not-granted', { section: id, file, plugin: owner.id }, id);
    });
  }

  /** In the order of applying. */
  all(): readonly AnySection[] {
    this.#ordered ??= [...this.#sections.values()]
      .map(({ section }) => section)
      .sort((a, b) => (a.order ?? defaultOrder) - (b.order ?? defaultOrder) || (a.id < b.id ? -1 : 1));
    return this.#ordered;
  }

  tree(section: AnySection): SchemaTree {
    let tree = this.#trees.get(section);
    if (tree === undefined) this.#trees.set(section, (tree = new SchemaTree(section.schema)));
    return tree;
  }

  /** Fits a value to the section's schema; what it gives is frozen. */
  fit(section: AnySection, value: unknown): Fitting {
    const parsed = section.schema.safeParse(value, { error: issueText });
    if (parsed.success) return { kind: 'fits', settings: deepFreeze(parsed.data) };
    return { kind: 'unfit', reports: parsed.error.issues.map((issue) => issueReport(section.id, issue)) };
  }

  read(section: AnySection, stored: StoredSection): Reading {
    let readings = this.#readings.get(section);
    if (readings === undefined) this.#readings.set(section, (readings = new WeakMap()));
    let reading = readings.get(stored);
    if (reading === undefined) readings.set(stored, (reading = this.#read(section, stored)));
    return reading;
  }

  /** A stored section made of settings that were just fitted, so that they are not parsed again. */
  store(section: AnySection, settings: unknown): StoredSection {
    const stored = { version: section.version, scope: section.scope, settings };
    let readings = this.#readings.get(section);
    if (readings === undefined) this.#readings.set(section, (readings = new WeakMap()));
    readings.set(stored, { kind: 'fits', settings });
    return stored;
  }

  /** Settings of a loaded section of a document, or undefined when they are absent or unfit. */
  settingsOf(document: SettingsDocument, id: string): unknown {
    const section = this.get(id);
    const stored = document.get(id);
    if (section === undefined || stored === undefined) return undefined;
    const reading = this.read(section, stored);
    return reading.kind === 'fits' ? reading.settings : undefined;
  }

  reader(document: SettingsDocument): DocumentReader {
    return {
      section: <Settings>(reference: SectionReference<Settings>) =>
        // The reference and the section come from the same contract, and the value was parsed by that section's schema.
        this.settingsOf(document, reference.id) as Settings | undefined,
    };
  }

  /** Brings stored settings to this version, without checking that they fit. */
  migrate(section: AnySection, stored: StoredSection): Reading {
    const { id, version: known } = section;
    if (stored.version > known) {
      const report = settingsReports.report(
        'settings.section.too-new',
        { section: id, stored: stored.version, known },
        id,
      );
      return { kind: 'unfit', report };
    }
    // A migration may change what it is given in place; what is stored stays as it is.
    let settings = stored.version < known ? structuredClone(stored.settings) : stored.settings;
    try {
      for (let version = stored.version; version < known; version++) {
        const step = section.migrations?.[version];
        if (step === undefined) throw new Error(`there is no migration from version ${version}`);
        settings = step(settings);
      }
      return { kind: 'fits', settings };
    } catch (thrown) {
      const params = { section: id, stored: stored.version, known, reason: reasonOf(thrown) };
      return { kind: 'unfit', report: settingsReports.report('settings.section.migration-failed', params, id) };
    }
  }

  #read(section: AnySection, stored: StoredSection): Reading {
    const migrated = this.migrate(section, stored);
    if (migrated.kind === 'unfit') return migrated;
    const fitting = this.fit(section, migrated.settings);
    if (fitting.kind === 'fits') return fitting;
    const { id } = section;
    const reason = fitting.reports[0]?.text.replace(/\.$/, '') ?? 'unknown';
    return { kind: 'unfit', report: settingsReports.report('settings.section.unfit', { section: id, reason }, id) };
  }
}

/** What was thrown, as the end of a sentence. */
export function reasonOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\.$/, '');
}

function issueReport(id: string, issue: z.core.$ZodIssue): Report {
  const path = joinPath([id, ...issue.path.map(String)]);
  const reason = issue.message.replace(/\.$/, '');
  return settingsReports.report('settings.value.invalid', { field: path, reason }, path);
}
