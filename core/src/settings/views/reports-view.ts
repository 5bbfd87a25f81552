import type { Report, Tone, View } from '../../sdk/index.js';

const tones: Record<Report['severity'], Tone> = { error: 'bad', warning: 'warn', info: 'muted' };
const words: Record<Report['severity'], string> = { error: 'Error', warning: 'Warning', info: 'Note' };

/** Reports with errors first, each with its place and, where there is one, the way to overrule it. */
export function reportsView(reports: readonly Report[]): readonly View[] {
  if (reports.length === 0) return [];
  const order: readonly Report['severity'][] = ['error', 'warning', 'info'];
  const sorted = reports.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  return [
    {
      kind: 'table',
      columns: ['', 'Where', 'What'],
      rows: sorted.map((report) => [
        { text: words[report.severity], tone: tones[report.severity] },
        report.path === '' ? '-' : report.path,
        report.forceCode === undefined
          ? sentence(report)
          : `${sentence(report)} (to do it all the same: --force ${report.forceCode})`,
      ]),
    },
  ];
}

/** Without the place that begins it, which has a column of its own. */
function sentence({ path, text }: Report): string {
  const place = `${path}: `;
  return path !== '' && text.startsWith(place) ? text.slice(place.length) : text;
}
