import { type Clock, type Report } from '../../sdk/index.js';
import { limited, limits } from '../limits.js';
import { settingsReports } from '../reports.js';
import { type AnySection, reasonOf } from '../sections.js';

export type FactsReading =
  | { readonly kind: 'read'; readonly facts: unknown }
  | { readonly kind: 'failed'; readonly reason: string };

export type FactsById = ReadonlyMap<string, FactsReading>;

/** All sections look at the system at once; one that fails or hangs keeps none of the others from it. */
export async function readFacts(clock: Clock, sections: readonly AnySection[]): Promise<FactsById> {
  const readings = await Promise.all(
    sections.map(async (section): Promise<readonly [string, FactsReading]> => {
      try {
        const what = `Looking at the system for ${section.id}`;
        const facts = await limited(clock, limits.factsMs, what, async (signal) => section.readFacts(signal));
        return [section.id, { kind: 'read', facts }];
      } catch (thrown) {
        return [section.id, { kind: 'failed', reason: reasonOf(thrown) }];
      }
    }),
  );
  return new Map(readings);
}

/** @param needed The section is part of a change; otherwise it is only left out. */
export function factsReport(id: string, reason: string, needed: boolean): Report {
  const code = needed ? 'settings.section.facts-failed' : 'settings.section.facts-missing';
  return settingsReports.report(code, { section: id, reason }, id);
}
