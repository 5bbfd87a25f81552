import type { Report } from '../sdk/index.js';
import type { EngineState } from './engine-parts.js';

/** Confirmed sections that this version cannot take over, and files that were damaged. Changes nothing. */
export function unfitSections({ sections, confirmed, store }: EngineState): readonly Report[] {
  const reports = [...store.damage];
  for (const section of sections.all()) {
    const stored = confirmed.document.get(section.id);
    const reading = stored === undefined ? undefined : sections.read(section, stored);
    if (reading?.kind === 'unfit') reports.push(reading.report);
  }
  return reports;
}
