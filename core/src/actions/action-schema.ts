import { z } from 'zod';
import type { Report } from '../sdk/index.js';

/** JSON Schema of an input or output, for surfaces. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
}

/** What is wrong with an input, one report per place, in words for the person who typed it. */
export function inputReports(error: z.ZodError): readonly Report[] {
  return error.issues.map((issue) => {
    const field = issue.path.map(String).join('/');
    return {
      code: 'core.input.invalid',
      severity: 'error',
      params: { field, reason: issue.message },
      path: field,
      text: field === '' ? `${issue.message}.` : `${field}: ${issue.message}.`,
    };
  });
}
