import type { Report } from './reports.js';

export type JobState = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted';

export interface Job {
  readonly id: string;
  readonly action: string;
  readonly caller: string;
  readonly state: JobState;
  /** 0 to 1, or null when unknown. */
  readonly fraction: number | null;
  readonly message: string;
  /** Wall clock, milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly log: readonly string[];
  readonly output?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly reports: readonly Report[] };
}
