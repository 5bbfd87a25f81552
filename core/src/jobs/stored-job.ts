import { z } from 'zod';
import { type Caller, type Job, roles } from '../sdk/index.js';

/** A job as it is on disk: what is shown, and what is needed to go on. */
export interface StoredJob {
  job: Job;
  readonly caller: Caller;
  /** Null once the job has ended, as is `saved`. */
  input: unknown;
  saved: unknown;
  /** Files that were sent for it: removed when it has ended. */
  readonly folders: readonly string[];
  /** Of the audit log, which has its beginning; null for an action that is not recorded. */
  readonly record: string | null;
}

const report = z.lazy(() =>
  z.object({
    code: z.string(),
    severity: z.enum(['error', 'warning', 'info']),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    path: z.string(),
    text: z.string(),
    forceCode: z.string().exactOptional(),
  }),
);

export const jobSchema = z.lazy(() =>
  z.object({
    id: z.string().regex(/^\d+$/),
    action: z.string(),
    caller: z.string(),
    state: z.enum(['running', 'succeeded', 'failed', 'cancelled', 'interrupted']),
    fraction: z.number().nullable(),
    message: z.string(),
    startedAt: z.number(),
    endedAt: z.number().nullable(),
    log: z.array(z.string()),
    output: z.unknown().optional(),
    error: z.object({ code: z.string(), message: z.string(), reports: z.array(report) }).exactOptional(),
  }),
) satisfies z.ZodType<Job>;

const storedJobSchema = z.lazy(() =>
  z.object({
    job: jobSchema,
    caller: z.object({
      name: z.string(),
      role: z.enum(roles),
      surface: z.enum(['cli', 'console', 'http', 'peer', 'plugin', 'core']),
      connectedAt: z.number(),
      remote: z.object({ address: z.string(), localAddress: z.string() }).exactOptional(),
    }),
    input: z.unknown(),
    saved: z.unknown(),
    folders: z.array(z.string()).default([]),
    record: z.string().nullable().default(null),
  }),
);

export function parseStoredJob(text: string | undefined): StoredJob | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = storedJobSchema.safeParse(JSON.parse(text));
    return parsed.success ? { ...parsed.data, input: parsed.data.input, saved: parsed.data.saved ?? null } : undefined;
  } catch {
    return undefined; // not JSON: damaged
  }
}
