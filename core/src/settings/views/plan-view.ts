import type { CellLike, Tone, View } from '../../sdk/index.js';
import type { PlannedSection, SettingsPlan } from '../activation/plan.js';
import { reportsView } from './reports-view.js';
import { textDiff } from './text-diff.js';

type DiffLine = Extract<View, { kind: 'diff' }>['lines'][number];
type Interruption = PlannedSection['interruptions'][number];

/** More lines of a file are cut off; `--json` has all of them. */
const maxLinesPerFile = 60;

const tones: Record<Interruption['kind'], Tone> = { none: 'ok', reload: 'ok', short: 'warn', lost: 'bad' };
const marks = { create: '+', change: '~', delete: '-' } as const;

export function planView(plan: SettingsPlan): View {
  if (plan.sections.length === 0) {
    const nothing: View = {
      kind: 'text',
      text: `Nothing to activate: revision ${plan.revision} is in force.`,
      tone: 'muted',
    };
    return { kind: 'group', views: [...reportsView(plan.reports), nothing] };
  }
  return {
    kind: 'group',
    views: [...reportsView(plan.reports), ...plan.sections.map(sectionView), interruptionsView(plan), totalsView(plan)],
  };
}

function sectionView(section: PlannedSection): View {
  const views: View[] = [];
  const lines = section.files.flatMap(fileLines);
  if (lines.length > 0) views.push({ kind: 'diff', lines });
  if (section.properties.length > 0) {
    views.push({
      kind: 'diff',
      lines: section.properties.map(({ engine, name, before, after }) => ({
        mark: '~',
        text: `${engine} ${name}: ${before ?? 'none'} → ${after ?? 'none'}`,
      })),
    });
  }
  if (views.length === 0) views.push({ kind: 'text', text: 'No file changes.', tone: 'muted' });
  return { kind: 'group', title: section.title, views };
}

function fileLines(file: PlannedSection['files'][number]): readonly DiffLine[] {
  const title: DiffLine = { mark: marks[file.kind], text: file.path };
  if (file.private) return [title, { mark: ' ', text: '    (not shown: holds secrets)' }];
  if (file.kind === 'delete') return [title];
  const lines = textDiff(file.before ?? undefined, file.after ?? undefined);
  const shown = lines.slice(0, maxLinesPerFile).map(({ mark, text }): DiffLine => ({ mark, text: `    ${text}` }));
  const cut = lines.length - shown.length;
  return [title, ...shown, ...(cut > 0 ? [{ mark: ' ', text: `    … ${cut} more lines` } as const] : [])];
}

function interruptionsView(plan: SettingsPlan): View {
  const interruptions = plan.sections.flatMap((section) => section.interruptions);
  return {
    kind: 'table',
    title: 'What will be noticed',
    columns: ['Service', 'Interruption', 'Expected', ''],
    rows: interruptions.map(({ subject, kind, expectedMs, text }): readonly CellLike[] => [
      subject,
      { text: kind, tone: tones[kind] },
      kind === 'none' ? '-' : duration(expectedMs),
      text,
    ]),
    empty: 'No interruption.',
  };
}

function totalsView({ totals, confirmSeconds, sections }: SettingsPlan): View {
  const window: CellLike =
    confirmSeconds === 0 ? 'not needed' : { text: `within ${confirmSeconds} s, or it is rolled back`, tone: 'pending' };
  return {
    kind: 'fields',
    title: 'In all',
    fields: [
      ['Sections', sections.map((section) => section.section).join(', ')],
      ['Files', String(totals.files)],
      ['Units', totals.units.length === 0 ? 'none' : totals.units.join(', ')],
      ['Longest interruption', totals.longestInterruptionMs === 0 ? 'none' : duration(totals.longestInterruptionMs)],
      ['Confirmation', window],
      ['Next', 'gemel settings activate'],
    ],
  };
}

function duration(ms: number | null): string {
  if (ms === null) return 'does not end by itself';
  return ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
