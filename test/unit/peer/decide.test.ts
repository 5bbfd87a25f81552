import test from 'ava';
import fc from 'fast-check';
import { decide, type Side } from '#peer/settings-sync/decide.js';

const side = (checksums: string, common: string, editable: Side['editable'] = 'both-were-active'): Side => ({
  checksums: { ntp: checksums },
  common: common === '' ? {} : { ntp: common },
  editable,
});
const outcome = (mine: Side, theirs: Side) => {
  const { same, take, offer, conflicts } = decide(mine, theirs);
  return { same, take, offer, conflicts };
};
const nothing = { same: [], take: [], offer: [], conflicts: [] };

test('the side that changed since both had the same wins', (t) => {
  t.deepEqual(outcome(side('x', 'x'), side('y', 'x')), { ...nothing, take: ['ntp'] });
  t.deepEqual(outcome(side('y', 'x'), side('x', 'x')), { ...nothing, offer: ['ntp'] });
  t.deepEqual(outcome(side('y', 'x'), side('y', 'x')), { ...nothing, same: ['ntp'] });
});

test('it is a conflict when both changed, whoever is active now', (t) => {
  for (const [mine, theirs] of [
    ['both-were-active', 'both-were-active'],
    ['here', 'there'],
    ['there', 'here'],
  ] as const) {
    t.deepEqual(outcome(side('y', 'x', mine), side('z', 'x', theirs)), { ...nothing, conflicts: ['ntp'] });
  }
});

test('who changed while alone wins, also when the other one is active now', (t) => {
  t.deepEqual(outcome(side('x', 'x', 'here'), side('y', 'x', 'there')), { ...nothing, take: ['ntp'] });
});

test('it is enough when one node remembers what both had', (t) => {
  t.deepEqual(outcome(side('y', 'x'), side('z', 'y')), { ...nothing, take: ['ntp'] });
  t.deepEqual(outcome(side('y', 'x'), side('z', '')), { ...nothing, conflicts: ['ntp'] });
  t.deepEqual(outcome(side('x', 'x'), side('z', '')), { ...nothing, take: ['ntp'] });
});

test('in a new pair the active node wins, when both agree on who it is', (t) => {
  t.deepEqual(outcome(side('y', '', 'here'), side('z', '', 'there')), { ...nothing, offer: ['ntp'] });
  t.deepEqual(outcome(side('y', '', 'there'), side('z', '', 'here')), { ...nothing, take: ['ntp'] });
  for (const [mine, theirs] of [
    ['there', 'there'],
    ['here', 'here'],
    ['both-were-active', 'both-were-active'],
  ] as const) {
    t.deepEqual(outcome(side('y', '', mine), side('z', '', theirs)), { ...nothing, conflicts: ['ntp'] });
  }
});

test('a section that only one node has is left alone', (t) => {
  t.deepEqual(decide({ ...side('x', ''), checksums: {} }, side('y', '')), nothing);
  t.deepEqual(decide(side('x', ''), { ...side('y', ''), checksums: {} }), nothing);
});

test('both nodes always come to mirrored decisions, so settings are never swapped', (t) => {
  const checksums = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3'));
  const sides = fc.record({
    checksums,
    common: checksums,
    editable: fc.constantFrom('here' as const, 'there' as const, 'both-were-active' as const),
  });
  fc.assert(
    fc.property(sides, sides, (mine, theirs) => {
      const here = decide(mine, theirs);
      const there = decide(theirs, mine);
      t.deepEqual(
        [here.take, here.offer, here.same, here.conflicts],
        [there.offer, there.take, there.same, there.conflicts],
      );
    }),
  );
  t.pass();
});
