/** What stands in records instead of a secret. */
export const hidden = '(hidden)';

/** Longer texts, such as whole documents, are cut: the record says what was done, it is not a copy. */
const longestText = 1_000;
const deepest = 32;

type JsonSchema = Readonly<Record<string, unknown>>;

/** A copy of an input fit for records: without what its JSON Schema marks as `secret`, and with long texts cut. */
export function redact(value: unknown, schema: unknown, depth = 0): unknown {
  if (depth > deepest) return '(too deep)';
  if (isSecret(schema)) return value === undefined || value === null ? value : hidden;
  if (typeof value === 'string' && value.length > longestText) {
    return `${value.slice(0, longestText)}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) {
    return value.map((entry: unknown, index) => through(entry, itemSchemas(schema, index), depth));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, through(entry, propertySchemas(schema, name), depth)]),
  );
}

/** A value that could be any of several things is hidden when one of them is secret. */
function through(value: unknown, schemas: readonly unknown[], depth: number): unknown {
  return schemas.reduce((current: unknown, schema) => redact(current, schema, depth + 1), redact(value, {}, depth + 1));
}

function isSecret(schema: unknown): boolean {
  return isSchema(schema) && (schema['secret'] === true || alternatives(schema).some(isSecret));
}

function propertySchemas(schema: unknown, name: string): readonly unknown[] {
  if (!isSchema(schema)) return [];
  const { properties, additionalProperties } = schema;
  const own = isSchema(properties) && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
  return [own, ...alternatives(schema).flatMap((other) => propertySchemas(other, name))];
}

function itemSchemas(schema: unknown, index: number): readonly unknown[] {
  if (!isSchema(schema)) return [];
  const { prefixItems, items } = schema;
  const own: unknown = Array.isArray(prefixItems) ? (prefixItems[index] ?? items) : items;
  return [own, ...alternatives(schema).flatMap((other) => itemSchemas(other, index))];
}

function alternatives(schema: JsonSchema): readonly unknown[] {
  return [schema['anyOf'], schema['oneOf'], schema['allOf']].flatMap((list): readonly unknown[] =>
    Array.isArray(list) ? list : [],
  );
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
