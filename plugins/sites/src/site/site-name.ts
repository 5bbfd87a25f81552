import { z } from 'zod';

/** Part of paths, unit names and URLs, hence the rule. */
export const siteName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_-]{0,15}$/,
    'must be letters, digits, "-" and "_", at most 16, and start with a letter or "_"',
  )
  .meta({ examples: ['shop'] });
