import { z } from 'zod';
import { type AnyAction, defineAction, type Role } from './actions.js';
import type { Report, Severity } from './reports.js';
import type { SectionReference, SettingsAccess } from './settings.js';
import type { Tone, View } from './view.js';

/** What a plugin's own action put into the draft, with the reports that `settings.edit` gave. */
interface DraftChange {
  readonly changed: string;
  readonly reports: readonly Report[];
}

/** An action that changes one section of the draft, as an operator would with `gemel settings set`, in the words of its subject. */
export interface DraftAction<Input, Settings> {
  readonly id: string;
  readonly summary: string;
  /** Default operator. */
  readonly role?: Role;
  readonly input: z.ZodType<Input>;
  readonly positionals?: readonly string[];
  readonly section: SectionReference<Settings>;
  /** Gives the section as it shall be, and what was changed, in words: `NTP server ntp1.example.org`. */
  change(draft: Settings, input: Input): { readonly settings: Settings; readonly changed: string };
}

/** All actions that only change the draft are alike but for what they change. */
export function defineDraftAction<Input, Settings>(
  settings: SettingsAccess,
  { id, summary, role = 'operator', input, positionals, section, change }: DraftAction<Input, Settings>,
): AnyAction {
  return defineAction({
    kind: 'call',
    id,
    summary,
    role,
    input,
    output: z.object({
      changed: z.string().describe('What was put into the draft.'),
      reports: z.array(z.custom<Report>()).readonly().describe('Of a verification of the whole draft.'),
    }),
    ...(positionals === undefined ? {} : { positionals }),
    present: presentDraftChange(section.id),
    async run(entered, { caller }) {
      let changed = '';
      const reports = await settings.edit(section, caller, (draft) => {
        const done = change(draft, entered);
        changed = done.changed;
        return done.settings;
      });
      return { changed, reports };
    },
  });
}

const tones: Readonly<Record<Severity, Tone>> = { error: 'bad', warning: 'warn', info: 'muted' };

/**
 * Reports of the section that was changed are shown in full; those of others, which
 * the person did not touch now, are counted.
 */
function presentDraftChange(sectionId: string): (change: DraftChange) => View {
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
