import { didYouMean } from './did-you-mean.js';
import { alternativesOf, choicesOf, type JsonSchema, record } from './fields.js';
import { UsageError } from './usage-error.js';

const yes = new Set(['true', 'yes', 'on']);
const no = new Set(['false', 'no', 'off']);

/**
 * A value as it was typed, turned into what the schema wants.
 * @param name For messages: `--mtu`, `NAME`.
 * @throws UsageError that says what fits.
 */
export function parseValue(text: string, schema: JsonSchema, name: string): unknown {
  if (schema['nullable'] === true && (text === 'none' || text === 'null')) return null;
  const choices = choicesOf(schema);
  if (choices !== undefined && schema['type'] !== 'boolean') return parseChoice(text, choices, name);
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) return parseAlternative(text, alternatives, name);
  switch (schema['type']) {
    case 'string':
      return text;
    case 'boolean':
      return parseBoolean(text, name);
    case 'integer':
    case 'number':
      return parseNumber(text, schema, name);
    case 'array':
      return parseList([text], schema, name);
    case 'object':
      return parseMap([text], schema, name);
    case 'null':
      if (text === 'none' || text === 'null') return null;
      throw new UsageError(`${name} can only be none.`);
    default:
      return parseAnything(text);
  }
}

/** A list that was given in pieces: repeated, separated by commas, or as JSON. */
export function parseList(texts: readonly string[], schema: JsonSchema, name: string): readonly unknown[] {
  const items = record(schema['items']);
  const scalar = items['type'] !== 'object' && items['type'] !== 'array';
  return texts.flatMap((text): readonly unknown[] => {
    if (text.startsWith('[')) {
      const list = parseJson(text, name);
      if (Array.isArray(list)) return list;
    }
    if (text === '') return [];
    const pieces = scalar ? text.split(',').map((piece) => piece.trim()) : [text];
    return pieces.filter((piece) => piece !== '').map((piece) => parseValue(piece, items, name));
  });
}

/** An object: JSON, or for free names also `name=value`, repeated or separated by commas. */
export function parseMap(texts: readonly string[], schema: JsonSchema, name: string): JsonSchema {
  const values = record(schema['additionalProperties']);
  const parts = texts.map((text): JsonSchema => {
    if (text.startsWith('{')) return record(parseJson(text, name));
    if ('properties' in schema) throw new UsageError(`${name} must be a JSON object, like {"name": "value"}.`);
    const scalar = values['type'] !== 'object' && values['type'] !== 'array';
    const pairs = scalar ? text.split(',') : [text];
    return Object.fromEntries(
      pairs.map((pair) => {
        const split = pair.indexOf('=');
        if (split <= 0) throw new UsageError(`${name} must be NAME=VALUE or a JSON object, not ${pair}.`);
        return [pair.slice(0, split).trim(), parseValue(pair.slice(split + 1), values, name)];
      }),
    );
  });
  return Object.assign({}, ...parts);
}

function parseChoice(text: string, choices: readonly unknown[], name: string): unknown {
  const found = choices.find((choice) => String(choice) === text);
  if (found !== undefined) return found;
  const words = choices.map(String);
  throw new UsageError(`${name} must be one of ${words.join(', ')}, not ${text}.${didYouMean(text, words)}`);
}

/** The strictest that takes it; text comes last because it takes everything. */
function parseAlternative(text: string, alternatives: readonly JsonSchema[], name: string): unknown {
  const texts = alternatives.filter((schema) => schema['type'] === 'string' && choicesOf(schema) === undefined);
  const others = alternatives.filter((schema) => !texts.includes(schema));
  const problems: string[] = [];
  for (const schema of [...others, ...texts]) {
    try {
      return parseValue(text, schema, name);
    } catch (failure) {
      if (!(failure instanceof UsageError)) throw failure;
      problems.push(failure.message);
    }
  }
  throw new UsageError(problems.join(' Or: '));
}

function parseBoolean(text: string, name: string): boolean {
  if (yes.has(text.toLowerCase())) return true;
  if (no.has(text.toLowerCase())) return false;
  throw new UsageError(`${name} must be true or false, not ${text}.`);
}

function parseNumber(text: string, schema: JsonSchema, name: string): number {
  // Number() alone also takes 0x10 and 1e3, which nobody means
  const number = /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  const kind = schema['type'] === 'integer' ? 'a whole number' : 'a number';
  if (!Number.isFinite(number) || (schema['type'] === 'integer' && !Number.isInteger(number))) {
    throw new UsageError(`${name} must be ${kind}${rangeText(schema)}, not ${text}.`);
  }
  const { minimum, maximum } = schema;
  if ((typeof minimum === 'number' && number < minimum) || (typeof maximum === 'number' && number > maximum)) {
    throw new UsageError(`${name} must be ${kind}${rangeText(schema)}, not ${text}.`);
  }
  return number;
}

/** ` from 68 to 9000`; nothing where the limits are only those of the type. */
export function rangeText({ minimum, maximum }: JsonSchema): string {
  const low = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const high = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  if (low !== undefined) return `, ${low} or more`;
  return high === undefined ? '' : `, ${high} or less`;
}

/** JSON where it is unmistakably that, else text: `1.10` and `010` stay as they were typed. */
function parseAnything(text: string): unknown {
  if (String(Number(text)) === text && Number.isFinite(Number(text))) return Number(text);
  if (!/^(true$|false$|null$|[[{"])/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // looked like JSON, but is text
  }
}

export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (failure) {
    throw new UsageError(`${name} is not JSON: ${failure instanceof Error ? failure.message : String(failure)}.`);
  }
}
