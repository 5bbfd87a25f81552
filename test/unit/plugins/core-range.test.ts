import test from 'ava';
import { isInRange, isRange } from '#core/plugins/core-range.js';

for (const [range, fits] of [
  ['^0.1.0', true],
  ['^0.1.1', false],
  ['^0.2.0', false],
  ['>=0.1.0 <2', true],
  ['0.1.x', true],
] as const)
  test(`Core 0.1.0 is ${fits ? '' : 'not '}in the range ${range}.`, (t) => {
    t.true(isRange(range));
    t.is(isInRange('0.1.0', range), fits);
  });

for (const [range, answer] of [
  ['^0.1', true],
  ['latest', false],
  ['^01.0.0', false],
  ['^0.1.0 nonsense', false],
] as const)
  test(`"${range}" is ${answer ? 'a' : 'no'} range.`, (t) => {
    t.is(isRange(range), answer);
  });
