import { dependantsOf, resolveLevels } from '#core/kernel/dependency-graph.js';
import test from 'ava';

const node = (id: string, requires: string[] = [], optional: string[] = []) => ({ id, requires, optional });

test('puts what does not depend on each other into one level', (t) => {
  const { levels } = resolveLevels([node('c', ['a', 'b']), node('a'), node('b'), node('d', ['c'])]);
  t.deepEqual(levels, [['a', 'b'], ['c'], ['d']]);
});

test('blocks a node whose requirement is missing and everything above it, with reasons', (t) => {
  const { levels, blocked } = resolveLevels([node('a', ['ghost']), node('b', ['a']), node('c')]);
  t.deepEqual(levels, [['c']]);
  t.deepEqual(
    [...blocked],
    [
      ['a', 'needs ghost, which is not there'],
      ['b', 'needs a, which is blocked itself'],
    ],
  );
});

test('blocks a ring and names its members', (t) => {
  const { levels, blocked } = resolveLevels([node('a', ['b']), node('b', ['a']), node('c')]);
  t.deepEqual(levels, [['c']]);
  t.is(blocked.get('a'), 'these plugins require each other in a ring: a, b');
});

test('an optional dependency orders when it is there, and neither its absence nor a ring of them blocks', (t) => {
  t.deepEqual(resolveLevels([node('a', [], ['b']), node('b')]).levels, [['b'], ['a']]);
  t.deepEqual(resolveLevels([node('a', [], ['ghost'])]).levels, [['a']]);
  const ring = resolveLevels([node('a', [], ['b']), node('b', [], ['a'])]);
  t.deepEqual(ring.levels.flat().toSorted(), ['a', 'b']);
  t.is(ring.blocked.size, 0);
});

test('dependants come farthest first, optional ones included, also in a ring', (t) => {
  const nodes = [node('a', [], ['d']), node('b', ['a']), node('c', ['b']), node('d', [], ['a'])];
  t.deepEqual(dependantsOf('a', nodes), ['c', 'b', 'd']);
});
