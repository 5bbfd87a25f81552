import { EventBus } from '#core/bus/event-bus.js';
import { healthChanged } from '#core/kernel/core-events.js';
import { HealthRegistry } from '#core/kernel/health-registry.js';
import { HealthWatch } from '#core/kernel/health-watch.js';
import type { Health } from '@gemel/core/sdk';
import { FakeClock } from '@gemel/core/testing';
import test from 'ava';
import { collectingLog } from './collecting-log.js';

function world(answers: () => Promise<void>) {
  const clock = new FakeClock();
  const bus = new EventBus(clock, collectingLog().log);
  const health = new HealthRegistry(clock);
  const told: unknown[] = [];
  bus.on('test', healthChanged, (payload) => told.push(payload));
  const shown: Health[] = [];
  let fed = 0;
  const watch = new HealthWatch({
    health,
    clock,
    bus,
    publisher: { set: (value: Health) => void shown.push(value), [Symbol.dispose]: () => {} },
    watchdog: { intervalMs: 10_000, feed: async () => void (fed += 1) },
    answers,
  });
  return { clock, health, watch, told, shown, fed: () => fed };
}

test('feeds the watchdog while core answers at its own door, also when an engine is sick', async (t) => {
  const { clock, health, watch, fed } = world(async () => {});
  health.add('time.chrony', async () => ({ healthy: false, reason: 'not running' }));
  watch.start();
  await clock.advance(30_000);
  t.is(fed(), 4);
  await watch[Symbol.asyncDispose]();
  t.is(clock.pending, 0);
});

test('starves the watchdog when core does not answer at its own door', async (t) => {
  const { clock, watch, fed } = world(() => Promise.reject(new Error('no answer')));
  watch.start();
  await clock.advance(30_000);
  t.is(fed(), 0);
  await watch[Symbol.asyncDispose]();
});

test('tells when health turns, with the reasons, and shows every change', async (t) => {
  const { clock, health, watch, told, shown } = world(async () => {});
  let healthy = true;
  health.add('time.chrony', async () => ({ healthy, reason: healthy ? '' : 'not running' }));
  watch.start();
  await clock.advance(0);
  healthy = false;
  await clock.advance(10_000);
  t.deepEqual(told, [{ healthy: false, reasons: ['time.chrony: not running'] }]);
  t.deepEqual(
    shown.map((each) => each.healthy),
    [true, false],
  );
  await watch[Symbol.asyncDispose]();
});

test('a check that hangs counts as unhealthy and is told to stop', async (t) => {
  const { clock, health } = world(async () => {});
  let aborted = false;
  health.add('slow', (signal) => {
    signal.addEventListener('abort', () => (aborted = true));
    return new Promise(() => {});
  });
  const examined = health.examine();
  await clock.advance(5_000);
  t.deepEqual(await examined, [{ name: 'slow', healthy: false, reason: 'no answer within 5 s' }]);
  t.true(aborted);
});

test('a check of several things has an item for each of them', async (t) => {
  const { health } = world(async () => {});
  health.add('core.plugin', async () => [
    { part: 'time', healthy: true, reason: 'active' },
    { part: 'dns', healthy: false, reason: 'failed: x' },
  ]);
  t.deepEqual(await health.examine(), [
    { name: 'core.plugin.dns', healthy: false, reason: 'failed: x' },
    { name: 'core.plugin.time', healthy: true, reason: 'active' },
  ]);
});

test('a check that throws counts as unhealthy with its reason', async (t) => {
  const { health } = world(async () => {});
  health.add('broken', () => Promise.reject(new Error('no bus')));
  t.deepEqual(await health.examine(), [{ name: 'broken', healthy: false, reason: 'no bus' }]);
});
