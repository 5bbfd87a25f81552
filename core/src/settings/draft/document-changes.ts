import type { SettingsDocument } from '../document/document.js';
import { diffJson, type JsonChange } from '../document/json-diff.js';
import { sameJson } from '../document/json-tree.js';
import type { SectionRegistry } from '../sections.js';

/** Ids of the sections that differ. Loaded ones are compared as this version reads them, others as they are stored. */
export function changedSections(
  sections: SectionRegistry,
  before: SettingsDocument,
  after: SettingsDocument,
): readonly string[] {
  const ids = [...new Set([...before.keys(), ...after.keys()])];
  return ids.filter((id) => {
    if (before.get(id) === after.get(id)) return false;
    const [a, b] = [comparable(sections, before, id), comparable(sections, after, id)];
    return !sameJson(a, b);
  });
}

/** Every place that differs, its path beginning with the section's id. A section that is not loaded is one place. */
export function documentChanges(
  sections: SectionRegistry,
  before: SettingsDocument,
  after: SettingsDocument,
): readonly JsonChange[] {
  return changedSections(sections, before, after).flatMap((id) => {
    const [a, b] = [sections.settingsOf(before, id), sections.settingsOf(after, id)];
    if (a !== undefined && b !== undefined) return diffJson(a, b, id);
    const [storedBefore, storedAfter] = [comparable(sections, before, id), comparable(sections, after, id)];
    const kind = storedBefore === undefined ? 'add' : storedAfter === undefined ? 'remove' : 'change';
    return [{ path: id, kind, before: storedBefore, after: storedAfter } as const];
  });
}

/** Ids of the sections that are there before and are not any more. */
export function removedSections(before: SettingsDocument, after: SettingsDocument): readonly string[] {
  return [...before.keys()].filter((id) => !after.has(id));
}

function comparable(sections: SectionRegistry, document: SettingsDocument, id: string): unknown {
  return sections.settingsOf(document, id) ?? document.get(id)?.settings;
}
