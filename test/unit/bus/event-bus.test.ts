import { FakeClock } from '@gemel/core/testing';
import { EventBus } from '#core/bus/event-bus.js';
import { PluginEvents } from '#core/bus/plugin-events.js';
import { ApplianceError, defineEvent, DisposableStore } from '@gemel/core/sdk';
import test from 'ava';
import { z } from 'zod';
import { collectingLog } from '../kernel/collecting-log.js';

const tick = defineEvent({ id: 'test.tick', summary: 'A tick.', schema: z.object({ n: z.number() }) });
const tock = defineEvent({ id: 'test.tock', summary: 'A tock.', schema: z.object({ n: z.number() }) });

function newBus() {
  const { log, lines } = collectingLog();
  const clock = new FakeClock();
  return { bus: new EventBus(clock, log), lines, clock, log };
}

test('delivers in the order of subscribing, with source and a gapless sequence', (t) => {
  const { bus } = newBus();
  const seen: string[] = [];
  bus.on('first', tick, ({ n }, event) => seen.push(`first ${n} ${event.source} ${event.sequence}`));
  bus.on('second', tick, ({ n }) => seen.push(`second ${n}`));
  bus.publish('network', tick, { n: 1 });
  bus.publish('network', tick, { n: 2 });
  t.deepEqual(seen, ['first 1 network 1', 'second 1', 'first 2 network 2', 'second 2']);
});

test('a listener that throws harms neither the publisher nor the others and is named in the log', (t) => {
  const { bus, lines } = newBus();
  let reached = 0;
  bus.on('broken', tick, () => {
    throw new Error('no');
  });
  bus.on('sound', tick, () => (reached += 1));
  bus.publish('network', tick, { n: 1 });
  t.is(reached, 1);
  t.deepEqual(
    lines.map(({ level, fields }) => [level, fields['owner'], fields['event']]),
    [['error', 'broken', 'test.tick']],
  );
});

test('a disposed subscription hears nothing and leaves no listener', (t) => {
  const { bus } = newBus();
  let heard = 0;
  const subscription = bus.on('me', tick, () => (heard += 1));
  const other = bus.onAny('me', 'test.', () => (heard += 1));
  subscription[Symbol.dispose]();
  other[Symbol.dispose]();
  bus.publish('network', tick, { n: 1 });
  t.is(heard, 0);
  t.is(bus.listenerCount, 0);
});

test('a prefix subscriber hears what starts with it and nothing else', (t) => {
  const { bus } = newBus();
  const seen: string[] = [];
  bus.onAny('me', 'test.ti', (_, event) => seen.push(event.id));
  bus.publish('network', tick, { n: 1 });
  bus.publish('network', tock, { n: 1 });
  t.deepEqual(seen, ['test.tick']);
});

test('events that cause each other without end are cut and logged instead of exhausting the stack', (t) => {
  const { bus, lines } = newBus();
  bus.on('a', tick, ({ n }) => bus.publish('a', tock, { n: n + 1 }));
  bus.on('b', tock, ({ n }) => bus.publish('b', tick, { n: n + 1 }));
  bus.publish('network', tick, { n: 0 });
  t.is(lines.length, 1);
  t.regex(lines[0]?.message ?? '', /causes itself/);
});

function door(publishes: readonly string[]) {
  const world = newBus();
  const own = new DisposableStore();
  return { ...world, own, events: new PluginEvents('example', world.bus, new Set(publishes), own, world) };
}

test('a plugin is refused an event its manifest does not list, with the line to add', (t) => {
  const { events } = door(['test.tock']);
  const error = t.throws(() => events.publish(tick, { n: 1 }), { instanceOf: ApplianceError });
  t.is(error.code, 'forbidden');
  t.is(error.message, 'Plugin example may not publish test.tick: add it to "publishes" in the plugin\'s package.json.');
});

test('a plugin that floods the bus loses events beyond its burst, once logged, and recovers at its rate', async (t) => {
  const { events, bus, clock, lines } = door(['test.tick']);
  let heard = 0;
  bus.on('me', tick, () => (heard += 1));
  for (let n = 0; n < 6_000; n++) events.publish(tick, { n });
  t.is(heard, 5_000);
  t.is(events.dropped, 1_000);
  t.is(lines.length, 1);
  await clock.advance(1_000);
  for (let n = 0; n < 2_000; n++) events.publish(tick, { n });
  t.is(heard, 6_000);
});

test('subscriptions of a plugin end with what it owns', async (t) => {
  const { events, bus, own } = door([]);
  events.on(tick, () => undefined);
  events.onAny('', () => undefined);
  t.is(bus.listenerCount, 2);
  await own[Symbol.asyncDispose]();
  t.is(bus.listenerCount, 0);
});

test('a listener that throws every time is logged now and again, with how often it was left out', async (t) => {
  const clock = new FakeClock();
  const { log, lines } = collectingLog();
  const bus = new EventBus(clock, log);
  bus.onAny('loud', '', () => {
    throw new Error('every time');
  });
  for (let count = 0; count < 1_000; count++) bus.publish('core', tick, { n: count });
  await clock.advance(10_000);
  bus.publish('core', tick, { n: 0 });
  t.deepEqual(
    lines.map(({ message, fields }) => [message, fields['leftOut']]),
    [
      ['listener failed', 0],
      ['listener failed', 999],
    ],
  );
});
