import { z } from 'zod';

/** A report inside a status. */
export const reportSchema = z.lazy(() =>
  z.object({
    code: z.string().describe('What kind of finding.'),
    severity: z.enum(['error', 'warning', 'info']).describe('How bad it is.'),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).describe('What fills the text.'),
    path: z.string().describe('Place in the settings; empty when it concerns none.'),
    text: z.string().describe('The sentence for people.'),
  }),
);
