import { bondTables } from './bond-table.ts';
import { findGuideFaults } from './guide-faults.ts';
import { readMaterial } from './material.ts';
import { actionsPage, eventsPage, reportsPage, settingsPage, statusPage } from './pages.ts';

export interface Made {
  /** Files of docs/reference by name. */
  readonly pages: ReadonlyMap<string, string>;
  /** Generated parts of the operator guide by name. */
  readonly parts: ReadonlyMap<string, string>;
  /** What is wrong in the guides that people write. */
  readonly faults: readonly string[];
}

export async function makePages(repository: string): Promise<Made> {
  const { actions, sections, statuses, definitions } = await readMaterial(repository);
  const pages = new Map([
    ['settings.md', settingsPage(sections)],
    ['actions.md', actionsPage(actions)],
    ['events.md', eventsPage(definitions)],
    ['reports.md', reportsPage(definitions)],
    ['status.md', statusPage(statuses)],
  ]);
  const faults = await findGuideFaults(
    repository,
    actions.map(({ id }) => id),
  );
  return { pages, parts: new Map([['bond-modes', bondTables()]]), faults };
}
