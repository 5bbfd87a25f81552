import type { Report } from './reports.js';

/** What a program is told when a call cannot be done. Codes are a closed list: surfaces map them to exit codes and HTTP statuses. */
export type ErrorCode =
  /** The input does not fit the schema or breaks a rule; `reports` says where. */
  | 'invalid'
  /** The caller's role is not enough. */
  | 'forbidden'
  /** The named thing does not exist. */
  | 'not-found'
  /** The state does not allow it now: somebody else changed it, or a step must come first. */
  | 'conflict'
  /** An engine or a part of Gemel is absent or does not answer. */
  | 'unavailable'
  /** A time limit passed. */
  | 'timeout'
  /** The caller, or a shutdown, asked to stop. */
  | 'cancelled'
  /** An engine was asked and failed. */
  | 'engine-failed'
  /** The medium is full or failed. Nothing was acknowledged. */
  | 'storage'
  /** A defect. */
  | 'internal';

export interface ApplianceErrorOptions {
  readonly cause?: unknown;
  readonly reports?: readonly Report[];
}

export class ApplianceError extends Error {
  override readonly name = 'ApplianceError';
  readonly code: ErrorCode;
  readonly reports: readonly Report[];

  /** @param message One sentence for an operator: what, which, what to do. */
  constructor(code: ErrorCode, message: string, options: ApplianceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reports = options.reports ?? [];
  }
}

/** Turns whatever was thrown into an ApplianceError; a stranger becomes `internal` with its message kept. */
export function asApplianceError(thrown: unknown): ApplianceError {
  if (thrown instanceof ApplianceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ApplianceError('internal', message, { cause: thrown });
}
