import { z } from 'zod';
import { siteType, siteVersion } from '../version/version-names.js';

export const firstPort = 8001;
export const lastPort = 8999;
/** Users gemel-site-0 to -255 of sysusers.d, out of the ranges of Debian and systemd. Kept with the site, so it is the same on both nodes. */
export const firstUid = 70_000;
export const lastUid = 70_255;

export const memoryMiB = z.int().min(8).max(1_048_576);
export const cpuPercent = z.int().min(1).max(25_600);
export const sitePort = z.int().min(1_024).max(65_535);
export const login = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'must be letters, digits, ".", "_", "@" and "-", at most 64')
  .meta({ examples: ['admin'] });

const generation = z.int().min(1);
const kept = z.strictObject({ version: siteVersion, generation });

/** site.json. What gemel-site-render reads of it must stay on the first level, a number or a text without blanks. */
export const siteRecordSchema = z.lazy(() =>
  z.strictObject({
    format: z.literal(1),
    type: siteType,
    version: siteVersion,
    /** Which folder below data/ is in use: an update works on the next one, and swapping is one write of this file. */
    generation,
    port: sitePort,
    uid: z.int().min(firstUid).max(lastUid),
    memoryMiB,
    cpuPercent,
    autostart: z.boolean(),
    login: login.nullable(),
    /** What the health check signs in with, in the form of HTTP's basic authentication; of versions that have it sign in. */
    healthLogin: z
      .string()
      .regex(/^[A-Za-z0-9]{1,100}$/)
      .optional(),
    createdAt: z.number(),
    /** What `undo` goes back to. */
    previous: kept.nullable(),
    /**
     * There while an update is tried out; `previous` as it was before that. Until it is gone `previous` is in force: gemel-site-render
     * renders that, unless this device is trying the update out since it was switched on.
     */
    trial: z.strictObject({ previous: kept.nullable() }).optional(),
  }),
);
export type SiteRecord = z.output<typeof siteRecordSchema>;

/** A site that is there; `problem` says why its record cannot be used. */
export type Site =
  | { readonly name: string; readonly record: SiteRecord }
  | { readonly name: string; readonly problem: string };

export function readSite(name: string, text: string | undefined): Site {
  if (text === undefined) return { name, problem: 'Its site.json is missing. Delete the site or restore the file.' };
  try {
    const parsed = siteRecordSchema.safeParse(JSON.parse(text));
    if (parsed.success) return { name, record: parsed.data };
    const at = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    return { name, problem: `Its site.json is not valid (${at}). Delete the site or restore the file.` };
  } catch {
    return { name, problem: 'Its site.json is damaged. Delete the site or restore the file.' };
  }
}

/** What it was before the update that is being tried out; undefined when none is. */
export function beforeTrial({ trial, previous, ...record }: SiteRecord): SiteRecord | undefined {
  return trial === undefined || previous === null ? undefined : { ...record, ...previous, previous: trial.previous };
}

/** With the update in force. */
export function withoutTrial({ trial: _trial, ...record }: SiteRecord): SiteRecord {
  return record;
}

/** One property a line, which gemel-site-render relies on. */
export function writeSite(record: SiteRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** The lowest number from `first` on that is not taken; undefined when all are. */
export function lowestFree(taken: ReadonlySet<number>, first: number, last: number): number | undefined {
  for (let number = first; number <= last; number++) if (!taken.has(number)) return number;
  return undefined;
}
