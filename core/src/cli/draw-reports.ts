import type { Report } from '../sdk/reports.js';
import { mark, paint, type Style, toneOfSeverity } from './style.js';
import { printable } from './text-width.js';

/** One line each: mark, place (unless the sentence names it), sentence, and how to override it where that is possible. */
export function drawReports(reports: readonly Report[], style: Style, forceOption: boolean): string {
  return reports
    .map((report) => {
      const tone = toneOfSeverity[report.severity];
      const place =
        report.path === '' || namesPlace(report) ? '' : `${paint(printable(report.path), 'muted', style)}: `;
      const override = report.forceCode === undefined ? '' : ` (${overrideText(report.forceCode, forceOption)})`;
      return `${paint(mark(tone, style), tone, style)}${place}${printable(report.text)}${override}\n`;
    })
    .join('');
}

/** A word alone could be there by chance, so it counts at the beginning only. */
function namesPlace({ path, text }: Report): boolean {
  return text.startsWith(path) || (path.includes('/') && text.includes(path));
}

function overrideText(code: string, forceOption: boolean): string {
  return forceOption ? `to do it all the same: --force ${code}` : `force code: ${code}`;
}
