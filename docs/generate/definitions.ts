import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EventDefinition, ReportDefinition } from '../../core/dist/sdk/index.js';

/** An event or a set of reports with whoever defines it: `core` or a plugin's id. */
export interface Owned<Definition> {
  readonly owner: string;
  readonly definition: Definition;
}

export interface Definitions {
  readonly events: readonly Owned<EventDefinition<unknown>>[];
  /** By code. */
  readonly reports: readonly Owned<readonly [string, ReportDefinition]>[];
}

/** Modules that hold definitions, by the house's names for them. */
const telling = /(^|\/)(contract|reports|([a-z]+-)?events)\.js$/;

/** Collects what the compiled modules of core and the plugins export as events and reports, each once. */
export async function readDefinitions(repository: string, plugins: readonly string[]): Promise<Definitions> {
  const events = new Map<string, Owned<EventDefinition<unknown>>>();
  const reports = new Map<string, Owned<readonly [string, ReportDefinition]>>();
  const owners = [['core', 'core/dist'], ...plugins.map((id) => [id, `plugins/${id}/dist`] as const)] as const;
  for (const [owner, folder] of owners) {
    for (const module of await modulesBelow(join(repository, folder))) {
      const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(module).href);
      for (const value of Object.values(exported).flatMap(withinOne)) {
        if (isEvent(value)) events.set(value.id, events.get(value.id) ?? { owner, definition: value });
        if (!isReportSet(value)) continue;
        for (const [id, report] of Object.entries(value.definitions))
          reports.set(id, { owner, definition: [id, report] });
      }
    }
  }
  return { events: sorted(events), reports: sorted(reports) };
}

async function modulesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => telling.test(relative(folder, path)))
    .sort();
}

/** Definitions are exported by themselves or as a list or record of them. */
function withinOne(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value)];
}

function sorted<Value>(byId: ReadonlyMap<string, Value>): readonly Value[] {
  return [...byId].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function isEvent(value: unknown): value is EventDefinition<unknown> {
  return (
    isObject(value) && typeof value['id'] === 'string' && typeof value['summary'] === 'string' && 'schema' in value
  );
}

function isReportSet(value: unknown): value is { readonly definitions: Readonly<Record<string, ReportDefinition>> } {
  return isObject(value) && isObject(value['definitions']) && typeof value['report'] === 'function';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
