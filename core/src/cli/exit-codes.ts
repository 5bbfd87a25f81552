import type { ErrorCode } from '../sdk/errors.js';

/** What `gemel` ends with. Scripts rely on these numbers: never reuse one. */
export const exitCodes = {
  done: 0,
  refused: 1,
  usage: 2,
  forbidden: 3,
  notFound: 4,
  conflict: 5,
  unreachable: 6,
  failed: 7,
  timeout: 8,
  notAgreed: 9,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.done, 'Done.'],
  [exitCodes.refused, 'Refused: the input or the settings are not valid. The reports say where.'],
  [exitCodes.usage, 'Wrong usage: unknown command or option, missing or malformed value.'],
  [exitCodes.forbidden, 'Not permitted for this user.'],
  [exitCodes.notFound, 'The named thing does not exist.'],
  [exitCodes.conflict, 'The state does not allow it now, or somebody else changed it.'],
  [exitCodes.unreachable, 'Core or an engine does not answer.'],
  [exitCodes.failed, 'It was tried and failed: an engine, the storage, or a defect.'],
  [exitCodes.timeout, 'A time limit passed.'],
  [exitCodes.notAgreed, 'Not done: nobody agreed to the question (see --yes), or it was cancelled.'],
  [exitCodes.interrupted, 'Interrupted with Ctrl-C. A job that was started goes on.'],
];

const byError: Readonly<Record<ErrorCode, ExitCode>> = {
  invalid: exitCodes.refused,
  forbidden: exitCodes.forbidden,
  'not-found': exitCodes.notFound,
  conflict: exitCodes.conflict,
  unavailable: exitCodes.unreachable,
  timeout: exitCodes.timeout,
  cancelled: exitCodes.notAgreed,
  'engine-failed': exitCodes.failed,
  storage: exitCodes.failed,
  internal: exitCodes.failed,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return byError[code];
}
