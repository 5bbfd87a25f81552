import { ApplianceError, type ErrorCode, type Report } from '@gemel/core/sdk';

/** An ApplianceError on its way to the other node. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reports: readonly Report[];
}

const codes: Readonly<Record<ErrorCode, true>> = {
  invalid: true,
  forbidden: true,
  'not-found': true,
  conflict: true,
  unavailable: true,
  timeout: true,
  cancelled: true,
  'engine-failed': true,
  storage: true,
  internal: true,
};
const severities: ReadonlySet<unknown> = new Set(['error', 'warning', 'info']);

export function toWireError({ code, message, reports }: ApplianceError): WireError {
  return { code, message, reports };
}

/** The error that the other side threw. What does not look like one becomes `internal`: the other side may be another version. */
export function fromWireError(value: unknown): ApplianceError {
  if (!isRecord(value) || typeof value['message'] !== 'string') {
    return new ApplianceError('internal', 'The other side failed and did not say why.');
  }
  const { code, message, reports } = value;
  const known = Array.isArray(reports) ? reports.filter(isReport) : [];
  return new ApplianceError(isErrorCode(code) ? code : 'internal', message, { reports: known });
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(codes, value);
}

function isReport(value: unknown): value is Report {
  if (!isRecord(value) || !isRecord(value['params'])) return false;
  const { code, severity, path, text, params, forceCode } = value;
  return (
    [code, path, text].every((each) => typeof each === 'string') &&
    severities.has(severity) &&
    (forceCode === undefined || typeof forceCode === 'string') &&
    Object.values(params).every((each) => ['string', 'number', 'boolean'].includes(typeof each))
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
