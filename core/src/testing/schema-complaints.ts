type JsonSchema = Readonly<Record<string, unknown>>;

/** What a JSON Schema does not tell a person: properties without a description. Paths are slash separated. */
export function undescribed(schema: unknown, path: string): readonly string[] {
  return properties(schema, path).flatMap(({ schema: inner, at }) => (hasDescription(inner) ? [] : [at]));
}

/** Texts of a fixed form (a `format` or `pattern`, no closed list) of which no example is given. */
export function withoutExample(schema: unknown, path: string): readonly string[] {
  return properties(schema, path).flatMap(({ schema: inner, at }) => {
    const variants = [inner, ...alternatives(inner)];
    const formed = variants.some((each) => typeof each['format'] === 'string' || typeof each['pattern'] === 'string');
    const shown = variants.some((each) => Array.isArray(each['examples']) || Array.isArray(each['enum']));
    const fallback = variants.some((each) => typeof each['default'] === 'string' && each['default'] !== '');
    return formed && !shown && !fallback ? [at] : [];
  });
}

/** Properties whose name says that they hold a secret and which are not marked as one. */
export function openSecrets(schema: unknown, path: string): readonly string[] {
  return properties(schema, path).flatMap(({ schema: inner, at }) => {
    const text = [inner, ...alternatives(inner)].some((each) => each['type'] === 'string');
    const named = /(password|passphrase|secret|private-?key|shared-?key|^key$|credential)/i.test(
      at.split('/').at(-1) ?? '',
    );
    return named && text && ![inner, ...alternatives(inner)].some((each) => each['secret'] === true) ? [at] : [];
  });
}

/** Files of callers where none is taken: core looks for them among the properties of an action's input, not deeper. */
export function misplacedFiles(schema: unknown, path: string): readonly string[] {
  return properties(schema, path).flatMap(({ schema: inner, at }) => {
    const deep = at.slice(path.length + 1).includes('/');
    const hidden = alternatives(inner).some((each) => 'callerFile' in each);
    return hidden || (deep && 'callerFile' in inner) ? [at] : [];
  });
}

interface Property {
  readonly at: string;
  readonly schema: JsonSchema;
}

/** Every named property, however deep. */
export function properties(schema: unknown, path: string): readonly Property[] {
  if (!isSchema(schema)) return [];
  const own = isSchema(schema['properties']) ? Object.entries(schema['properties']) : [];
  return [
    ...own.flatMap(([name, inner]) => {
      const at = `${path}/${name}`;
      return isSchema(inner) ? [{ at, schema: inner }, ...properties(inner, at)] : [];
    }),
    ...properties(schema['items'], `${path}/*`),
    ...properties(schema['additionalProperties'], `${path}/<name>`),
    ...alternatives(schema).flatMap((each) => properties(each, path)),
  ];
}

function hasDescription(schema: JsonSchema): boolean {
  return [schema, ...alternatives(schema)].some(
    ({ description }) => typeof description === 'string' && description !== '',
  );
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return [schema['anyOf'], schema['oneOf'], schema['allOf']].flatMap((list): readonly JsonSchema[] =>
    Array.isArray(list) ? list.filter(isSchema) : [],
  );
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
