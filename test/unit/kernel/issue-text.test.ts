import test from 'ava';
import { z } from 'zod';
import { issueText } from '#core/kernel/issue-text.js';

const mode = z.enum(['balance-rr', 'active-backup']);
const forms = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('dhcp'), metric: z.number() }),
]);

/** Name, schema, value, what is said of it: `place: text`, or the text alone for the whole. */
const cases: readonly (readonly [string, z.ZodType, unknown, ...string[]])[] = [
  [
    'a number past its maximum',
    z.object({ mtu: z.int().max(65535) }),
    { mtu: 99999 },
    'mtu: 99999 is too large; at most 65535 is allowed',
  ],
  ['a number below its minimum', z.int().min(68), 10, '10 is too small; at least 68 is needed'],
  ['a number at an open limit', z.number().positive(), 0, '0 is too small; it must be more than 0'],
  ['a number at an open maximum', z.number().lt(1), 1, '1 is too large; it must be less than 1'],
  ['a number that is no multiple', z.number().multipleOf(5), 3, '3 is not a multiple of 5'],
  [
    'a number past what is exact',
    z.int(),
    2 ** 60,
    '1152921504606847000 is too large; at most 9007199254740991 is allowed',
  ],
  ['a broken number', z.int(), 1.5, 'must be a whole number'],
  ['no number', z.number(), Number.NaN, 'must be a number'],
  ['text instead of a number', z.int(), 'x', 'must be a number'],
  ['a number instead of text', z.string(), 3, 'must be text'],
  ['text instead of a switch', z.boolean(), 'yes', 'must be true or false'],
  ['text instead of a list', z.array(z.string()), 'a', 'must be a list'],
  ['text instead of an object', z.object({}), 'a', 'must be an object'],
  ['a field that is missing', z.object({ name: z.string() }), {}, 'name: is needed'],
  ['a choice that is missing', z.object({ mode }), {}, 'mode: is needed: one of balance-rr, active-backup'],
  ['everything missing', z.object({ name: z.string() }), undefined, 'is needed'],
  [
    'a list that is empty',
    z.object({ members: z.array(z.string()).min(1) }),
    { members: [] },
    'members: at least 1 entry is needed',
  ],
  ['a list that is long', z.array(z.string()).max(2), ['a', 'b', 'c'], 'at most 2 entries are allowed'],
  ['a list of another length', z.array(z.string()).length(2), ['a'], 'exactly 2 entries are needed'],
  ['text that is empty', z.string().min(1), '', 'must not be empty'],
  ['text that is short', z.string().min(8), 'secret', 'is too short; at least 8 characters are needed'],
  ['text that is long', z.string().max(5), 'secret', 'is too long; at most 5 characters are allowed'],
  ['text of another length', z.string().length(1), 'ab', 'must be exactly 1 character long'],
  ['an unknown choice', z.object({ mode }), { mode: 'foo' }, 'mode: "foo" is not one of balance-rr, active-backup'],
  ['an unknown choice that is long', mode, 'x'.repeat(41), 'must be one of balance-rr, active-backup'],
  ['a choice that is no text', mode, 3, 'must be one of balance-rr, active-backup'],
  ['another than the only choice', z.literal('on'), 'off', '"off" is not on'],
  ['an unknown form', forms, { kind: 'bootp' }, 'kind: "bootp" is not one of none, dhcp'],
  ['a form that is not named', forms, {}, 'kind: is needed: one of none, dhcp'],
  [
    'an unknown field',
    z.strictObject({ to: z.string(), via: z.string() }).partial(),
    { too: 'x' },
    'too is not known; known are to, via',
  ],
  [
    'two unknown fields',
    z.strictObject({ to: z.string() }).partial(),
    { a: 1, b: 2 },
    'a, b are not known; known is to',
  ],
  ['a field where none is known', z.strictObject({}), { a: 1 }, 'a is not known; nothing can be set there'],
  [
    'a field where many are known',
    z.strictObject(Object.fromEntries('abcdefghijklm'.split('').map((name) => [name, z.int().optional()]))),
    { z: 1 },
    'z is not known; known are a, b, c, d, e, f, g, h, i, j, k, l, …',
  ],
  [
    'a name of its own message',
    z.record(z.string().regex(/^bond\d+$/, 'must look like bond0'), z.int()),
    { team0: 1 },
    'team0: the name is not allowed: must look like bond0',
  ],
  [
    'an unknown name of a record',
    z.partialRecord(mode, z.int()),
    { x: 1 },
    'x is not known; known are balance-rr, active-backup',
  ],
  ['a time', z.iso.datetime(), 'soon', 'must be a date and time such as 2026-01-31T12:00:00Z'],
  ['an IPv4 address', z.ipv4(), '1.2.3', 'must be an IPv4 address such as 192.0.2.1'],
  [
    'either of two',
    z.union([z.ipv4(), z.ipv6()]),
    'x',
    'must be an IPv4 address such as 192.0.2.1, or must be an IPv6 address such as 2001:db8::1',
  ],
  ['either of two, missing', z.object({ a: z.union([z.string(), z.int()]) }), {}, 'a: is needed'],
  [
    'either of two, deep inside',
    z.union([z.object({ a: z.int() }), z.string()]),
    { a: 'x' },
    'a: must be a number, or must be text',
  ],
  ['a pattern without words', z.string().regex(/^[a-z]+$/), 'A', 'must match the pattern /^[a-z]+$/'],
  ['a beginning', z.string().startsWith('/run/'), 'x', 'must begin with /run/'],
  ['an end', z.string().endsWith('.service'), 'x', 'must end with .service'],
  ['a part', z.string().includes('@'), 'x', 'must hold @'],
  ['a check without words', z.string().refine(() => false), 'hush', 'is not allowed'],
  ['a check of its own message', z.string().refine(() => false, 'must be reachable'), 'hush', 'must be reachable'],
  [
    'several at once',
    z.object({ a: z.int(), b: mode }),
    { b: 'c' },
    'a: is needed',
    'b: "c" is not one of balance-rr, active-backup',
  ],
];

for (const [name, schema, value, ...expected] of cases) {
  test(`says what is wrong and what would be right: ${name}`, (t) => {
    const parsed = schema.safeParse(value, { error: issueText });
    const said = parsed.error?.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('/')}: ${message}`,
    );
    t.deepEqual(said, expected);
  });
}

test('text that may be a secret is never quoted', (t) => {
  const schema = z.object({
    key: z.string().min(20).regex(/^k/),
    address: z.ipv4(),
    either: z.union([z.int(), z.boolean()]),
    checked: z.string().refine(() => false),
  });
  const hush = 'hush-hush';
  const parsed = schema.safeParse({ key: hush, address: hush, either: hush, checked: hush }, { error: issueText });
  t.is(parsed.error?.issues.length, 5);
  t.false(JSON.stringify(parsed.error?.issues).includes(hush));
});
