import { z } from 'zod';
import { type CellLike, defineStatus, type Tone, type View } from '../sdk/index.js';
import { activationStates, reportSchema } from './store/journal.js';

export const activationStatusSchema = z.lazy(() =>
  z.object({
    state: z.enum(['idle', ...activationStates]),
    confirmed: z.number().describe('Number of the confirmed revision, which boot applies.'),
    running: z.number().describe('Number of the revision that is in force.'),
    revision: z.number().nullable().describe('Number of the revision that is being, or was last, activated.'),
    author: z.string().nullable(),
    comment: z.string().nullable(),
    secondsLeft: z.number().nullable().describe('Until an unconfirmed revision is rolled back.'),
    pending: z.number().describe('Places in which the draft differs from the confirmed settings.'),
    pendingAuthors: z.array(z.string()),
    notLoaded: z.array(z.string()).describe('Sections whose plugin is absent, disabled or failed.'),
    reports: z
      .array(reportSchema)
      .describe('Why the last activation was rolled back, and what was mended at the start.'),
  }),
);
export type ActivationStatus = z.infer<typeof activationStatusSchema>;

const tones: Record<ActivationStatus['state'], Tone> = {
  idle: 'ok',
  verified: 'pending',
  applying: 'pending',
  'awaiting-confirmation': 'pending',
  confirmed: 'ok',
  'rolling-back': 'warn',
  'rolled-back': 'warn',
  stuck: 'bad',
};

/** The line that says where the settings stand and what to type next. */
export function activationLine(status: ActivationStatus): { readonly text: string; readonly tone: Tone } {
  const { state, revision, confirmed, secondsLeft, author } = status;
  const tone = tones[state];
  switch (state) {
    case 'idle':
    case 'confirmed':
      return { text: `revision ${confirmed} confirmed`, tone };
    case 'verified':
    case 'applying':
      return { text: `applying revision ${revision} by ${author}`, tone };
    case 'awaiting-confirmation':
      return { text: `revision ${revision} awaits confirmation, ${secondsLeft} s left: gemel settings confirm`, tone };
    case 'rolling-back':
      return { text: `rolling back to revision ${confirmed}`, tone };
    case 'rolled-back':
      return { text: `revision ${revision} was rolled back; revision ${confirmed} in force`, tone };
    case 'stuck':
      return {
        text: `revision ${revision} failed and could not be taken back: gemel settings rollback ${confirmed}`,
        tone,
      };
  }
}

function pendingLine({ pending, pendingAuthors }: ActivationStatus): { readonly text: string; readonly tone: Tone } {
  if (pending === 0) return { text: 'none', tone: 'muted' };
  return { text: `${pending} by ${pendingAuthors.join(', ')}: gemel settings plan`, tone: 'pending' };
}

export const activationStatus = defineStatus<ActivationStatus>({
  id: 'settings.activation',
  title: 'Settings',
  schema: activationStatusSchema,
  present(status): View {
    const fields: (readonly [string, CellLike])[] = [
      ['Settings', activationLine(status)],
      ['Pending changes', pendingLine(status)],
    ];
    if (status.comment) fields.push(['Comment', status.comment]);
    if (status.notLoaded.length > 0) fields.push(['Not loaded', { text: status.notLoaded.join(', '), tone: 'warn' }]);
    for (const report of status.reports) {
      fields.push(['', { text: report.text, tone: report.severity === 'error' ? 'bad' : 'warn' }]);
    }
    return { kind: 'fields', fields };
  },
  overview(status) {
    const settings = ['Settings', activationLine(status)] as const;
    return status.pending > 0 ? [settings, ['Pending changes', pendingLine(status)]] : [settings];
  },
});
