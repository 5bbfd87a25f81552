import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';

/** Why a value is not what its schema says, also when it holds more; undefined when it is. Judged by what goes over the wire. */
export function misfit(schema: z.ZodType, value: unknown): string | undefined {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => `${path.join('/')}: ${message}`).join('; ');
  }
  const told = onTheWire(value);
  const described = onTheWire(parsed.data);
  if (isDeepStrictEqual(told, described)) return undefined;
  return `the schema makes ${JSON.stringify(described)} of ${JSON.stringify(told)}`;
}

function onTheWire(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}
