const secretNames = /pass(word|phrase|wd)?$|secret|token$|authorization|cookie|private-?key|^psk$/i;
const deepest = 6;

/** A copy of log fields in which everything named like a secret is masked, and errors are spelt out. */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return maskFields(fields, 0);
}

function mask(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) return '[deep]';
  if (value instanceof Error) return describe(value, depth);
  if (Array.isArray(value)) return value.map((item) => mask(item, depth + 1));
  return maskFields(value, depth);
}

function maskFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, item]) => [name, secretNames.test(name) ? '[secret]' : mask(item, depth + 1)]),
  );
}

function describe(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: mask(error.cause, depth + 1) }),
  };
}
