import { ApplianceError, type Report } from '../../sdk/index.js';
import { childPath, isObject, joinPath, type JsonObject, splitPath, valueAt } from '../document/json-tree.js';
import type { SettingsDocument } from '../document/document.js';
import type { EngineState } from '../engine-parts.js';
import { settingsReports } from '../reports.js';
import type { AnySection } from '../sections.js';

/** A place in the settings that exists, or may exist, in a loaded section. */
export interface Place {
  readonly path: string;
  readonly section: AnySection;
  /** Within the section. */
  readonly segments: readonly string[];
  readonly nodes: readonly JsonObject[];
}

const maxNamesInHint = 12;

/** @throws ApplianceError `not-found` with a report that names what is nearest. */
export function findPlace(state: EngineState, document: SettingsDocument, path: string): Place {
  const [id, ...segments] = splitPath(path);
  const section = id === undefined ? undefined : state.sections.get(id);
  if (id === undefined || section === undefined) {
    if (id !== undefined && state.knows(document, id))
      throw notFound(settingsReports.report('settings.section.not-loaded', { section: id }, id));
    throw unknownPath(
      path,
      nearest(
        id ?? '',
        state.sections.all().map((each) => each.id),
      ),
    );
  }
  const tree = state.sections.tree(section);
  const settings = state.sections.settingsOf(document, id);
  let nodes = tree.root();
  for (const [depth, segment] of segments.entries()) {
    const inner = tree.child(nodes, segment);
    if (inner.length === 0) {
      const present = valueAt(settings, segments.slice(0, depth));
      const names = new Set([...tree.keys(nodes), ...(isObject(present) ? Object.keys(present) : [])]);
      throw unknownPath(joinPath([id, ...segments]), nearest(segment, [...names]));
    }
    nodes = inner;
  }
  return { path: joinPath([id, ...segments]), section, segments, nodes };
}

/** Places of an input that the schema dropped, because it does not know them. */
export function droppedPaths(input: unknown, fitted: unknown, path: string): readonly string[] {
  if (Array.isArray(input) && Array.isArray(fitted)) {
    return input.flatMap((each, index) => droppedPaths(each, fitted[index], childPath(path, String(index))));
  }
  if (!isObject(input) || !isObject(fitted)) return [];
  return Object.entries(input).flatMap(([key, each]) => {
    if (each === undefined) return [];
    const inner = childPath(path, key);
    return fitted[key] === undefined ? [inner] : droppedPaths(each, fitted[key], inner);
  });
}

export function unknownFieldReports(paths: readonly string[]): readonly Report[] {
  return paths.map((path) =>
    settingsReports.report(
      'settings.path.unknown',
      { field: path, hint: 'Check its name, and whether it goes with the other settings there.' },
      path,
    ),
  );
}

function unknownPath(path: string, hint: string): ApplianceError {
  return notFound(settingsReports.report('settings.path.unknown', { field: path, hint }, path));
}

function notFound(report: Report): ApplianceError {
  return new ApplianceError('not-found', report.text, { reports: [report] });
}

function nearest(typed: string, names: readonly string[]): string {
  if (names.length === 0) return 'Nothing can be set there.';
  const ranked = names.map((name) => ({ name, distance: distance(typed.toLowerCase(), name.toLowerCase()) }));
  const best = ranked.reduce((a, b) => (b.distance < a.distance ? b : a));
  if (best.distance <= Math.max(1, Math.floor(best.name.length / 3))) return `Did you mean ${best.name}?`;
  const listed = names.slice(0, maxNamesInHint).join(', ');
  return `Known there: ${listed}${names.length > maxNamesInHint ? ', …' : ''}.`;
}

/** Edit distance of two short names; two neighbours swapped count as one. */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const crossed = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = crossed ? (before[j - 2] ?? 0) + 1 : replaced;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
