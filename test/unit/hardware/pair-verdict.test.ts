import type { MachineFigures } from '#hardware/inventory/figures.js';
import { judgePair, type PairNode } from '#hardware/pairs/pair-verdict.js';
import { builtInProfiles } from '#hardware/profiles/built-in-profiles.js';
import test from 'ava';
import fc from 'fast-check';

const gib = 2 ** 30;

const figures: MachineFigures = {
  manufacturer: 'Gemel',
  product: 'rack1',
  virtualization: { kind: 'none', name: '' },
  cpuModel: 'Xeon',
  cpus: 8,
  memoryBytes: 31.1 * gib,
  diskBytes: 446 * gib,
  nics: ['a', 'b', 'c', 'd'],
  raid: null,
  managementController: true,
};

function node(name: string, profileId: string | null, changed: Partial<MachineFigures> = {}): PairNode {
  const profile = builtInProfiles().find(({ id }) => id === profileId) ?? null;
  return { name, profile, figures: { ...figures, ...changed } };
}

function judge(first: PairNode, second: PairNode) {
  const { allowed, reports } = judgePair(first, second);
  return [allowed, reports.map(({ code }) => code)];
}

test('two of one rack model are a pair', (t) => {
  t.deepEqual(judge(node('a', 'rack1'), node('b', 'rack1')), [true, []]);
});

test('two of one model with different figures are a pair with a warning', (t) => {
  const verdict = judgePair(node('a', 'rack1'), node('b', 'rack1', { memoryBytes: 16 * gib }));
  t.true(verdict.allowed);
  t.deepEqual(
    verdict.reports.map(({ code, params }) => [code, params['differing']]),
    [['hardware.pair.uneven', 'memory']],
  );
});

test('rack1 with rack5 is refused, with both figures side by side', (t) => {
  const verdict = judgePair(node('a', 'rack1'), node('b', 'rack5', { cpus: 32, memoryBytes: 125 * gib }));
  t.false(verdict.allowed);
  t.deepEqual(
    verdict.reports.map(({ code, params }) => [code, params]),
    [
      [
        'hardware.pair.different-models',
        {
          first: 'a',
          second: 'b',
          firstProfile: 'Gemel rack1',
          secondProfile: 'Gemel rack5',
          firstFigures: '8 × Xeon, 31.1 GiB memory, 446 GiB disk',
          secondFigures: '32 × Xeon, 125 GiB memory, 446 GiB disk',
        },
      ],
    ],
  );
  t.deepEqual(
    verdict.comparison.filter(({ same }) => !same).map(({ what }) => what),
    ['Profile', 'Processors', 'Memory'],
  );
});

test('a rack with a virt1 of the same processors, memory and disk is a pair', (t) => {
  t.deepEqual(judge(node('a', 'rack1'), node('v', 'virt1', { memoryBytes: 32 * gib, diskBytes: 450 * gib })), [
    true,
    [],
  ]);
  t.deepEqual(judge(node('v', 'virt1', { cpuModel: 'EPYC' }), node('a', 'rack5')), [true, ['hardware.pair.cpu-model']]);
});

test('a rack with a virt1 of other figures is refused, naming what differs', (t) => {
  for (const [changed, differing] of [
    [{ cpus: 4 }, 'processors'],
    [{ memoryBytes: 16 * gib }, 'memory'],
    [{ diskBytes: 100 * gib }, 'disk'],
    [{ cpus: 4, diskBytes: 100 * gib }, 'processors, disk'],
  ] as const) {
    const verdict = judgePair(node('a', 'rack1'), node('v', 'virt1', changed));
    t.false(verdict.allowed);
    t.deepEqual(
      verdict.reports.map(({ code, params }) => [code, params['differing']]),
      [['hardware.pair.different-figures', differing]],
    );
  }
});

test('two virt1 are a pair, with the note on the hypervisor', (t) => {
  t.deepEqual(judge(node('a', 'virt1'), node('b', 'virt1')), [true, ['hardware.pair.both-virtual']]);
});

test('without profile, two of the same product are an untested pair and all others none', (t) => {
  t.deepEqual(judge(node('a', null), node('b', null)), [true, ['hardware.pair.untested']]);
  t.deepEqual(judge(node('a', null), node('b', null, { product: 'other' })), [false, ['hardware.pair.unknown-models']]);
  t.deepEqual(judge(node('a', 'rack1'), node('b', null)), [false, ['hardware.pair.unknown-models']]);
  const nameless = { manufacturer: '', product: '' };
  t.deepEqual(judge(node('a', null, nameless), node('b', null, nameless)), [false, ['hardware.pair.unknown-models']]);
});

test('the order of the two makes no difference', (t) => {
  const anyNode = fc.record({
    profile: fc.constantFrom('rack1', 'rack5', 'virt1', null),
    cpus: fc.constantFrom(4, 8),
    memoryBytes: fc.integer({ min: gib, max: 4 * gib }),
    diskBytes: fc.integer({ min: 4 * gib, max: 8 * gib }),
    product: fc.constantFrom('rack1', ''),
  });
  const property = fc.property(anyNode, anyNode, ({ profile: one, ...a }, { profile: other, ...b }) => {
    const [first, second] = [node('first', one, a), node('second', other, b)];
    t.deepEqual(judge(first, second), judge(second, first));
    t.true(
      judgePair(first, second).reports.every(({ params }) => 'firstFigures' in params && 'secondFigures' in params),
    );
  });
  fc.assert(property);
});
