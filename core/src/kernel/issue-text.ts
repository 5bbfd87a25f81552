import type { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

/** Values that are longer are not quoted: nobody reads them. */
const maxQuoted = 40;
const maxNames = 12;

/**
 * What a schema finds wrong, as the end of a sentence that begins with the field: reason and remedy, no full stop. Give it to
 * every parse whose outcome a person reads: `schema.safeParse(value, { error: issueText })`. A message that a schema has of its
 * own wins. Only numbers and misspelt choices are quoted, because any other text may be a secret.
 */
export function issueText(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is needed' : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return choiceText(issue.input, issue.values);
    case 'too_big':
      return limitText(issue, 'at most', issue.maximum);
    case 'too_small':
      return limitText(issue, 'at least', issue.minimum);
    case 'not_multiple_of':
      return `${String(issue.input)} is not a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return formatText(issue);
    case 'unrecognized_keys':
      return `${unknownText(issue.keys)}${knownText(issue.inst)}`;
    case 'invalid_key':
      return `the name is not allowed: ${messagesOf([issue.issues])}`;
    case 'invalid_element':
      return `an entry is not allowed: ${messagesOf([issue.issues])}`;
    case 'invalid_union':
      return unionText(issue);
    case 'custom':
      return 'is not allowed';
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  null: 'null',
  array: 'a list',
  tuple: 'a list',
  set: 'a list',
  object: 'an object',
  record: 'an object',
  map: 'an object',
  date: 'a date',
  undefined: 'left out',
};

const formats: Readonly<Record<string, string>> = {
  datetime: 'a date and time such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  time: 'a time such as 12:00:00',
  duration: 'a duration such as PT15M',
  ipv4: 'an IPv4 address such as 192.0.2.1',
  ipv6: 'an IPv6 address such as 2001:db8::1',
  cidrv4: 'an IPv4 network such as 192.0.2.0/24',
  cidrv6: 'an IPv6 network such as 2001:db8::/64',
  mac: 'a hardware address such as 02:00:5e:10:00:01',
  hostname: 'a host name such as ntp.example.com',
  url: 'a URL such as https://example.com/',
  email: 'an e-mail address such as name@example.com',
  uuid: 'a UUID',
  guid: 'a UUID',
  base64: 'text in base64',
  json_string: 'JSON',
};

type Format = Extract<Issue, { readonly code: 'invalid_format' }>;
type Limit = Extract<Issue, { readonly code: 'too_big' | 'too_small' }>;
type Union = Extract<Issue, { readonly code: 'invalid_union' }>;

function formatText({ format, pattern, prefix, suffix, includes }: Format): string {
  // `starts_with`, `ends_with` and `includes` carry one more property each, which the type leaves open.
  if (typeof prefix === 'string') return `must begin with ${prefix}`;
  if (typeof suffix === 'string') return `must end with ${suffix}`;
  if (typeof includes === 'string') return `must hold ${includes}`;
  const known = formats[format];
  if (known !== undefined) return `must be ${known}`;
  return pattern === undefined ? `must be a valid ${format}` : `must match the pattern ${pattern}`;
}

function choiceText(input: unknown, values: readonly unknown[]): string {
  const names = values.map(String).join(', ');
  if (input === undefined) return values.length === 1 ? `is needed: ${names}` : `is needed: one of ${names}`;
  const quoted =
    typeof input === 'string' && input.length <= maxQuoted ? `${JSON.stringify(input)} is not ` : 'must be ';
  return values.length === 1 ? `${quoted}${names}` : `${quoted}one of ${names}`;
}

function limitText(issue: Limit, bound: 'at most' | 'at least', limit: number | bigint): string {
  const { input, origin, inclusive, exact } = issue;
  const above = bound === 'at most';
  if (origin === 'string') {
    if (exact === true) return `must be exactly ${counted(limit, 'character')} long`;
    if (!above && limit === 1) return 'must not be empty';
    return `is too ${above ? 'long' : 'short'}; ${bound} ${allowedOrNeeded(limit, 'character', above)}`;
  }
  if (origin === 'array' || origin === 'set' || origin === 'map' || origin === 'object') {
    return `${exact === true ? 'exactly' : bound} ${allowedOrNeeded(limit, 'entry', above && exact !== true)}`;
  }
  const wrong = `${String(input)} is too ${above ? 'large' : 'small'}`;
  if (inclusive === false) return `${wrong}; it must be ${above ? 'less' : 'more'} than ${limit}`;
  return `${wrong}; ${bound} ${limit} is ${above ? 'allowed' : 'needed'}`;
}

function allowedOrNeeded(limit: number | bigint, noun: string, above: boolean): string {
  return `${counted(limit, noun)} ${Number(limit) === 1 ? 'is' : 'are'} ${above ? 'allowed' : 'needed'}`;
}

function counted(count: number | bigint, noun: string): string {
  if (Number(count) === 1) return `1 ${noun}`;
  return `${count} ${noun === 'entry' ? 'entries' : `${noun}s`}`;
}

function unknownText(keys: readonly string[]): string {
  return `${keys.join(', ')} ${keys.length === 1 ? 'is' : 'are'} not known`;
}

/** The names an object takes; a record of free names has none to list. */
function knownText(schema: unknown): string {
  // Whatever raised the issue is a schema or a check; objects have a shape, records the values of their keys.
  const { def } = (schema ?? {}) as { readonly def?: { readonly shape?: object; readonly keyType?: z.core.$ZodType } };
  const known = def?.shape === undefined ? def?.keyType?._zod.values : Object.keys(def.shape);
  if (known === undefined) return '';
  const names = [...known].map(String);
  if (names.length === 0) return '; nothing can be set there';
  const listed = names.slice(0, maxNames).join(', ');
  return `; known ${names.length === 1 ? 'is' : 'are'} ${listed}${names.length > maxNames ? ', …' : ''}`;
}

function unionText({ input, errors, discriminator, options }: Union): string {
  if (discriminator !== undefined && Array.isArray(options)) {
    // The issue's place is the discriminator, and its input the object that holds it.
    return choiceText(Object.entries(input ?? {}).find(([key]) => key === discriminator)?.[1], options);
  }
  if (input === undefined) return 'is needed';
  return errors.length === 0 ? 'fits more than one of the forms it can have' : messagesOf(errors);
}

/** `must be text or must be a number`; what is wrong further inside says where. */
function messagesOf(alternatives: readonly (readonly z.core.$ZodIssue[])[]): string {
  const texts = alternatives.map((issues) =>
    issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('/')}: ${message}`)).join(' and '),
  );
  return [...new Set(texts)].join(', or ');
}
