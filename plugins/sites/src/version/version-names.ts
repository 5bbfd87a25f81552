import { z } from 'zod';

export const siteType = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and "-", at most 32, and start with a letter')
  .meta({ examples: ['prometheus'] });

export const siteVersion = z
  .string()
  .regex(
    /^[0-9][0-9A-Za-z.+~-]{0,31}$/,
    'must be digits, letters, ".", "+", "~" and "-", at most 32, and start with a digit',
  )
  .meta({ examples: ['2.53.3'] });

/** 2.9 before 2.10: numbers in texts count as numbers. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
