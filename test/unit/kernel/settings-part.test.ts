import { EventBus } from '#core/bus/event-bus.js';
import { SettingsPart } from '#core/kernel/settings-part.js';
import { StatusRegistry } from '#core/status/status-registry.js';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { lanSection, type Trouble } from '../settings/world.js';
import { collectingLog } from './collecting-log.js';

async function world(trouble: Trouble) {
  const system = new ScriptedSystem();
  system.units.add('systemd-networkd.service', 'active');
  const { log } = collectingLog();
  const bus = new EventBus(system.clock, log);
  const part = new SettingsPart({
    system,
    paths: { state: '/var/lib/gemel', runtime: '/run/gemel', builtInPlugins: '/plugins', extraPlugins: '/extra' },
    log,
    bus,
    status: new StatusRegistry(bus, system.clock, log),
  });
  part.engine.register(lanSection(system, { network: {}, servers: '', zone: '' }, trouble), {
    id: 'network',
    files: ['/'],
  });
  await part.recover();
  return { system, part };
}

test('a section that took its settings is healthy, and nothing is tried again', async (t) => {
  const { system, part } = await world({});
  t.deepEqual(part.health(), [{ part: 'lan', healthy: true, reason: 'applied' }]);
  t.is(system.clock.pending, 0);
  await part[Symbol.asyncDispose]();
});

test('a section that could not be applied at the start is not healthy until a later try succeeds', async (t) => {
  const trouble: Trouble = { applyThrows: 'no bus' };
  const { system, part } = await world(trouble);
  t.deepEqual(part.health(), [
    {
      part: 'lan',
      healthy: false,
      reason: 'Section lan could not be applied: no bus. To try again: systemctl restart gemel-core.',
    },
  ]);
  await system.clock.advance(30_000);
  t.false(part.health()[0]?.healthy);
  trouble.applyThrows = undefined;
  await system.clock.advance(30_000);
  t.true(part.health()[0]?.healthy);
  t.is(system.clock.pending, 0);
  await part[Symbol.asyncDispose]();
});

test('a section without settings, since nothing is known of its engine yet, is not healthy until it has them', async (t) => {
  const trouble: Trouble = { factsThrow: 'no bus' };
  const { system, part } = await world(trouble);
  t.regex(part.health()[0]?.reason ?? '', /no bus/);
  t.false(part.health()[0]?.healthy);
  trouble.factsThrow = undefined;
  await system.clock.advance(30_000);
  t.deepEqual(part.health(), [{ part: 'lan', healthy: true, reason: 'applied' }]);
  t.deepEqual(part.engine.status().reports, []);
  await part[Symbol.asyncDispose]();
});

test('what never can be applied is given up after some tries', async (t) => {
  const { system, part } = await world({ applyThrows: 'no bus' });
  for (let tries = 0; tries < 6; tries++) await system.clock.advance(30_000);
  t.is(system.clock.pending, 0);
  t.false(part.health()[0]?.healthy);
  await part[Symbol.asyncDispose]();
});
