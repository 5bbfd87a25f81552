import type { Report } from '../../sdk/index.js';
import type { EngineState } from '../engine-parts.js';
import { settingsReports } from '../reports.js';
import { reasonOf } from '../sections.js';
import type { RenderedSet, StoredRendering } from '../store/rendered-set.js';
import { type Applier, applyFailure, type ApplyReason, type PreparedSection } from './applier.js';
import { defect, type SectionWork } from './assessment.js';
import { factsReport, readFacts } from './facts.js';

export interface Brought {
  /** What was applied, or tried. */
  readonly work: readonly SectionWork[];
  /** Of the sections that could not be brought to the running settings. */
  readonly failures: readonly Report[];
}

/**
 * Brings sections to the running settings, whatever state they are in: rollback and boot are both this. A section that
 * fails stops none of the others.
 * @param ids Sections to bring; every loaded one when undefined.
 * @param stored What the running revision came to when it was made: for a rollback, put back as files for sections that
 *               cannot be rendered now; at boot such sections are left alone.
 * @param removed Sections that had been taken away while not loaded: nothing but their files was changed, so putting those
 *                back is enough, and telling their units, which may be gone as well, is a kindness.
 */
export async function bring(
  state: EngineState,
  applier: Applier,
  reason: ApplyReason,
  ids: readonly string[] | undefined,
  stored: RenderedSet,
  removed: ReadonlySet<string> = new Set(),
): Promise<Brought> {
  const failures: Report[] = [];
  const wanted = new Set(ids ?? state.sections.all().map((section) => section.id));
  const work = await renderRunning(state, wanted, reason, failures);
  const done = new Set(work.map(({ section }) => section.id));
  const claimed = claims(work, stored);
  const prepared: PreparedSection[] = [];
  for (const each of work) {
    try {
      prepared.push(...(await applier.prepare([each], work)));
    } catch (thrown) {
      failures.push(applyFailure(each.section.id, thrown));
    }
  }
  await own(state, applier, prepared);
  let unwritten: Report | undefined;
  try {
    await applier.writeFiles(prepared);
  } catch (thrown) {
    unwritten = settingsReports.report('settings.apply.files-failed', { reason: `${reasonOf(thrown)}.` });
    failures.push(unwritten);
  }
  for (const each of prepared) {
    try {
      await applier.applySection(each, reason);
    } catch (thrown) {
      failures.push(applyFailure(each.section.id, thrown));
    }
  }
  if (reason === 'rollback') {
    for (const id of wanted) {
      if (done.has(id)) continue;
      if (removed.has(id)) failures.push(...(await restoreRemoved(state, applier, id, stored.get(id), claimed)));
      else failures.push(...(await restore(applier, id, stored.get(id), claimed)));
    }
  }
  for (const { section, changes } of prepared) {
    if (unwritten !== undefined && changes.length > 0) state.unapplied.set(section.id, unwritten.text);
  }
  for (const { path, text } of failures) if (wanted.has(path)) state.unapplied.set(path, text);
  return { work, failures };
}

/** Adds what a section cannot do to `failures`, at a rollback only when putting its files back is no way out. */
async function renderRunning(
  state: EngineState,
  wanted: ReadonlySet<string>,
  reason: ApplyReason,
  failures: Report[],
): Promise<readonly SectionWork[]> {
  const { sections, running, confirmed } = state;
  const loaded = sections.all().filter((section) => wanted.has(section.id));
  const facts = await readFacts(state.parts.clock, loaded);
  const work: SectionWork[] = [];
  const document = sections.reader(running.document);
  const complain = (report: Report) => {
    if (reason !== 'rollback') failures.push(report);
    else
      state.parts.log.warn({ section: report.path, reason: report.text }, 'section is restored from its stored files');
  };
  for (const section of loaded) {
    const { id } = section;
    const stored = running.document.get(id);
    if (stored === undefined) continue;
    const reading = sections.read(section, stored);
    const known = facts.get(id);
    if (reading.kind === 'unfit') complain(reading.report);
    else if (known?.kind !== 'read') complain(factsReport(id, known?.reason ?? 'not asked', true));
    else {
      try {
        const { settings } = reading;
        const rendering = section.render({ settings, facts: known.facts, document });
        const before = sections.settingsOf(confirmed.document, id) ?? settings;
        const misplaced = sections.misplaced(section, rendering);
        misplaced.forEach(complain);
        if (misplaced.length > 0) continue;
        work.push({ section, settings, confirmed: before, facts: known.facts, rendering });
      } catch (thrown) {
        complain(defect(id, 'render', thrown));
      }
    }
  }
  return work;
}

/** A full disk must not keep the files from being put right; every one of them has been owned before. */
async function own(state: EngineState, applier: Applier, prepared: readonly PreparedSection[]): Promise<void> {
  try {
    await applier.own(prepared.map(({ section, rendering }) => ({ id: section.id, files: rendering.files })));
  } catch (thrown) {
    state.parts.log.warn({ reason: reasonOf(thrown) }, 'the list of owned files could not be saved');
  }
}

async function restore(
  applier: Applier,
  id: string,
  stored: StoredRendering | undefined,
  claimed: ReadonlySet<string>,
): Promise<readonly Report[]> {
  const target = stored ?? { files: [], properties: [], units: [] };
  try {
    await applier.restore(id, target, claimed);
  } catch (thrown) {
    return [applyFailure(id, thrown)];
  }
  if (target.properties.length === 0) return [];
  const names = target.properties.map((property) => `${property.engine} ${property.name}`).join(', ');
  return [applyFailure(id, new Error(`its plugin is not loaded, so ${names} could not be set back`))];
}

async function restoreRemoved(
  state: EngineState,
  applier: Applier,
  id: string,
  stored: StoredRendering | undefined,
  claimed: ReadonlySet<string>,
): Promise<readonly Report[]> {
  const failures = await restore(applier, id, { files: stored?.files ?? [], properties: [], units: [] }, claimed);
  for (const unit of stored?.units ?? []) {
    try {
      await state.parts.units.reloadOrRestart(unit);
    } catch (thrown) {
      state.parts.log.warn(
        { section: id, unit, reason: reasonOf(thrown) },
        'a unit was not told of its restored files',
      );
    }
  }
  return failures;
}

function claims(work: readonly SectionWork[], stored: RenderedSet): ReadonlySet<string> {
  const files = [...work.map(({ rendering }) => rendering), ...stored.values()].flatMap((rendering) => rendering.files);
  return new Set(files.map((file) => file.path));
}
