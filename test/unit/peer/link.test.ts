import { ApplianceError } from '@gemel/core/sdk';
import { FakeClock } from '@gemel/core/testing';
import test from 'ava';
import fc from 'fast-check';
import { encodeFrame, FrameReader } from '#peer/wire/frame.js';
import { Link, type LinkOptions, linkLimits } from '#peer/wire/link.js';
import { fromWireError, toWireError } from '#peer/wire/wire-error.js';

/** Two ends whose bytes arrive at once, unless the path between them is dead. */
function linkPair(options: { left?: Partial<LinkOptions>; right?: Partial<LinkOptions> } = {}) {
  const clock = new FakeClock();
  const path = { dead: false };
  const closed: string[] = [];
  const ends: Link[] = [];
  const make = (own: number, name: string, extra: Partial<LinkOptions> = {}) => {
    const stream = {
      write: (bytes: Buffer) => {
        if (!path.dead) queueMicrotask(() => ends[1 - own]?.received(bytes));
      },
      pendingBytes: 0,
      destroy() {},
    };
    const link = new Link(stream, {
      clock,
      maxReceivedBytes: 10_000,
      maxSentBytes: 10_000,
      closed: (reason) => void closed.push(`${name}: ${reason}`),
      ...extra,
    });
    ends[own] = link;
    return link;
  };
  return { clock, path, closed, left: make(0, 'left', options.left), right: make(1, 'right', options.right) };
}

test('frames arrive whole, however the stream is cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue()),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (messages, cuts) => {
        // JSON knows no negative zero
        const sent = messages.map((message): unknown => JSON.parse(JSON.stringify(message)));
        const stream = Buffer.concat(sent.map(encodeFrame));
        const reader = new FrameReader(1_000_000);
        const received: unknown[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const end = at + (cuts[turn % cuts.length] ?? 1);
          reader.push(stream.subarray(at, end), (message) => received.push(message));
          at = end;
        }
        t.deepEqual(received, sent);
        t.false(reader.partial);
      },
    ),
  );
});

test('a frame above the limit is refused by its length alone', (t) => {
  const reader = new FrameReader(10);
  t.throws(() => reader.push(Buffer.from([0, 0, 0, 11]), () => t.fail()), { instanceOf: RangeError });
});

test('errors keep code, message and reports, and what is none becomes one', (t) => {
  const report = { code: 'x.y', severity: 'warning', params: { n: 1 }, path: 'a', text: 'T.', forceCode: 'f' } as const;
  const error = new ApplianceError('storage', 'Full.', { reports: [report] });
  const back = fromWireError(JSON.parse(JSON.stringify(toWireError(error))));
  t.deepEqual([back.code, back.message, back.reports], ['storage', 'Full.', [report]]);
  for (const strange of [null, 7, {}, { message: 1 }]) t.is(fromWireError(strange).code, 'internal');
  const odd = fromWireError({ code: 'nonsense', message: 'M', reports: [{ code: 1 }] });
  t.deepEqual([odd.code, odd.reports], ['internal', []]);
});

test('more requests at once than allowed are refused, the others go on', async (t) => {
  const gate = Promise.withResolvers<string>();
  const { left } = linkPair({ right: { requestsAtOnce: () => 2, answer: () => gate.promise } });
  const calls = [1, 2, 3].map(() => left.call('x', {}, 5_000));
  const third = await calls[2];
  t.is(third?.kind === 'thrown' && fromWireError(third.error).code, 'unavailable');
  gate.resolve('done');
  t.deepEqual(await Promise.all(calls.slice(0, 2)), [
    { kind: 'answer', body: 'done' },
    { kind: 'answer', body: 'done' },
  ]);
});

test('a dead path is given up after two silences, a slow answer is not', async (t) => {
  const gate = Promise.withResolvers<string>();
  const { left, clock, path, closed } = linkPair({ right: { requestsAtOnce: () => 2, answer: () => gate.promise } });
  const slow = left.call('slow', {}, 60_000);
  await clock.advance(30_000);
  t.deepEqual(closed, []);
  path.dead = true;
  await clock.advance(2 * linkLimits.silenceMs + linkLimits.silenceMs);
  t.deepEqual(closed, ['left: the other side is silent']);
  await t.throwsAsync(slow, { code: 'unavailable' });
  await t.throwsAsync(left.call('next', {}, 1_000), { code: 'unavailable' });
  t.is(clock.pending, 0);
});

test('a frame that does not end closes the link', async (t) => {
  const { right, clock, closed } = linkPair();
  right.received(Buffer.from([0, 0]));
  await clock.advance(linkLimits.frameMs - 1);
  right.received(Buffer.from([0]));
  t.deepEqual(closed, []);
  await clock.advance(1);
  t.deepEqual(closed, ['right: a frame did not end within 5 s']);
});

test('what the other side sends without being asked closes the link', (t) => {
  for (const message of [[], 'text', { nothing: true }]) {
    const { right, closed } = linkPair();
    right.received(encodeFrame(message));
    t.deepEqual(closed, ['right: a frame is no message']);
  }
});
