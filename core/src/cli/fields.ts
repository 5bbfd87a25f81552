import { type CallerFileRule, callerFileRule } from '../sdk/caller-file-rule.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** One input property as the command line shows it. */
export interface Field {
  /** Where it goes in the input. */
  readonly path: readonly string[];
  /** Option without dashes: `lacp-rate`, `ipv4.address`. */
  readonly option: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly kind: 'flag' | 'list' | 'map' | 'value';
  readonly secret: boolean;
  /** False for secrets, which others would see on a command line. */
  readonly typed: boolean;
  /** It may be typed because it seldom is a secret; where it is one, the field of this name takes it. */
  readonly secretField: string | undefined;
  /** The argument is the name of a file; its text is sent. */
  readonly fileContent: boolean;
  /** The argument is the name of a file that core gets: where it lies, or sent. */
  readonly callerFile: CallerFileRule | undefined;
}

/** Nested objects become dotted options this deep; below that they are given as JSON. */
const deepest = 4;

/** All options of an action's input, in the schema's order. */
export function fieldsOf(action: { readonly input: JsonSchema }): readonly Field[] {
  return fieldsBelow(action.input, []);
}

function fieldsBelow(input: JsonSchema, path: readonly string[]): readonly Field[] {
  const required = stringList(input['required']);
  return Object.entries(record(input['properties'])).flatMap(([name, value]) => {
    const schema = withoutNull(record(value));
    const here = [...path, name];
    const secretField = typeof schema['secretField'] === 'string' ? schema['secretField'] : undefined;
    const secret = schema['secret'] === true && secretField === undefined;
    const fileContent = schema['fileContent'] === true;
    const field: Field = {
      path: here,
      option: here.map(kebab).join('.'),
      schema,
      required: path.length === 0 && required.includes(name) && !('default' in schema),
      kind: kindOf(schema),
      secret,
      typed: !secret || fileContent,
      secretField,
      fileContent,
      callerFile: callerFileRule(schema),
    };
    const inner = here.length < deepest && 'properties' in schema ? fieldsBelow(schema, here) : [];
    return [field, ...inner];
  });
}

function kindOf(schema: JsonSchema): Field['kind'] {
  if (schema['type'] === 'boolean') return 'flag';
  if (schema['type'] === 'array') return 'list';
  if (schema['type'] === 'object' && !('properties' in schema)) return 'map';
  return 'value';
}

/** What may be null is left out instead; how to say null is kept in `nullable`. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const alternatives = alternativesOf(schema);
  const others = alternatives.filter((other) => other['type'] !== 'null');
  const [only] = others;
  if (alternatives.length === others.length || others.length !== 1 || only === undefined) return schema;
  const { anyOf: _anyOf, oneOf: _oneOf, ...rest } = schema;
  return { ...only, ...rest, nullable: true };
}

export function alternativesOf(schema: JsonSchema): readonly JsonSchema[] {
  const list = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(list) ? list.map(record) : [];
}

/** The values that are allowed, when they are a closed list. */
export function choicesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if (Array.isArray(schema['enum'])) return schema['enum'];
  if ('const' in schema) return [schema['const']];
  if (schema['type'] === 'boolean') return [true, false];
  const lists = alternativesOf(schema).map(choicesOf);
  if (lists.length === 0 || lists.some((list) => list === undefined)) return undefined;
  return lists.flatMap((list) => list ?? []);
}

/** `lacpRate` to `lacp-rate` */
export function kebab(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

export function record(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function stringList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
