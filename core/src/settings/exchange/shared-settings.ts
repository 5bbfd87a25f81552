import type { Scope, SharedSettings } from '../../sdk/index.js';
import { checksumOf, type SettingsDocument, type StoredSection, withSection } from '../document/document.js';
import { isObject } from '../document/json-tree.js';
import type { EngineState } from '../engine-parts.js';
import type { RevisionMeta } from '../store/revision.js';

/** The loaded sections of a scope in a document, those of `only` if it is given. */
export function shareDocument(
  { sections }: EngineState,
  document: SettingsDocument,
  scope: Scope,
  meta: Pick<RevisionMeta, 'number' | 'author' | 'at'>,
  only?: ReadonlySet<string>,
): SharedSettings {
  const shared: Record<string, SharedSettings['sections'][string]> = {};
  const checksums: Record<string, string> = {};
  for (const section of sections.all()) {
    if (section.scope !== scope || only?.has(section.id) === false) continue;
    const settings = sections.settingsOf(document, section.id);
    if (settings === undefined) continue;
    shared[section.id] = { version: section.version, settings };
    checksums[section.id] = checksumOf(canonicalJson([section.version, settings]));
  }
  return { scope, sections: shared, checksums, revision: meta.number, author: meta.author, at: meta.at };
}

/** The confirmed document with the shared sections in place of its own; those that are not loaded here, or of another scope, stay. */
export function documentWith({ sections, confirmed }: EngineState, shared: SharedSettings): SettingsDocument {
  let document = confirmed.document;
  for (const [id, { version, settings }] of Object.entries(shared.sections)) {
    const section = sections.get(id);
    if (section?.scope !== shared.scope) continue;
    const stored: StoredSection = { version, scope: shared.scope, settings };
    // fitted here, so that it is kept as this version writes it; what does not fit is reported by the assessment
    const fitting = sections.read(section, stored);
    document = withSection(document, id, fitting.kind === 'fits' ? sections.store(section, fitting.settings) : stored);
  }
  return document;
}

/** The same text for the same value, whatever the order of its properties. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
