import { parseArgs } from 'node:util';
import type { ActionDescriptor } from '../ipc/core-api.js';
import { didYouMean } from './did-you-mean.js';
import { type Field, fieldsOf, type JsonSchema } from './fields.js';
import { parseList, parseMap, parseValue } from './parse-value.js';
import { UsageError } from './usage-error.js';

/** Options that every command has. */
export const commonOptions = {
  json: 'Print the output as JSON, errors too',
  yes: 'Answer confirmations with yes',
  detach: 'Do not wait for a job',
  help: 'Show this help',
} as const;

export interface Common {
  readonly json: boolean;
  readonly yes: boolean;
  readonly detach: boolean;
  readonly help: boolean;
}

export interface SplitLine extends Common {
  /** Words before the first option: they name the action, and may go on with its positionals. */
  readonly words: readonly string[];
  /** Everything but the common options. */
  readonly rest: readonly string[];
}

/** Finds words and common options before it is known which action is meant. */
export function splitLine(argv: readonly string[]): SplitLine {
  const end = argv.indexOf('--');
  const options = end === -1 ? argv : argv.slice(0, end);
  const has = (name: keyof Common) => options.includes(`--${name}`);
  const common = Object.keys(commonOptions).map((name) => `--${name}`);
  const isCommon = (argument: string) => common.includes(argument) || argument === '-h';
  const rest = [...options.filter((argument) => !isCommon(argument)), ...(end === -1 ? [] : argv.slice(end))];
  const firstOption = rest.findIndex((argument) => argument.startsWith('-'));
  return {
    json: has('json'),
    yes: has('yes'),
    detach: has('detach'),
    help: has('help') || options.includes('-h'),
    words: firstOption === -1 ? rest : rest.slice(0, firstOption),
    rest,
  };
}

/** What was typed for an action, before files are read and secrets asked for. */
export interface ParsedLine {
  /** Complete but for `files`, `secrets` and what `inputFile` brings. */
  readonly input: JsonSchema;
  /** Field and the file, or `-`, whose text it gets. */
  readonly files: readonly (readonly [Field, string])[];
  /** Secrets to be read from standard input. */
  readonly fromInput: readonly Field[];
  /** `--json-input` */
  readonly inputFile: string | undefined;
  readonly fields: readonly Field[];
}

/** @param args What follows the action's words. @throws UsageError. */
export function parseLine(
  action: ActionDescriptor,
  args: readonly string[],
  known: readonly string[] = [],
): ParsedLine {
  const fields = fieldsOf(action);
  const byOption = new Map(fields.map((field) => [field.option, field]));
  const options: Record<string, { type: 'string' | 'boolean' }> = { 'json-input': { type: 'string' } };
  for (const field of fields) options[field.option] = { type: field.kind === 'flag' ? 'boolean' : 'string' };
  // not strict: the messages for mistakes are ours
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });

  const given = new Map<Field, string[]>();
  const words: string[] = [];
  const fromInput: Field[] = [];
  let inputFile: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const field = byOption.get(token.name);
    if (field?.typed === false) {
      throw new UsageError(
        `--${field.option} is not given on the command line, where others see it. Use --${field.option}-stdin, or wait to be asked.`,
      );
    }
    if (token.name === 'json-input') inputFile = needed(token.name, token.value, token.inlineValue);
    else if (field !== undefined) add(given, field, textOf(field, token.value, token.inlineValue));
    else {
      const other = otherOption(token.name, byOption);
      if (other.kind === 'negated') add(given, other.field, 'false');
      else fromInput.push(other.field);
    }
  }
  takePositionals(action, fields, words, given, known);

  const input: Record<string, unknown> = {};
  const files: (readonly [Field, string])[] = [];
  for (const [field, texts] of given) {
    const last = texts.at(-1) ?? '';
    if (field.fileContent) files.push([field, last]);
    else put(input, field.path, valueOf(field, texts, last));
  }
  return { input, files, fromInput, inputFile, fields };
}

/** What is required and neither given nor asked for in another way. @throws UsageError. */
export function refuseMissing(action: ActionDescriptor, fields: readonly Field[], input: JsonSchema): void {
  const missing = fields.filter((field) => field.required && input[field.path[0] ?? ''] === undefined);
  if (missing.length === 0) return;
  const names = missing.map((field) => placeholder(field, action.positionals));
  throw new UsageError(`Missing: ${names.join(', ')}. See: gemel ${action.id.replaceAll('.', ' ')} --help`);
}

export function put(input: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...below] = path;
  if (name === undefined) return;
  if (below.length === 0) {
    input[name] = value;
    return;
  }
  const inner: Record<string, unknown> = { ...(typeof input[name] === 'object' ? input[name] : {}) };
  put(inner, below, value);
  input[name] = inner;
}

/** How a field is named to the person: `NAME` by position, `--mode` otherwise. */
export function placeholder(field: Field, positionals: readonly string[]): string {
  const byPosition = field.path.length === 1 && positionals.includes(field.path[0] ?? '');
  return byPosition ? field.option.toUpperCase() : `--${field.option}`;
}

function valueOf(field: Field, texts: readonly string[], last: string): unknown {
  const name = `--${field.option}`;
  if (field.kind === 'list') return parseList(texts, field.schema, name);
  if (field.kind === 'map') return parseMap(texts, field.schema, name);
  return parseValue(last, field.schema, name);
}

function takePositionals(
  action: ActionDescriptor,
  fields: readonly Field[],
  words: readonly string[],
  given: Map<Field, string[]>,
  known: readonly string[],
): void {
  let taken = 0;
  for (const name of action.positionals) {
    const field = fields.find(({ path }) => path.length === 1 && path[0] === name);
    if (field === undefined || given.has(field)) continue;
    const texts = field.kind === 'list' ? words.slice(taken) : words.slice(taken, taken + 1);
    taken += texts.length;
    for (const text of texts) add(given, field, text);
  }
  const surplus = words[taken];
  if (surplus === undefined) return;
  const command = `gemel ${action.id.replaceAll('.', ' ')}`;
  throw new UsageError(
    `${command} does not know what to do with ${surplus}.${didYouMean(surplus, known)} See: ${command} --help`,
  );
}

function otherOption(
  name: string,
  byOption: ReadonlyMap<string, Field>,
): { readonly kind: 'negated' | 'from-input'; readonly field: Field } {
  const negated = name.startsWith('no-') ? byOption.get(name.slice(3)) : undefined;
  if (negated?.kind === 'flag') return { kind: 'negated', field: negated };
  const secret = name.endsWith('-stdin') ? byOption.get(name.slice(0, -'-stdin'.length)) : undefined;
  if (secret?.secret === true) return { kind: 'from-input', field: secret };
  const known = [...byOption.keys(), ...Object.keys(commonOptions), 'json-input'].map((option) => `--${option}`);
  throw new UsageError(`Unknown option --${name}.${didYouMean(`--${name}`, known)}`);
}

function textOf(field: Field, value: string | undefined, inline: boolean | undefined): string {
  if (field.kind !== 'flag') return needed(field.option, value, inline);
  return value ?? 'true';
}

/** A following option is not a value: somebody forgot it. */
function needed(option: string, value: string | undefined, inline: boolean | undefined): string {
  if (value === undefined || (inline === false && value.startsWith('--'))) {
    const hint = value === undefined ? '' : ` If ${value} is meant: --${option}=${value}`;
    throw new UsageError(`--${option} needs a value.${hint}`);
  }
  return value;
}

function add(given: Map<Field, string[]>, field: Field, text: string): void {
  const texts = given.get(field) ?? [];
  texts.push(text);
  given.set(field, texts);
}
