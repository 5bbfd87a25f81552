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

/** As Debian orders versions: numbers count as numbers, `~` comes before the end, letters before other characters. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/(\d+)/));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const [one, other] = [left?.[index] ?? '', right?.[index] ?? ''];
    // Every second part is a number.
    const difference = index % 2 === 1 ? Number(one) - Number(other) : compareTexts(one, other);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareTexts(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = weight(a[index]) - weight(b[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function weight(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
