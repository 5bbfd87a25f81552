import type { EngineProperty, Report } from '../../sdk/index.js';
import { settingsReports } from '../reports.js';
import type { OwnedFile } from '../store/owned-files.js';
import type { StoredRendering } from '../store/rendered-set.js';

/** A section that is taken away while its plugin is not there: its files go, its engines and properties stay as they are. */
export interface RemovedSection {
  readonly id: string;
  /** That no other section has. */
  readonly files: readonly RemovedFile[];
  readonly properties: readonly EngineProperty[];
}

export interface RemovedFile extends OwnedFile {
  readonly path: string;
}

/** More files than this are counted only; the plan lists them all. */
const maxFilesInReport = 10;

/** What the revision stored and what is recorded as owned: either can know of files that the other does not. */
export function filesOf(
  stored: StoredRendering | undefined,
  owned: ReadonlyMap<string, OwnedFile> | undefined,
): readonly RemovedFile[] {
  const files = new Map((stored?.files ?? []).map(({ content: _content, ...file }) => [file.path, file] as const));
  for (const [path, how] of owned ?? []) files.set(path, { path, ...how });
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function removedReports({ id, files, properties }: RemovedSection): readonly Report[] {
  const names = files.slice(0, maxFilesInReport).map(({ path }) => path);
  const more = files.length - names.length;
  const listed = names.length === 0 ? 'none' : `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const removed = settingsReports.report('settings.section.removed', { section: id, files: listed }, id);
  if (properties.length === 0) return [removed];
  const values = [...new Set(properties.map(({ engine, name }) => `${engine} ${name}`))].join(', ');
  return [removed, settingsReports.report('settings.section.values-stay', { section: id, properties: values }, id)];
}
