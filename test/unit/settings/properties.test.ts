import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { diffJson, PathSet } from '#core/settings/document/json-diff.js';
import { joinPath, sameJson, splitPath, valueAt, withoutValue, withValue } from '#core/settings/document/json-tree.js';
import { mergeJson } from '#core/settings/document/merge.js';
import { filesFor, jane, joe, kernelFor, World } from './world.js';

/** A test that must hold for whatever the arbitraries make; a counterexample is made as small as possible and told. */
function holds<Values extends [unknown, ...unknown[]]>(
  title: string,
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  predicate: (...values: Values) => void | Promise<void>,
  numRuns = 200,
): void {
  test(title, async (t) => {
    const property = fc.asyncProperty(...arbitraries, async (...values: Values) => predicate(...values));
    await t.notThrowsAsync(fc.assert(property, { numRuns }));
  });
}

/** Keys are never empty: a path could not name them. */
const text = fc.string({ minLength: 1, maxLength: 6 });
const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.boolean(),
    text,
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
})).object;

holds(
  'paths come back as they were',
  [
    fc.array(
      text.filter((part) => part !== ''),
      { minLength: 1 },
    ),
  ],
  (segments) => {
    assert.deepEqual(splitPath(joinPath(segments)), segments);
  },
);

holds('the changes of a difference make one side of the other', [json, json], (before, after) => {
  let made: unknown = before;
  for (const change of diffJson(before, after)) {
    const segments = splitPath(change.path);
    made = change.after === undefined ? withoutValue(made, segments) : withValue(made, segments, change.after);
    assert.ok(sameJson(valueAt(made, segments), change.after));
  }
  assert.ok(sameJson(made, after));
});

holds('merging with an unchanged side gives the other side', [json, json], (base, other) => {
  assert.deepEqual(mergeJson(base, base, other), { value: other, collisions: [] });
  assert.deepEqual(mergeJson(base, other, base), { value: other, collisions: [] });
  assert.deepEqual(mergeJson(base, other, other), { value: other, collisions: [] });
});

holds('merging collides only where both sides changed', [json, json, json], (base, mine, theirs) => {
  const { collisions } = mergeJson(base, mine, theirs);
  const changedByMine = new PathSet(diffJson(base, mine).map(({ path }) => path));
  const changedByTheirs = new PathSet(diffJson(base, theirs).map(({ path }) => path));
  for (const path of collisions) assert.ok(changedByMine.overlaps(path) && changedByTheirs.overlaps(path), path);
});

type Step =
  | { readonly kind: 'edit'; readonly section: 'lan' | 'ntp'; readonly mtu: number; readonly bond: boolean }
  | { readonly kind: 'activate' | 'confirm' | 'undo' | 'revert' | 'restart' | 'power' }
  | { readonly kind: 'rollback'; readonly back: number }
  | { readonly kind: 'wait'; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      section: fc.constantFrom('lan' as const, 'ntp' as const),
      mtu: fc.integer({ min: 1400, max: 1600 }),
      bond: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'activate' as const,
        'activate' as const,
        'confirm' as const,
        'confirm' as const,
        'undo' as const,
        'revert' as const,
        'restart' as const,
        'power' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const), back: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 70 }) }) },
);
/** Before one of its next writes or units the process dies, or that step fails. */
const trouble = fc.option(fc.record({ at: fc.integer({ min: 1, max: 30 }), fail: fc.boolean(), power: fc.boolean() }), {
  freq: 3,
});

holds(
  'whatever happens, the system is wholly what runs, what was confirmed stays confirmed, and what was not comes back',
  [fc.array(fc.tuple(step, trouble), { maxLength: 14 })],
  async (steps) => {
    const world = await World.started();
    for (const [each, fault] of steps) {
      world.forget();
      if (fault !== null) {
        if (fault.fail) world.system.faults.failAt(fault.at);
        else world.system.faults.crashAt(fault.at);
      }
      const before = world.settings();
      const candidate = world.settings('running');
      const done = await perform(world, each).then(
        () => !world.system.faults.crashed,
        () => false,
      );
      if (world.system.faults.crashed) {
        if (fault?.power === true) await world.powerCycle();
        else await world.restart();
      }
      world.forget();
      assertWhole(world);
      if (each.kind === 'confirm' && done)
        assert.deepEqual(world.settings(), candidate, 'an acknowledged confirmation is kept');
      if (['edit', 'revert', 'undo', 'power', 'restart', 'wait'].includes(each.kind))
        assert.deepEqual(world.settings(), before, 'nothing else confirms');
    }
    await world.powerCycle();
    assertWhole(world);
    assert.deepEqual(world.settings('running'), world.settings(), 'after a power cycle what is confirmed runs');
    await world.engine.close();
  },
  150,
);

async function perform(world: World, each: Step): Promise<void> {
  switch (each.kind) {
    case 'edit': {
      const bonds = each.bond ? { bond0: { mode: '802.3ad', members: ['eth0', 'eth1'] } } : {};
      const lan = { mtu: each.mtu, bonds };
      await world.edit(
        each.section,
        each.section === 'lan' ? lan : { servers: [`${each.mtu}.example`], zone: `Z${each.bond}` },
        each.bond ? jane : joe,
      );
      return;
    }
    case 'activate':
      await world.activate();
      return;
    case 'confirm':
      await world.engine.confirm(jane);
      return;
    case 'undo':
      await world.engine.undo(jane);
      return;
    case 'revert':
      await world.engine.revert('', jane);
      return;
    case 'restart':
      return world.restart();
    case 'power':
      return world.powerCycle();
    case 'wait':
      return world.system.clock.advance(each.seconds * 1_000);
    case 'rollback': {
      const number = Math.max(1, world.engine.state.confirmed.meta.number - each.back);
      const { document } = await world.engine.revision(number);
      await world.engine.activateDocument(
        { document, origin: 'rollback', comment: '', force: new Set(), confirmSeconds: undefined },
        jane,
      );
    }
  }
}

function assertWhole(world: World): void {
  const running = world.settings('running');
  assert.deepEqual(world.kernel, kernelFor(running));
  assert.deepEqual(world.owned(), filesFor(running));
  const { state, confirmed, running: number } = world.engine.status();
  if (state !== 'awaiting-confirmation') assert.equal(number, confirmed);
}
