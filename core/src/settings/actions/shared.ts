import { z } from 'zod';
import type { View } from '../../sdk/index.js';
import { activationLine, activationStatusSchema, type ActivationStatus } from '../status.js';
import { reportSchema } from '../store/journal.js';
import { reportsView } from '../views/reports-view.js';

export const pathInput = z.string().describe('Place in the settings, slash separated: network/bonds/bond0/mode');
export const baseRevisionInput = z
  .number()
  .int()
  .positive()
  .optional()
  .describe('Revision you were looking at: the change is refused when the place was changed since.');

/** What every activating action takes. */
export const activationInput = {
  comment: z.string().max(500).optional().describe('Why: kept with the revision.'),
  force: z.array(z.string()).optional().describe('Force codes of reports to overrule.'),
  confirmSeconds: z
    .number()
    .int()
    .min(10)
    .max(3_600)
    .optional()
    .describe('Window for confirming, in seconds, instead of the usual one.'),
  wait: z.boolean().optional().describe('Wait until it is confirmed or rolled back, at most 100 s.'),
};
export interface ActivationInput {
  readonly comment?: string | undefined;
  readonly force?: readonly string[] | undefined;
  readonly confirmSeconds?: number | undefined;
  readonly wait?: boolean | undefined;
}

/** Apply and probe may take 60 s and 30 s, and reading and writing a while. */
export const activationTimeoutMs = 120_000;
export const waitLimitMs = 100_000;

export const activationOutput = z.object({
  outcome: z.enum(['unchanged', 'awaiting-confirmation', 'confirmed', 'rolled-back', 'stuck']),
  revision: z.number(),
  status: activationStatusSchema,
  reports: z.array(reportSchema),
});
export type ActivationOutput = z.infer<typeof activationOutput>;

export function activationOptions(input: ActivationInput) {
  return {
    comment: input.comment ?? '',
    force: new Set(input.force ?? []),
    confirmSeconds: input.confirmSeconds,
  };
}

export function presentActivation(output: ActivationOutput): View {
  const { outcome, revision, status, reports } = output;
  const views: View[] = [...reportsView(reports)];
  if (outcome === 'unchanged') {
    views.push({ kind: 'text', text: `Nothing to activate: revision ${revision} is in force.`, tone: 'muted' });
  } else if (outcome === 'awaiting-confirmation') {
    views.push(awaitingView(status));
  } else {
    views.push({ kind: 'text', ...activationLine(status) });
  }
  return { kind: 'group', views };
}

export function awaitingView(status: ActivationStatus): View {
  return {
    kind: 'fields',
    title: `Revision ${status.revision} is in force and awaits confirmation`,
    fields: [
      ['Time left', { text: `${status.secondsLeft} s`, tone: 'pending' }],
      ['Keep it', 'gemel settings confirm'],
      ['Take it back', 'gemel settings undo'],
      ['Otherwise', `revision ${status.confirmed} comes back by itself`],
    ],
  };
}
