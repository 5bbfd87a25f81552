import type { Caller, FileChange } from '../../sdk/index.js';
import type { SettingsDocument } from '../document/document.js';
import type { SectionRegistry } from '../sections.js';
import type { RenderedSet, StoredRendering } from '../store/rendered-set.js';
import type { SectionWork } from './assessment.js';

/** What a revision keeps of a document's renderings. Sections without work keep what was stored for them before. */
export function renderedSet(
  sections: SectionRegistry,
  document: SettingsDocument,
  work: readonly SectionWork[],
  before: RenderedSet,
): RenderedSet {
  const set = new Map([...before].filter(([id]) => document.has(id)));
  for (const each of work) {
    const known = before.get(each.section.id)?.units ?? [];
    const units = [...new Set([...known, ...unitsOf(sections, document, each, known)])];
    const { files, properties } = each.rendering;
    const stored: StoredRendering = { files, properties, units };
    set.set(each.section.id, stored);
  }
  return set;
}

/** The units a section would reload were all its files new. */
function unitsOf(
  sections: SectionRegistry,
  document: SettingsDocument,
  work: SectionWork,
  known: readonly string[],
): readonly string[] {
  const { section, settings, confirmed, facts, rendering } = work;
  const changes = rendering.files.map(
    (file): FileChange => ({ path: file.path, kind: 'create', before: undefined, after: file.content }),
  );
  const caller: Caller | undefined = undefined;
  try {
    const reader = sections.reader(document);
    return section.plan({ settings, confirmed, facts, document: reader, caller, rendering, changes }).units;
  } catch {
    // The list is for an emergency in which the plugin is missing; one that cannot plan now leaves the list as it was.
    return known;
  }
}
