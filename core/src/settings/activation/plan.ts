import { z } from 'zod';
import type { Caller, EngineProperty, Report } from '../../sdk/index.js';
import type { SettingsDocument } from '../document/document.js';
import { blotOut, secretTexts } from '../document/secrets.js';
import type { EngineState } from '../engine-parts.js';
import { reportSchema } from '../store/journal.js';
import type { Applier, PreparedSection } from './applier.js';
import { assess, defect } from './assessment.js';
import type { RemovedSection } from './removed-section.js';

const interruptionSchema = z.lazy(() =>
  z.object({
    subject: z.string(),
    kind: z.enum(['none', 'reload', 'short', 'lost']),
    expectedMs: z.number().nullable().describe('Milliseconds; null when it does not end by itself.'),
    text: z.string(),
  }),
);

const sectionPlanSchema = z.lazy(() =>
  z.object({
    section: z.string(),
    title: z.string(),
    files: z.array(
      z.object({
        path: z.string(),
        kind: z.enum(['create', 'change', 'delete']),
        private: z.boolean().describe('Not readable by everybody, so its text is not shown.'),
        before: z.string().nullable(),
        after: z.string().nullable(),
      }),
    ),
    properties: z.array(
      z.object({ engine: z.string(), name: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
    ),
    units: z.array(z.string()),
    interruptions: z.array(interruptionSchema),
  }),
);

/** What an activation would do. Secrets are blotted out: a plan is shown, never applied. */
export const planSchema = z.lazy(() =>
  z.object({
    revision: z.number().describe('The confirmed revision it is compared with.'),
    sections: z.array(sectionPlanSchema),
    confirmSeconds: z.number().describe('Window in which somebody must confirm; 0 when it is confirmed at once.'),
    totals: z.object({
      files: z.number(),
      properties: z.number(),
      units: z.array(z.string()),
      longestInterruptionMs: z.number().nullable().describe('Null when one does not end by itself.'),
    }),
    reports: z.array(reportSchema),
  }),
);
export type SettingsPlan = z.infer<typeof planSchema>;
export type PlannedSection = z.infer<typeof sectionPlanSchema>;

export async function planDocument(
  state: EngineState,
  applier: Applier,
  document: SettingsDocument,
  caller: Caller,
): Promise<SettingsPlan> {
  const assessment = await assess(state, document, caller);
  const touched = assessment.work.filter(({ section }) => assessment.touched.has(section.id));
  const [prepared, before] = await Promise.all([
    applier.prepare(touched, assessment.work),
    state.revisions.rendered(state.running.meta.number),
  ]);
  const reports: Report[] = [...assessment.reports];
  const secrets = allSecrets(state, document);
  const loaded = prepared.map((each) => {
    const properties = before.get(each.section.id)?.properties ?? [];
    return planSection(state, document, each, properties, caller, reports, secrets);
  });
  const sections = [...loaded, ...(await Promise.all(assessment.removed.map((each) => planRemoved(state, each))))];
  const lengths = sections.flatMap((each) => each.interruptions.map((interruption) => interruption.expectedMs));
  return {
    revision: state.confirmed.meta.number,
    sections,
    confirmSeconds: Math.max(0, ...prepared.map(({ section }) => section.confirmSeconds ?? 0)),
    totals: {
      files: sections.reduce((sum, each) => sum + each.files.length, 0),
      properties: sections.reduce((sum, each) => sum + each.properties.length, 0),
      units: [...new Set(sections.flatMap((each) => each.units))],
      longestInterruptionMs: lengths.includes(null) ? null : Math.max(0, ...lengths.map((length) => length ?? 0)),
    },
    reports,
  };
}

function planSection(
  state: EngineState,
  document: SettingsDocument,
  prepared: PreparedSection,
  before: readonly EngineProperty[],
  caller: Caller,
  reports: Report[],
  secrets: readonly string[],
): PlannedSection {
  const { section, settings, confirmed, facts, rendering, changes } = prepared;
  const modes = new Map(rendering.files.map((file) => [file.path, file.mode]));
  const owned = state.owned.owned.get(section.id);
  const shown = (text: string | undefined, hidden: boolean) =>
    text === undefined || hidden ? null : blotOut(text, secrets);
  const planned = {
    section: section.id,
    title: section.title,
    files: changes.map(({ path, kind, before: was, after }) => {
      const hidden = isPrivate(modes.get(path)) || isPrivate(owned?.get(path)?.mode);
      return { path, kind, private: hidden, before: shown(was, hidden), after: shown(after, hidden) };
    }),
    properties: changedProperties(before, rendering.properties, secrets),
  };
  try {
    const reader = state.sections.reader(document);
    const plan = section.plan({ settings, confirmed, facts, document: reader, caller, rendering, changes });
    return { ...planned, units: [...plan.units], interruptions: [...plan.interruptions] };
  } catch (thrown) {
    reports.push(defect(section.id, 'plan', thrown));
    return { ...planned, units: [], interruptions: [] };
  }
}

/** Nobody can say what in these files is secret, so their text is not shown. */
async function planRemoved(state: EngineState, { id, files }: RemovedSection): Promise<PlannedSection> {
  const present = await Promise.all(
    files.map(async (file) => ((await state.parts.files.read(file.path)) === undefined ? [] : [file])),
  );
  return {
    section: id,
    title: `${id} (not loaded)`,
    files: present.flat().map(({ path, mode }) => {
      return { path, kind: 'delete', private: isPrivate(mode), before: null, after: null } as const;
    }),
    properties: [],
    units: [],
    interruptions: [],
  };
}

function changedProperties(
  before: readonly EngineProperty[],
  after: readonly EngineProperty[],
  secrets: readonly string[],
): PlannedSection['properties'] {
  const key = (property: EngineProperty) => `${property.engine}\0${property.name}`;
  const old = new Map(before.map((property) => [key(property), property]));
  const now = new Map(after.map((property) => [key(property), property]));
  return [...new Map([...old, ...now])].flatMap(([id, { engine, name }]) => {
    const [was, is] = [old.get(id)?.value, now.get(id)?.value];
    if (was === is) return [];
    const shown = (value: string | undefined) => (value === undefined ? null : blotOut(value, secrets));
    return [{ engine, name, before: shown(was), after: shown(is) }];
  });
}

function allSecrets(state: EngineState, document: SettingsDocument): readonly string[] {
  const { sections, confirmed, running } = state;
  const texts = sections
    .all()
    .flatMap((section) =>
      [document, confirmed.document, running.document].flatMap((each) =>
        secretTexts(sections.tree(section), sections.settingsOf(each, section.id)),
      ),
    );
  // A short secret occurs everywhere by chance, and blotting it out would show where; files with it should be private.
  return [...new Set(texts)].filter((text) => text.length >= 4).sort((a, b) => b.length - a.length);
}

function isPrivate(mode: number | undefined): boolean {
  return mode !== undefined && (mode & 0o004) === 0;
}
