import type { Report, Severity } from './reports.js';
import type { Tone, View } from './view.js';

/** What a plugin's own action put into the draft, with the reports that `settings.edit` gave. */
export interface DraftChange {
  /** `NTP server ntp1.example.org`. */
  readonly changed: string;
  readonly reports: readonly Report[];
}

const tones: Readonly<Record<Severity, Tone>> = { error: 'bad', warning: 'warn', info: 'muted' };

/**
 * The presentation of such an action. Reports of the section that was changed are shown in full; those of others, which
 * the person did not touch now, are counted.
 */
export function presentDraftChange(sectionId: string): (change: DraftChange) => View {
  return ({ changed, reports }) => {
    const own = reports.filter(({ path }) => path === sectionId || path.startsWith(`${sectionId}/`));
    const others = reports.filter((report) => report.severity === 'error' && !own.includes(report)).length;
    const views: View[] = [{ kind: 'text', text: `Put into the draft: ${changed}.` }];
    for (const { severity, text } of own) views.push({ kind: 'text', text, tone: tones[severity] });
    if (others > 0) {
      const text = `Other sections of the draft have ${others} error${others === 1 ? '' : 's'}: see \`gemel settings verify\`.`;
      views.push({ kind: 'text', text, tone: 'warn' });
    }
    views.push({
      kind: 'text',
      text: 'Not in force yet: `gemel settings plan`, then `gemel settings activate`.',
      tone: 'muted',
    });
    return { kind: 'group', views };
  };
}
