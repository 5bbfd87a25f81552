import type { ActionDescriptor } from '../ipc/core-api.js';
import { type ParsedLine, parseLine, placeholder, put, refuseMissing } from './command-line.js';
import { type Field, type JsonSchema, record } from './fields.js';
import { parseJson } from './parse-value.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Thrown when the person gave up at a question. */
export class GaveUp extends Error {}

/** The whole input of an action: from the line, from files, from standard input, and from answers. */
export async function completeInput(
  action: ActionDescriptor,
  args: readonly string[],
  known: readonly string[],
  terminal: Terminal,
): Promise<JsonSchema> {
  const line = parseLine(action, args, known);
  refuseSharedInput(line);
  const input = merge(await fromFile(line, terminal), line.input);
  for (const [field, file] of line.files) put(input, field.path, await fileText(field, file, terminal));
  for (const field of line.fromInput) put(input, field.path, (await terminal.readInput()).replace(/\r?\n$/, ''));
  for (const field of line.fields) {
    if (!field.secret || field.fileContent || isGiven(field, input)) continue;
    const typed = line.fields.find(({ secretField }) => secretField === field.path[0]);
    if (typed !== undefined && !isGiven(typed, input)) {
      if (!terminal.interactive) throw missingOrSecret(action, typed, field);
      put(input, field.path, await askSecret(field, terminal));
    } else if (field.required) put(input, field.path, await askSecret(field, terminal));
  }
  refuseMissing(action, line.fields, input);
  return input;
}

function isGiven({ path }: Field, input: JsonSchema): boolean {
  return input[path[0] ?? ''] !== undefined;
}

function missingOrSecret(action: ActionDescriptor, typed: Field, secret: Field): UsageError {
  const name = placeholder(typed, action.positionals);
  const command = `gemel ${action.id.replaceAll('.', ' ')}`;
  return new UsageError(`Missing: ${name}, or --${secret.option}-stdin where it is a secret. See: ${command} --help`);
}

function refuseSharedInput({ files, fromInput, inputFile }: ParsedLine): void {
  const readers = files.filter(([, file]) => file === '-').length + fromInput.length + (inputFile === '-' ? 1 : 0);
  if (readers > 1) throw new UsageError('Only one thing can be read from standard input.');
}

async function fromFile({ inputFile }: ParsedLine, terminal: Terminal): Promise<Record<string, unknown>> {
  if (inputFile === undefined) return {};
  const value = parseJson(await read(inputFile, '--json-input', terminal), '--json-input');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('--json-input must hold a JSON object.');
  }
  return { ...value };
}

async function fileText(field: Field, file: string, terminal: Terminal): Promise<unknown> {
  const text = await read(file, `--${field.option}`, terminal);
  return field.schema['type'] === 'object' || field.schema['type'] === 'array' ? parseJson(text, file) : text;
}

async function read(file: string, name: string, terminal: Terminal): Promise<string> {
  if (file === '-') return await terminal.readInput();
  try {
    return await terminal.readFile(file);
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new UsageError(`${name}: the file ${file} can't be read: ${reason}.`);
  }
}

async function askSecret(field: Field, terminal: Terminal): Promise<string> {
  if (!terminal.interactive) {
    throw new UsageError(`There is no terminal to ask for ${field.option}. Use --${field.option}-stdin.`);
  }
  const label = `${field.option.slice(0, 1).toUpperCase()}${field.option.slice(1).replaceAll('-', ' ')}`;
  const answer = await terminal.ask(`${label}: `, false);
  if (answer === undefined) throw new GaveUp();
  if (field.schema['repeat'] === true) {
    const again = await terminal.ask(`${label} again: `, false);
    if (again === undefined) throw new GaveUp();
    if (again !== answer) throw new UsageError('The two answers differ.');
  }
  return answer;
}

/** Options win over the file, place by place. */
function merge(base: Record<string, unknown>, over: JsonSchema): Record<string, unknown> {
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const both = isObject(merged[name]) && isObject(value);
    merged[name] = both ? merge(record(merged[name]), record(value)) : value;
  }
  return merged;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
