import { EventBus } from '#core/bus/event-bus.js';
import { statusChanged } from '#core/kernel/core-events.js';
import { StatusRegistry } from '#core/status/status-registry.js';
import { defineStatus } from '@gemel/core/sdk';
import { FakeClock } from '@gemel/core/testing';
import test from 'ava';
import { z } from 'zod';
import { collectingLog } from '../kernel/collecting-log.js';

const links = defineStatus({
  id: 'test.links',
  title: 'Links',
  schema: z.array(z.string()),
  present: (names) => ({ kind: 'text', text: names.join() }),
});

function world() {
  const clock = new FakeClock();
  const { log, lines } = collectingLog();
  const bus = new EventBus(clock, log);
  const changes: unknown[] = [];
  bus.on('test', statusChanged, ({ value }) => changes.push(value));
  return { registry: new StatusRegistry(bus, clock, log), clock, changes, lines };
}

test('tells a change once and an equal value not at all', (t) => {
  const { registry, changes } = world();
  const publisher = registry.add('network', links);
  publisher.set(['eth0']);
  publisher.set(['eth0']);
  publisher.set(['eth0', 'eth1']);
  t.deepEqual(changes, [['eth0'], ['eth0', 'eth1']]);
});

test('reads afresh only when the retained value is too old', async (t) => {
  const { registry, clock } = world();
  let reads = 0;
  registry.add('network', links, async () => [`read ${++reads}`]);
  t.deepEqual(await registry.get('test.links'), ['read 1']);
  t.deepEqual(await registry.get('test.links'), ['read 1']);
  await clock.advance(1_000);
  t.deepEqual(await registry.get('test.links'), ['read 2']);
});

test('two who look at the same time share one read', async (t) => {
  const { registry } = world();
  let reads = 0;
  registry.add('network', links, async () => [`read ${++reads}`]);
  await Promise.all([registry.get('test.links'), registry.get('test.links')]);
  t.is(reads, 1);
});

test('serves the retained value when the reader hangs', async (t) => {
  const { registry, clock } = world();
  const publisher = registry.add('network', links, () => new Promise<string[]>(() => {}));
  publisher.set(['old']);
  await clock.advance(5_000);
  const asked = registry.get('test.links');
  await clock.advance(2_000);
  t.deepEqual(await asked, ['old']);
});

test('a reader that fails is logged and the retained value served', async (t) => {
  const { registry, lines } = world();
  registry.add('network', links, () => Promise.reject(new Error('engine absent')));
  t.is(await registry.get('test.links'), undefined);
  t.deepEqual(
    lines.map(({ level, fields }) => [level, fields['status']]),
    [['warn', 'test.links']],
  );
});

test('a publisher that outlives its plugin changes nothing', async (t) => {
  const { registry, changes } = world();
  const publisher = registry.add('network', links);
  publisher[Symbol.dispose]();
  publisher.set(['late']);
  t.deepEqual(changes, []);
  t.is(await registry.get('test.links'), undefined);
});

test('refuses a second provider of one status', (t) => {
  const { registry } = world();
  registry.add('network', links);
  t.throws(() => registry.add('other', links), { message: 'Status test.links is already provided.' });
});
