import { ApplianceError, type Caller, type Report } from '../../sdk/index.js';
import { defaultsOf } from '../activation/defaults.js';
import { readFacts } from '../activation/facts.js';
import { splitPath, valueAt, withoutValue, withValue } from '../document/json-tree.js';
import { hasSecrets, restoreSecrets } from '../document/secrets.js';
import { parseValueText } from '../document/value-text.js';
import { settingsReports } from '../reports.js';
import type { SettingsEngine } from '../settings-engine.js';
import { droppedPaths, findPlace, type Place, unknownFieldReports } from './path-check.js';

export interface TextEdit {
  readonly path: string;
  readonly caller: Caller;
  readonly baseRevision: number | undefined;
}

export interface TextSet extends TextEdit {
  /** The text was given where others may see it, so that it must hold no secret. Default false. */
  readonly inClear?: boolean;
}

/** Sets a place to what an operator typed. @returns the verification of the draft. @throws ApplianceError `not-found`, `invalid`, `conflict`. */
export async function setText(engine: SettingsEngine, edit: TextSet, text: string): Promise<readonly Report[]> {
  const { state, desk } = engine;
  const place = findPlace(state, desk.document(), edit.path);
  const { section, segments, nodes, path } = place;
  const parsed = parseValueText(state.sections.tree(section), nodes, text);
  if (!parsed.ok) {
    const report = settingsReports.report('settings.value.unfit', { field: path, expected: parsed.expected }, path);
    throw new ApplianceError('invalid', report.text, { reports: [report] });
  }
  if (edit.inClear === true && hasSecrets(state.sections.tree(section), parsed.value, segments)) {
    const report = settingsReports.report('settings.secret.in-clear', { field: path }, path);
    throw new ApplianceError('invalid', report.text, { reports: [report] });
  }
  const current = state.sections.settingsOf(desk.document(), section.id);
  const { value } = restoreSecrets(parsed.value, valueAt(current, segments));
  return engine.edit({
    section: section.id,
    caller: edit.caller,
    baseRevision: edit.baseRevision,
    wholesale: segments.length === 0,
    claims: [path],
    change: (settings) => withValue(settings, segments, value),
    check: (settings) => missingReports(place, value, settings),
  });
}

/**
 * Takes a value away; what must have one goes back to the section's default. A whole section that is not loaded has no
 * defaults and goes, with its files.
 */
export async function unsetPath(engine: SettingsEngine, edit: TextEdit): Promise<readonly Report[]> {
  const { state, desk } = engine;
  const [id, ...inner] = splitPath(edit.path);
  if (id !== undefined && inner.length === 0 && state.sections.get(id) === undefined) {
    if (state.knows(desk.document(), id))
      return engine.remove({ section: id, caller: edit.caller, baseRevision: edit.baseRevision });
  }
  const { section, segments, path } = findPlace(state, desk.document(), edit.path);
  const common = { section: section.id, caller: edit.caller, baseRevision: edit.baseRevision, claims: [path] };
  if (segments.length > 0) {
    const removed = withoutValue(state.sections.settingsOf(desk.document(), section.id), segments);
    if (state.sections.fit(section, removed).kind === 'fits') {
      return engine.edit({ ...common, change: (settings) => withoutValue(settings, segments) });
    }
  }
  const facts = (await readFacts(state.parts.clock, [section])).get(section.id);
  if (facts?.kind !== 'read') {
    throw new ApplianceError(
      'unavailable',
      `The default of ${path} is not known: ${facts?.reason ?? 'nothing was read'}.`,
    );
  }
  const defaults = defaultsOf(state, section, facts.facts);
  if (segments.length === 0) return engine.edit({ ...common, wholesale: true, change: () => defaults });
  const value = valueAt(defaults, segments);
  if (value === undefined)
    throw new ApplianceError(
      'invalid',
      `${path} must have a value and has no default. Set it, or unset what it belongs to.`,
    );
  return engine.edit({ ...common, change: (settings) => withValue(settings, segments, value) });
}

/** A value that the schema dropped was typed for nothing, and the operator should know. */
function missingReports(place: Place, value: unknown, settings: unknown): readonly Report[] {
  const { path, segments } = place;
  const index = segments.at(-1);
  const fitted = index === '-' ? undefined : valueAt(settings, segments);
  if (index === '-' || value === null) return [];
  return unknownFieldReports(fitted === undefined ? [path] : droppedPaths(value, fitted, path));
}
