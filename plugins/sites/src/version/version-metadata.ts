import { z } from 'zod';
import { cpuPercent, memoryMiB } from '../site/site-record.js';
import { siteType, siteVersion } from './version-names.js';

/** What systemd puts in place of `${NAME}` in a command. */
export const places = ['SITE', 'PORT', 'URL_PATH', 'MEMORY_MIB'] as const;

/** A program of the image and its arguments; no shell reads it. */
function command() {
  const argument = z
    .string()
    .max(4_096)
    .regex(/^[^\p{Cc}]*$/u, 'must be one line')
    .refine(
      (text) => !text.replaceAll(/\$\{(SITE|PORT|URL_PATH|MEMORY_MIB)\}/g, '').includes('$'),
      `may contain "$" only in ${places.map((place) => `\${${place}}`).join(', ')}`,
    );
  return z
    .array(argument)
    .min(1)
    .max(64)
    .refine(
      ([program]) => program?.startsWith('/') === true && !/[\s$]/.test(program),
      'must begin with the absolute path of a program',
    );
}

/** All of version.json but the image: the image carries the same, and both must agree. */
function described() {
  return z.strictObject({
    format: z.literal(1),
    type: siteType,
    version: siteVersion,
    title: z.string().min(1).max(80),
    command: command(),
    /** Asked for over HTTP below the site's URL: any of the statuses says that the site works. */
    health: z.strictObject({
      path: z
        .string()
        .max(200)
        .regex(/^[A-Za-z0-9._~/?=&%+-]*$/, 'must be a path without blanks, below the URL of the site'),
      statuses: z.array(z.int().min(100).max(599)).min(1).max(8),
      /** Where a login is set the check signs in with one of its own, which `hooks.login` sets too; a refusal to answer is no health then. */
      signIn: z.boolean().optional(),
      /** A site that is not healthy this long after its start has failed. */
      startSeconds: z.int().min(1).max(90),
    }),
    /** Run inside the image as the site's user, with its data at /data and no network. */
    hooks: z
      .strictObject({
        /** Makes the data of a new site. */
        init: command().optional(),
        /** Brings a copy of the data to this version. FROM_VERSION is where it comes from. */
        update: command().optional(),
        /**
         * Sets who may sign in: LOGIN is the name, standard input the bcrypt hash of the password. With `health.signIn` it is two users, HEALTH_USER
         * and a second line being the other one. Without it sites of this type have no login.
         */
        login: command().optional(),
      })
      .default({}),
    memoryMiB,
    cpuPercent,
    /** Range of firmware versions that it is made for. */
    firmware: z.string().min(1).max(100),
  });
}

export const describedSchema = z.lazy(described);

export const metadataSchema = z.lazy(() =>
  described().extend({
    image: z.strictObject({
      /** Beside version.json. */
      file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+~-]{0,120}$/, 'must be a file name without folder'),
      bytes: z.int().min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
    }),
  }),
);
export type VersionMetadata = z.output<typeof metadataSchema>;

export type Parsed =
  | { readonly kind: 'metadata'; readonly metadata: VersionMetadata }
  | { readonly kind: 'unfit'; readonly problems: readonly { readonly field: string; readonly problem: string }[] };

export function parseMetadata(text: string): Parsed {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'unfit', problems: [{ field: 'file', problem: 'is not JSON' }] };
  }
  const parsed = metadataSchema.safeParse(json);
  if (parsed.success) return { kind: 'metadata', metadata: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => ({
    field: path.join('.') || 'file',
    problem: message,
  }));
  return { kind: 'unfit', problems };
}
