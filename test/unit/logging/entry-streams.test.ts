import { setImmediate } from 'node:timers/promises';
import { entriesOf, inOrder, inPieces, together } from '#logging/journal/entry-streams.js';
import type { JournalEntry } from '#logging/journal/journal-entry.js';
import { streamActions } from '#logging/journal/stream-actions.js';
import type { PeerService } from '@gemel/plugin-peer/contract';
import { ApplianceError, type Caller } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';

const caller: Caller = { name: 'local:jane', role: 'operator', surface: 'cli', connectedAt: 0 };
const exported = (at: number, message: string) =>
  `__REALTIME_TIMESTAMP=${at * 1_000}\n_HOSTNAME=one\nSYSLOG_IDENTIFIER=x\nMESSAGE=${message}\n\n`;
const entry = (at: number, node: string): JournalEntry => ({
  at,
  node,
  unit: null,
  identifier: 'x',
  pid: null,
  severity: 'info',
  message: `${node}${at}`,
});

async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function* given<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

test('finds the entries however the pipe cuts them, also in the middle of a character', async (t) => {
  const bytes = Buffer.from(`${exported(1, 'grün')}${exported(2, 'zwei')}`);
  for (const size of [1, 7, 64, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const found = await all(entriesOf(given(...chunks)));
    t.deepEqual(
      found.map(({ message }) => message),
      ['grün', 'zwei'],
      `cut every ${size} bytes`,
    );
  }
});

test('puts two nodes in the order of time, also when one ends early', async (t) => {
  const merged = await all(
    inOrder(given(entry(1, 'a'), entry(4, 'a')), given(entry(2, 'b'), entry(3, 'b'), entry(5, 'b'), entry(6, 'b'))),
  );
  t.deepEqual(
    merged.map(({ message }) => message),
    ['a1', 'b2', 'b3', 'a4', 'b5', 'b6'],
  );
});

test('follows several sources, and ends them all when nobody listens any more', async (t) => {
  const ended: string[] = [];
  async function* source(name: string) {
    try {
      for (let count = 0; ; count += 1) yield `${name}${count}`;
    } finally {
      ended.push(name);
    }
  }
  const seen: string[] = [];
  for await (const item of together([source('a'), source('b')])) {
    seen.push(item);
    if (seen.length === 6) break;
  }
  await setImmediate();
  t.true(seen.some((item) => item.startsWith('a')) && seen.some((item) => item.startsWith('b')));
  t.deepEqual(ended.toSorted(), ['a', 'b']);
});

test('joins small texts to pieces that are worth a message, and loses none', async (t) => {
  t.deepEqual(await all(inPieces(given('aa', 'bb', 'cc', 'd'), 4)), ['aabb', 'ccd']);
  t.deepEqual(await all(inPieces(given())), []);
});

function action(id: string, peer?: Partial<PeerService>) {
  const asked: (readonly string[])[] = [];
  const stream = (argv: readonly string[]) => {
    asked.push(argv);
    return given(Buffer.from(`${exported(1, 'own one')}${exported(3, 'own three')}`));
  };
  // only what a test gives is asked for
  const other = peer as PeerService | undefined;
  const { clock } = new ScriptedSystem();
  const found = streamActions({ stream, peer: other, clock }).find((each) => each.id === id);
  if (found?.kind !== 'stream') throw new Error(`${id} is no stream`);
  const run = (input: object, signal = new AbortController().signal) =>
    found.run(found.input.parse(input), { caller, signal });
  return { asked, run };
}

const paired = { hostName: 'two', fingerprint: 'AA', addresses: [] };

test('downloads the entries of both nodes in the order of time', async (t) => {
  const pages = [{ entries: [entry(2, 'two')], cursor: 's=2' }];
  const { run } = action('log.download', {
    paired,
    // the only request is that for entries
    call: (async () => pages.shift() ?? { entries: [], cursor: null }) as unknown as PeerService['call'],
  });
  const text = (await all(run({}))).join('');
  t.deepEqual(
    text
      .trim()
      .split('\n')
      .map((each) => each.slice(24)),
    ['one x: own one', 'two x: two2', 'one x: own three'],
  );
});

test('downloads the export of this node byte for byte, with the filters', async (t) => {
  const { run, asked } = action('log.download');
  const pieces = await all(run({ format: 'export', unit: ['ssh.service'] }));
  t.true(pieces[0] instanceof Uint8Array);
  t.deepEqual(asked, [['--output=export', '--unit=ssh.service']]);
});

test('a download fails when the other node cannot be reached, and says what there is without it', async (t) => {
  const unreachable = async () => {
    throw new ApplianceError('unavailable', 'The other node does not answer.');
  };
  const { run } = action('log.download', { paired, call: unreachable });
  await t.throwsAsync(() => all(run({})), { message: /does not answer/ });
  const { run: alone } = action('log.download');
  await t.throwsAsync(() => all(alone({ node: 'other' })), { message: /--node this/ });
});

test('following goes on without the other node, and says once that its entries are missing', async (t) => {
  const unreachable = async () => {
    throw new ApplianceError('unavailable', 'The other node does not answer.');
  };
  const { run, asked } = action('log.follow', { paired, call: unreachable });
  const abort = new AbortController();
  const seen: string[] = [];
  for await (const piece of run({ lines: 2 }, abort.signal)) {
    seen.push(String(piece));
    if (seen.length === 3) break;
  }
  abort.abort();
  t.is(seen.filter((piece) => piece.includes('own ')).length, 2);
  t.is(seen.filter((piece) => piece.includes('missing for now')).length, 1);
  t.deepEqual(asked[0]?.slice(0, 2), ['--follow', '--lines=2']);
});
