/** What stands in records instead of a secret. */
export const hidden = '(hidden)';

/** Longer texts, such as whole documents, are cut: the record says what was done, it is not a copy. */
const longestText = 1_000;
const deepest = 32;

type JsonSchema = Readonly<Record<string, unknown>>;

/** A copy of an input fit for records: without what its JSON Schema marks as `secret`, and with long texts cut. */
export function redact(value: unknown, schema: unknown): unknown {
  return copy(value, [schema], 0);
}

/** @param schemas All that may describe the value; it is hidden when one of them is secret. */
function copy(value: unknown, schemas: readonly unknown[], depth: number): unknown {
  if (depth > deepest) return '(too deep)';
  if (schemas.some(isSecret)) return value === undefined || value === null ? value : hidden;
  if (typeof value === 'string' && value.length > longestText) {
    return `${value.slice(0, longestText)}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) {
    return value.map((entry: unknown, index) =>
      copy(
        entry,
        schemas.flatMap((schema) => itemSchemas(schema, index)),
        depth + 1,
      ),
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      copy(
        entry,
        schemas.flatMap((schema) => propertySchemas(schema, name)),
        depth + 1,
      ),
    ]),
  );
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
