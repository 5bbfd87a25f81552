import test from 'ava';
import { drawView } from '#core/cli/draw-view.js';
import type { Style } from '#core/cli/style.js';
import { textWidth, wrap } from '#core/cli/text-width.js';
import type { View } from '#core/sdk/index.js';

const plain: Style = { unicode: true, colours: false, columns: undefined };
const bonds: View = {
  kind: 'table',
  columns: ['Bond', 'State', 'Members'],
  rows: [
    ['bond0', { text: 'OK', tone: 'ok' }, 'eth0, eth1'],
    ['büro', { text: 'degraded', tone: 'warn' }, '日本 eth2'],
  ],
  empty: 'No bonds.',
};

test('aligns tables by what is seen, with marks', (t) => {
  t.is(
    drawView(bonds, plain),
    ['Bond   State       Members', 'bond0  ● OK        eth0, eth1', 'büro   ▲ degraded  日本 eth2', ''].join('\n'),
  );
});

test('uses ASCII marks where the terminal can’t show others', (t) => {
  t.regex(drawView(bonds, { ...plain, unicode: false }), /\+ OK .*\n.*! degraded/);
});

test('colours only when told, and aligns as without', (t) => {
  const coloured = drawView(bonds, { ...plain, colours: true });
  t.true(coloured.includes('\u001b[32m● OK\u001b[0m'));
  t.is(coloured.replaceAll(/\u001b\[\d+m/g, ''), drawView(bonds, plain));
});

test('fits wide tables into the terminal by wrapping their widest columns', (t) => {
  const long: View = { kind: 'table', columns: ['Name', 'Text'], rows: [['a', 'some words that do not fit into it']] };
  const drawn = drawView(long, { ...plain, columns: 20 });
  t.is(drawn, ['Name  Text', 'a     some words', '      that do not', '      fit into it', ''].join('\n'));
  t.true(drawn.split('\n').every((line) => textWidth(line) <= 20));
});

test('says what an empty table means', (t) => {
  t.is(drawView({ kind: 'table', columns: ['A'], rows: [], empty: 'No bonds.' }, plain), 'No bonds.\n');
});

test('draws fields, differences, groups and raw text', (t) => {
  const view: View = {
    kind: 'group',
    views: [
      {
        kind: 'fields',
        title: 'Time',
        fields: [
          ['Zone', 'UTC'],
          ['State', { text: 'off', tone: 'bad' }],
        ],
      },
      {
        kind: 'diff',
        lines: [
          { mark: '+', text: 'a' },
          { mark: '-', text: 'b' },
          { mark: ' ', text: 'c' },
        ],
      },
      { kind: 'raw', text: 'as it is\u0007' },
    ],
  };
  t.is(drawView(view, plain), 'Time\nZone   UTC\nState  ✖ off\n\n+ a\n- b\n  c\n\nas it is\u0007');
});

test('shows what would steer the terminal instead of sending it', (t) => {
  const view: View = { kind: 'fields', fields: [['Name', 'a\u001b[2Jb\u202ec']] };
  t.is(drawView(view, plain), 'Name  a^[[2Jb\\u202ec\n');
});

test('knows the width of wide and combining characters', (t) => {
  t.deepEqual(['abc', 'ü', 'u\u0308', '日本', '가', '🂡', '🚀'].map(textWidth), [3, 1, 1, 4, 2, 1, 2]);
});

test('wraps at spaces, and breaks only words that are too long', (t) => {
  t.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  t.deepEqual(wrap('abcdefghij k', 4), ['abcd', 'efgh', 'ij k']);
  t.deepEqual(wrap('日本語', 4), ['日本', '語']);
});
