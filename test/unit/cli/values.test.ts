import test from 'ava';
import { editDistance, nearest } from '#core/cli/did-you-mean.js';
import { exitCodeMeanings, exitCodes } from '#core/cli/exit-codes.js';
import { fieldsOf } from '#core/cli/fields.js';
import { findSocket } from '#core/cli/find-socket.js';
import { parseList, parseMap, parseValue } from '#core/cli/parse-value.js';
import { UsageError } from '#core/cli/usage-error.js';

const values: readonly (readonly [text: string, schema: Readonly<Record<string, unknown>>, value: unknown])[] = [
  ['1.10', {}, '1.10'],
  ['010', {}, '010'],
  ['1e3', {}, '1e3'],
  ['9000', {}, 9000],
  ['-5', {}, -5],
  ['true', {}, true],
  ['truely', {}, 'truely'],
  ['["a",1]', {}, ['a', 1]],
  ['{"a":1}', {}, { a: 1 }],
  ['{broken', {}, '{broken'],
  ['802.3ad', {}, '802.3ad'],
  ['Infinity', {}, 'Infinity'],
  ['on', { type: 'boolean' }, true],
  ['No', { type: 'boolean' }, false],
  ['4', { anyOf: [{ type: 'string' }, { type: 'integer' }] }, 4],
  ['4x', { anyOf: [{ type: 'string' }, { type: 'integer' }] }, '4x'],
  ['auto', { anyOf: [{ const: 'auto' }, { type: 'integer' }] }, 'auto'],
  ['2', { enum: [1, 2] }, 2],
  ['none', { type: 'string', nullable: true }, null],
];

for (const [text, schema, value] of values) {
  test(`takes ${text} for ${JSON.stringify(value)} where ${JSON.stringify(schema)} is wanted`, (t) => {
    t.deepEqual(parseValue(text, schema, '--x'), value);
  });
}

test('takes lists repeated, with commas, and as JSON', (t) => {
  const numbers = { type: 'array', items: { type: 'integer' } };
  t.deepEqual(parseList(['1,2', '3'], numbers, '--x'), [1, 2, 3]);
  t.deepEqual(parseList(['[1,2]', ''], numbers, '--x'), [1, 2]);
  t.deepEqual(parseList(['{"a":"b,c"}'], { type: 'array', items: { type: 'object' } }, '--x'), [{ a: 'b,c' }]);
});

test('takes maps as pairs and as JSON', (t) => {
  const map = { type: 'object', additionalProperties: { type: 'integer' } };
  t.deepEqual(parseMap(['a=1,b=2', '{"c":3}'], map, '--x'), { a: 1, b: 2, c: 3 });
  t.throws(() => parseMap(['a'], map, '--x'), { message: /NAME=VALUE/ });
});

test('makes options of nested properties and keeps dashes between words', (t) => {
  const schema = {
    type: 'object',
    required: ['lacpRate'],
    properties: {
      lacpRate: { enum: ['slow', 'fast'] },
      ipv4: { type: 'object', required: ['mode'], properties: { mode: { type: 'string' } } },
    },
  };
  t.deepEqual(
    fieldsOf({ input: schema }).map(({ option, required, kind }) => [option, required, kind]),
    [
      ['lacp-rate', true, 'value'],
      ['ipv4', false, 'value'],
      ['ipv4.mode', false, 'value'],
    ],
  );
});

test('finds near words, and none that are far', (t) => {
  t.is(editDistance('bnod', 'bond'), 1);
  t.deepEqual(nearest('cretae', ['create', 'remove']), ['create']);
  t.deepEqual(nearest('xyz', ['create', 'remove']), []);
});

test('finds the socket: what was told, then the mightiest on the device, then the sandbox’s', (t) => {
  const module = 'file:///repository/core/dist/cli/find-socket.js';
  t.is(
    findSocket({ GEMEL_SOCKET: '/x' }, () => false, module),
    '/x',
  );
  t.is(
    findSocket({}, () => true, module),
    '/run/gemel/root/core.sock',
  );
  t.is(
    findSocket({}, (path) => path.includes('viewers'), module),
    '/run/gemel/viewers/core.sock',
  );
  t.is(
    findSocket({}, (path) => path.includes('.state'), module),
    '/repository/.state/run/root/core.sock',
  );
  t.is(
    findSocket({}, () => false, module),
    undefined,
  );
});

test('documents every exit code once', (t) => {
  t.deepEqual(
    exitCodeMeanings.map(([code]) => code),
    Object.values(exitCodes),
  );
});

test('a number is written in decimal digits', (t) => {
  const whole = { type: 'integer' };
  t.deepEqual(
    ['7', '-7', '+7', ' 7 '].map((text) => parseValue(text, whole, '--x')),
    [7, -7, 7, 7],
  );
  t.is(parseValue('1.5', { type: 'number' }, '--x'), 1.5);
  for (const text of ['0x10', '1e3', '0b1', '', '7 8', 'Infinity']) {
    t.throws(() => parseValue(text, whole, '--x'), { instanceOf: UsageError }, text);
  }
});
