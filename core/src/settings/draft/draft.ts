import { z } from 'zod';
import type { Caller } from '../../sdk/index.js';
import { jsonText, type SettingsDocument, sectionId, storedSectionSchema } from '../document/document.js';
import { PathSet } from '../document/json-diff.js';
import { mergeJson } from '../document/merge.js';
import type { SectionRegistry } from '../sections.js';
import type { Revision } from '../store/revision.js';
import { documentChanges, removedSections } from './document-changes.js';

/** A place that the draft changes, with whoever changed it last. */
export interface PendingChange {
  readonly path: string;
  readonly author: string;
  readonly surface: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
}

/** A place that was changed here and, meanwhile, in a revision that was confirmed. It must be decided before activation. */
export interface Collision {
  readonly path: string;
  readonly author: string;
  readonly revision: number;
}

/** What all operators together want to change. */
export interface Draft {
  /** The confirmed revision it is compared with. */
  readonly base: number;
  readonly document: SettingsDocument;
  readonly changes: readonly PendingChange[];
  readonly collisions: readonly Collision[];
  /** The revision whose activation this draft was the source of, so that its confirmation does not collide with it. */
  readonly includes: number | undefined;
}

const draftSchema = z.lazy(() =>
  z.object({
    format: z.literal(1),
    base: z.number().int().positive(),
    includes: z.number().int().positive().nullable(),
    sections: z.record(sectionId, storedSectionSchema),
    /** Sections of the base that the draft takes away. */
    removed: z.array(sectionId).default([]),
    changes: z.array(z.object({ path: z.string(), author: z.string(), surface: z.string(), at: z.number() })),
    collisions: z.array(z.object({ path: z.string(), author: z.string(), revision: z.number() })),
  }),
);

export type DraftFile = z.infer<typeof draftSchema>;

/** On disk a draft holds only the sections that differ, so it grows with the change and not with the appliance. */
export function draftText(draft: Draft, base: SettingsDocument): string {
  const sections = [...draft.document].filter(([id, stored]) => base.get(id) !== stored);
  return jsonText({
    format: 1,
    base: draft.base,
    includes: draft.includes ?? null,
    sections: Object.fromEntries(sections),
    removed: removedSections(base, draft.document),
    changes: draft.changes,
    collisions: draft.collisions,
  });
}

/** @throws when the text is not a draft. */
export function parseDraftFile(text: string): DraftFile {
  return draftSchema.parse(JSON.parse(text));
}

export function draftOn(file: DraftFile, base: SettingsDocument): Draft {
  const document = new Map([...base, ...Object.entries(file.sections)]);
  for (const id of file.removed) document.delete(id);
  const { base: number, changes, collisions, includes } = file;
  return { base: number, document, changes, collisions, includes: includes ?? undefined };
}

/**
 * The pending changes of a document, each with its author: whoever touched it now, else whoever it belonged to before.
 * @param touched What this edit changed; undefined for a rebase, which is nobody's edit.
 */
export function attribute(
  sections: SectionRegistry,
  confirmed: SettingsDocument,
  document: SettingsDocument,
  before: readonly PendingChange[],
  edit: { readonly touched: PathSet; readonly caller: Caller; readonly at: number } | undefined,
): readonly PendingChange[] {
  const owners = new Owners(before);
  return documentChanges(sections, confirmed, document).map(({ path }) => {
    const owner = owners.of(path);
    if (edit !== undefined && (owner === undefined || edit.touched.overlaps(path))) {
      return { path, author: edit.caller.name, surface: edit.caller.surface, at: edit.at };
    }
    return { path, author: owner?.author ?? 'core', surface: owner?.surface ?? 'core', at: owner?.at ?? 0 };
  });
}

/**
 * The draft over a newly confirmed revision: places that only one side changed are taken from it, places that both changed
 * keep the draft's value and become collisions.
 * @returns undefined when nothing is pending any more.
 */
export function rebaseDraft(
  sections: SectionRegistry,
  draft: Draft,
  base: SettingsDocument,
  onto: Revision,
): Draft | undefined {
  const { number, author } = onto.meta;
  const document = new Map(onto.document);
  const collisions = [...draft.collisions];
  for (const [id, mine] of draft.document) {
    if (base.get(id) === mine) continue;
    const theirs = onto.document.get(id);
    const section = sections.get(id);
    const mineSettings = sections.settingsOf(draft.document, id);
    const theirSettings = sections.settingsOf(onto.document, id);
    if (draft.includes === number || theirs === undefined) {
      document.set(id, mine);
      continue;
    }
    if (section === undefined || mineSettings === undefined || theirSettings === undefined) continue;
    const merged = mergeJson(sections.settingsOf(base, id), mineSettings, theirSettings, id);
    const fitting = sections.fit(section, merged.value);
    for (const path of merged.collisions) collisions.push({ path, author, revision: number });
    if (fitting.kind === 'fits') {
      document.set(id, sections.store(section, fitting.settings));
    } else {
      // Each side alone is fine and both together are not, which only a person can sort out.
      document.set(id, mine);
      collisions.push({ path: id, author, revision: number });
    }
  }
  for (const id of removedSections(base, draft.document)) {
    const theirs = onto.document.get(id);
    if (theirs !== base.get(id) && draft.includes !== number) collisions.push({ path: id, author, revision: number });
    document.delete(id);
  }
  const changes = attribute(sections, onto.document, document, draft.changes, undefined);
  if (changes.length === 0) return undefined;
  const pending = new PathSet(changes.map(({ path }) => path));
  return {
    base: number,
    document,
    changes,
    collisions: collisions.filter(({ path }) => pending.overlaps(path)),
    includes: undefined,
  };
}

/** Finds who a place belonged to: the same place, one around it, or the latest inside it. */
class Owners {
  readonly #exact = new Map<string, PendingChange>();
  readonly #inside = new Map<string, PendingChange>();

  constructor(changes: readonly PendingChange[]) {
    for (const change of changes) {
      this.#exact.set(change.path, change);
      for (const ancestor of above(change.path)) {
        const known = this.#inside.get(ancestor);
        if (known === undefined || known.at <= change.at) this.#inside.set(ancestor, change);
      }
    }
  }

  of(path: string): PendingChange | undefined {
    const own = this.#exact.get(path);
    if (own !== undefined) return own;
    for (const ancestor of above(path)) {
      const around = this.#exact.get(ancestor);
      if (around !== undefined) return around;
    }
    return this.#inside.get(path);
  }
}

function above(path: string): readonly string[] {
  const ancestors: string[] = [];
  for (let end = path.lastIndexOf('/'); end !== -1; end = path.lastIndexOf('/', end - 1))
    ancestors.push(path.slice(0, end));
  return ancestors;
}
