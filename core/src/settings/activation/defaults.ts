import type { Report } from '../../sdk/index.js';
import { type SettingsDocument, withSection } from '../document/document.js';
import type { EngineState } from '../engine-parts.js';
import { settingsReports } from '../reports.js';
import { type AnySection, reasonOf } from '../sections.js';
import type { Origin, Revision } from '../store/revision.js';
import { nextRevision } from './activation.js';
import { assess } from './assessment.js';
import { readFacts } from './facts.js';
import { renderedSet } from './rendered.js';

export interface WithDefaults {
  readonly document: SettingsDocument;
  /** Sections that got their defaults. */
  readonly added: readonly string[];
  readonly reports: readonly Report[];
}

/** The document with the defaults of every loaded section that it lacks. */
export async function addDefaults(state: EngineState, document: SettingsDocument): Promise<WithDefaults> {
  const missing = state.sections.all().filter((section) => !document.has(section.id));
  const facts = await readFacts(state.parts.clock, missing);
  const reports: Report[] = [];
  const added: string[] = [];
  let complete = document;
  for (const section of missing) {
    const { id } = section;
    const known = facts.get(id);
    try {
      if (known?.kind !== 'read') throw new Error(known?.reason ?? 'not asked');
      complete = withSection(complete, id, state.sections.store(section, defaultsOf(state, section, known.facts)));
      added.push(id);
    } catch (thrown) {
      const params = { section: id, reason: reasonOf(thrown) };
      reports.push(settingsReports.report('settings.section.defaults-failed', params, id));
    }
  }
  return { document: complete, added, reports };
}

/** @throws when the section cannot make defaults that fit its own schema. */
export function defaultsOf(state: EngineState, section: AnySection, facts: unknown): unknown {
  const fitting = state.sections.fit(section, section.defaults(facts));
  if (fitting.kind === 'fits') return fitting.settings;
  throw new Error(`its defaults do not fit: ${fitting.reports.map((report) => report.text).join(' ')}`);
}

/**
 * Confirms a document at once, without applying it: for documents that nobody asked to try out.
 * @throws ApplianceError `storage`: the confirmed revision is the one before.
 */
export async function confirmDocument(
  state: EngineState,
  document: SettingsDocument,
  about: { readonly origin: Origin; readonly author: string; readonly surface: string; readonly comment: string },
): Promise<Revision> {
  const { number: before } = state.confirmed.meta;
  const number = await nextRevision(state);
  const at = state.parts.clock.now();
  const { work } = await assess(state, document, undefined);
  const rendered = renderedSet(state.sections, document, work, await state.revisions.rendered(before));
  const meta = { ...about, number, at, parent: before === 0 ? null : before };
  const revision = await state.revisions.write(meta, document, rendered);
  await state.revisions.confirm(number);
  state.confirmed = revision;
  state.running = revision;
  return revision;
}
