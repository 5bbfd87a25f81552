import { EventBus } from '#core/bus/event-bus.js';
import { statusChanged } from '#core/kernel/core-events.js';
import { statusActions } from '#core/status/status-actions.js';
import { StatusRegistry } from '#core/status/status-registry.js';
import { type Caller, defineStatus } from '@gemel/core/sdk';
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

test('what cannot be read any more is shown as it was, with its age, and not as if it were so now', async (t) => {
  const { registry, clock } = world();
  const overview = (names: readonly string[]) => [['Links', { text: names.join(), tone: 'ok' as const }]] as const;
  let works = true;
  registry.add('network', { ...links, overview }, async () => {
    if (works) return ['eth0'];
    throw new Error('networkd does not answer');
  });
  const caller: Caller = { name: 'local:jane', role: 'viewer', surface: 'cli', connectedAt: 0 };
  const shown = async (id: string, input: object) => {
    const action = statusActions(registry).find((each) => each.id === id);
    if (action?.kind !== 'call') throw new Error(`no call action ${id}`);
    const output = await action.run(input, { caller, signal: new AbortController().signal });
    return [output, action.present(output)];
  };
  const fresh = { lines: [{ label: 'Links', text: 'eth0', tone: 'ok' }] };
  t.deepEqual((await shown('status', {}))[0], fresh);
  works = false;
  t.deepEqual((await shown('status', {}))[0], fresh, 'nothing was read again within the second');
  await clock.advance(90_000);
  const text = 'eth0 (as it was 90 s ago: it cannot be read now)';
  t.deepEqual((await shown('status', {}))[0], { lines: [{ label: 'Links', text, tone: 'warn' }] });
  t.deepEqual(await shown('status.show', { id: 'test.links' }), [
    { id: 'test.links', value: ['eth0'], staleSeconds: 90 },
    {
      kind: 'group',
      views: [
        { kind: 'text', text: 'This is as it was 90 s ago: it cannot be read now.', tone: 'warn' },
        { kind: 'text', text: 'eth0' },
      ],
    },
  ]);
  works = true;
  t.deepEqual((await shown('status', {}))[0], fresh);
});
