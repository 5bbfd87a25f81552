import { type CallerFileRule, callerFileRule } from '../../core/dist/sdk/caller-file-rule.js';
import { code, plain } from './markdown.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** One place of a schema, as a line of a table shows it. All but `path` are Markdown. */
export interface SchemaRow {
  readonly path: readonly string[];
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
}

/** Names of records and numbers of lists stand in paths as these. */
const anyName = '<name>';
const anyNumber = '<n>';

/** Every place below an object schema, depth first, in the schema's order. */
export function rowsOf(schema: JsonSchema, path: readonly string[] = []): readonly SchemaRow[] {
  const required = new Set(strings(schema['required']));
  return Object.entries(record(schema['properties'])).flatMap(([name, value]) => {
    const inner = record(value);
    const here = path.concat(name);
    return [rowOf(inner, here, required.has(name))].concat(rowsBelow(inner, here));
  });
}

function rowsBelow(schema: JsonSchema, path: readonly string[]): readonly SchemaRow[] {
  const shapes = [schema, ...alternativesOf(schema)];
  return shapes.flatMap((shape) => {
    const values = rowsBelowEach(record(shape['additionalProperties']), path.concat(anyName));
    const items = rowsBelowEach(record(shape['items']), path.concat(anyNumber));
    return rowsOf(shape, path).concat(values, items);
  });
}

function rowsBelowEach(schema: JsonSchema, path: readonly string[]): readonly SchemaRow[] {
  if (isReport(schema)) return [];
  return Object.keys(schema).length === 0
    ? []
    : [...rowsOf(schema, path), ...rowsBelow({ ...schema, properties: {} }, path)];
}

function rowOf(schema: JsonSchema, path: readonly string[], required: boolean): SchemaRow {
  const described = typeof schema['description'] === 'string' ? schema['description'].trim() : '';
  // a default that depends on something cannot be in the schema; the description then ends with it
  const [, meaning = described, words = ''] = /^(.*?)\.? ?\bDefault: (.*?)\.?$/s.exec(described) ?? [];
  const fallback = 'default' in schema ? code(JSON.stringify(schema['default'])) : required ? 'required' : plain(words);
  return { path, type: typeText(schema), fallback, meaning: meaningOf(schema, plain(meaning)) };
}

function meaningOf(schema: JsonSchema, description: string): string {
  const examples = Array.isArray(schema['examples']) ? schema['examples'] : [];
  const parts = [
    description === '' || /[.!?]$/.test(description) ? description : `${description}.`,
    schema['secret'] === true && !('secretField' in schema) ? 'Secret.' : '',
    examples.length === 0 ? '' : `Example: ${examples.map((example) => code(textOf(example))).join(', ')}.`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** What may stand there, with its limits. */
export function typeText(schema: JsonSchema): string {
  const { type } = schema;
  if (Array.isArray(type)) return type.map((one) => typeText({ ...schema, type: one })).join(' or ');
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => code(textOf(value))).join(', ');
  if ('const' in schema) return code(textOf(schema['const']));
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) return alternatives.map(typeText).join(' or ');
  const file = callerFileRule(schema);
  if (file !== undefined) return fileText(file);
  switch (type) {
    case 'string':
      return `text${between(schema['minLength'], schema['maxLength'], ' characters')}`;
    case 'integer':
      return `whole number${between(schema['minimum'], schema['maximum'], '')}`;
    case 'number':
      return `number${between(schema['minimum'], schema['maximum'], '')}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return `list of ${amount(schema['minItems'], schema['maxItems'])}${typeText(record(schema['items']))}`;
    case 'object':
      if (isReport(schema)) return '[report](reports.md)';
      return 'properties' in schema
        ? 'object'
        : `object by name, of ${typeText(record(schema['additionalProperties']))}`;
    default:
      return 'anything';
  }
}

/** Sent where core does not see it; the guide says where that is. */
function fileText({ mostBytes, ending, beside }: CallerFileRule): string {
  const gibibytes = Math.floor((mostBytes / 1024 ** 3) * 10) / 10;
  const more = beside === undefined ? '' : ' and the one that it names';
  return `file of yours${ending === undefined ? '' : ` (${code(ending)})`}${more}, at most ${gibibytes} GiB`;
}

/** Reports have a page of their own. */
function isReport(schema: JsonSchema): boolean {
  const properties = record(schema['properties']);
  return ['code', 'severity', 'params', 'path', 'text'].every((name) => name in properties);
}

/** Limits that are those of the number type say nothing; neither does a length of one at least. */
function between(low: unknown, high: unknown, unit: string): string {
  const from = typeof low === 'number' && low > Number.MIN_SAFE_INTEGER ? low : undefined;
  const to = typeof high === 'number' && high < Number.MAX_SAFE_INTEGER ? high : undefined;
  if (to === undefined) return from === undefined || unit !== '' ? '' : `, ${from} or more`;
  if (from === undefined || unit !== '') return `, at most ${to}${unit}`;
  return `, ${from} to ${to}`;
}

/** `at most 64: ` */
function amount(low: unknown, high: unknown): string {
  const text = between(low, high, '').slice(2);
  return text === '' ? '' : `${text}: `;
}

function alternativesOf(schema: JsonSchema): readonly JsonSchema[] {
  const list = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(list) ? list.map(record) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

export function record(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
