import { z } from 'zod';
import { ApplianceError, type Report } from '../../sdk/index.js';
import { type SettingsDocument, type StoredSection, withSection } from '../document/document.js';
import { jsonProblem } from '../document/json-problem.js';
import { isObject } from '../document/json-tree.js';
import { redactSecrets, restoreSecrets } from '../document/secrets.js';
import type { EngineState } from '../engine-parts.js';
import { settingsReports } from '../reports.js';
import { droppedPaths, unknownFieldReports } from './path-check.js';

/** Head of an exported file. Section ids cannot begin with a dollar sign. */
const head = '$gemel';

const headSchema = z.object({ format: z.literal(1), versions: z.record(z.string(), z.number().int().positive()) });

export interface ExportedDocument {
  readonly [section: string]: unknown;
}

/** The settings as a file that `gemel settings apply` takes: without secrets and without sections that are not loaded. */
export function exportDocument(state: EngineState, document: SettingsDocument, revision: number): ExportedDocument {
  const { sections } = state;
  const versions: Record<string, number> = {};
  const settings: Record<string, unknown> = {};
  const notIncluded: string[] = [];
  for (const id of [...document.keys()].sort()) {
    const section = sections.get(id);
    const value = sections.settingsOf(document, id);
    if (section === undefined || value === undefined) {
      notIncluded.push(id);
      continue;
    }
    versions[id] = section.version;
    settings[id] = redactSecrets(sections.tree(section), value);
  }
  return { [head]: { format: 1, revision, versions, ...(notIncluded.length > 0 ? { notIncluded } : {}) }, ...settings };
}

/**
 * The confirmed settings with a file's sections in place of theirs; sections that the file does not name stay.
 * @throws ApplianceError `invalid` with every report: not JSON, unknown section or field, unfit value, missing secret.
 */
export function importDocument(state: EngineState, text: string): SettingsDocument {
  const file = parseFile(text);
  const { sections, confirmed } = state;
  const reports: Report[] = [];
  let document = confirmed.document;
  for (const [id, value] of Object.entries(file.sections)) {
    const section = sections.get(id);
    if (section === undefined) {
      const code = document.has(id) ? 'settings.section.not-loaded' : 'settings.section.unknown';
      reports.push(settingsReports.report(code, { section: id }, id));
      continue;
    }
    const stored: StoredSection = {
      version: file.versions[id] ?? section.version,
      scope: section.scope,
      settings: value,
    };
    const migrated = sections.migrate(section, stored);
    if (migrated.kind === 'unfit') {
      reports.push({ ...migrated.report, severity: 'error' });
      continue;
    }
    const before = sections.settingsOf(confirmed.document, id);
    const restored = restoreSecrets(migrated.settings, before);
    for (const inner of restored.missing) {
      const path = `${id}/${inner}`;
      reports.push(settingsReports.report('settings.secret.missing', { field: path }, path));
    }
    if (restored.missing.length > 0) continue;
    const fitting = sections.fit(section, restored.value);
    if (fitting.kind === 'unfit') {
      reports.push(...fitting.reports);
      continue;
    }
    reports.push(...unknownFieldReports(droppedPaths(restored.value, fitting.settings, id)));
    document = withSection(document, id, sections.store(section, fitting.settings));
  }
  if (reports.length > 0)
    throw new ApplianceError('invalid', 'The file cannot be applied. See the reports.', { reports });
  return document;
}

/** The settings of an older revision, with sections that are not loaded, or that it lacks, as they are confirmed now. */
export function documentLike(state: EngineState, older: SettingsDocument): SettingsDocument {
  const { sections, confirmed } = state;
  const taken = [...older].filter(([id]) => sections.get(id) !== undefined);
  return new Map([...confirmed.document, ...taken]);
}

function parseFile(text: string): {
  readonly sections: Record<string, unknown>;
  readonly versions: Record<string, number>;
} {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (failure) {
    throw new ApplianceError(
      'invalid',
      `The file is not JSON: ${jsonProblem(failure)}. Export one to see how it looks: gemel settings export.`,
    );
  }
  if (!isObject(parsed))
    throw new ApplianceError('invalid', 'The file must hold an object with one property per section.');
  const { [head]: header, ...sections } = parsed;
  if (header === undefined) return { sections, versions: {} };
  const known = headSchema.safeParse(header);
  if (!known.success) throw new ApplianceError('invalid', `The head "${head}" of the file is not one of this version.`);
  return { sections, versions: known.data.versions };
}
