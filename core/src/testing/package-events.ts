import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Manifest } from '../plugins/manifest.js';

/** Modules that define events, by the house's names for them. */
const telling = /(^|[/-])(contract|events)\.js$/;

/** Ids of the events that a package's `contract.js` and `…events.js` export, alone or in lists and records. */
export async function readEventIds(folder: string, { entry, id }: Manifest): Promise<readonly string[]> {
  const base = dirname(join(folder, entry));
  const entries = await readdir(base, { recursive: true, withFileTypes: true });
  const ids = new Set<string>();
  for (const file of entries) {
    const path = join(file.parentPath, file.name);
    if (!file.isFile() || !telling.test(path) || path.includes('/node_modules/')) continue;
    const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(path).href);
    for (const value of Object.values(exported).flatMap(withinOne)) {
      if (isEvent(value) && value.id.startsWith(`${id}.`)) ids.add(value.id);
    }
  }
  return [...ids].sort();
}

function withinOne(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? [value, ...Object.values(value)] : [];
}

/** Status definitions have a title, events a summary. */
function isEvent(value: unknown): value is { readonly id: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'summary' in value &&
    'schema' in value &&
    !('run' in value)
  );
}
