import 'reflect-metadata';
import { EventBus } from '#core/bus/event-bus.js';
import { ActionRegistry } from '#core/actions/action-registry.js';
import { JobRegistry } from '#core/jobs/job-registry.js';
import { HealthRegistry } from '#core/kernel/health-registry.js';
import { type PluginPackage, parsePluginPackage } from '#core/plugins/manifest.js';
import { PluginRegistry } from '#core/plugins/plugin-registry.js';
import { PluginStateFile } from '#core/plugins/plugin-state-file.js';
import { StatusRegistry } from '#core/status/status-registry.js';
import {
  ApplianceError,
  createToken,
  defineAction,
  defineEvent,
  defineStatus,
  inject,
  injectable,
  type Plugin,
} from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { container as globalContainer } from 'tsyringe';
import { z } from 'zod';
import { collectingLog } from '../kernel/collecting-log.js';
import { memoryUploadStore } from '../uploads/memory-upload-store.js';

const tick = defineEvent({ id: 'base.tick', summary: 'A tick.', schema: z.object({}) });
const baseStatus = defineStatus({
  id: 'base.state',
  title: 'Base',
  schema: z.string(),
  present: (text) => ({ kind: 'text', text }),
});

const pluginPackage = (id: string, more: object = {}, origin: PluginPackage['origin'] = 'built-in') =>
  parsePluginPackage(
    JSON.stringify({
      version: '1.0.0',
      gemel: { id, title: id, core: '^0.1.0', entry: './dist/plugin.js', ...more },
    }),
    `/plugins/${id}`,
    origin,
  );

/** A registry over plugins that are given as objects. */
function world(plugins: Readonly<Record<string, Plugin['activate']>>, files: Readonly<Record<string, string>> = {}) {
  const system = new ScriptedSystem({ files });
  const { log, lines } = collectingLog();
  const bus = new EventBus(system.clock, log);
  const status = new StatusRegistry(bus, system.clock, log);
  const audit = { begin: async () => '', end: async () => {}, refused: async () => {} };
  const jobs = new JobRegistry({ files: system.files, clock: system.clock, bus, log, audit, folder: '/jobs' });
  const uploads = memoryUploadStore(system, log);
  const actions = new ActionRegistry(jobs, audit, system.clock, uploads);
  const health = new HealthRegistry(system.clock);
  const around = {
    bus,
    status,
    actions,
    health,
    log,
    settings: {
      accessFor: () => {
        throw new Error('no settings in this test');
      },
    },
    systemFor: () => system,
    dataFolderFor: (id: string) => `/data/${id}`,
  };
  const settings = {
    add: () => {},
    confirmed: () => {},
    running: () => {},
    draft: () => {},
    edit: () => {},
    onApplied: () => {},
  };
  const stateFile = new PluginStateFile(system.files, '/state/plugin-state.json');
  const generations: string[] = [];
  const host = {
    load: async ({ manifest }: PluginPackage, generation: number): Promise<Plugin> => {
      generations.push(`${manifest.id} ${generation}`);
      const activate = plugins[manifest.id];
      if (activate === undefined) throw new Error(`no module ${manifest.id}`);
      return { id: manifest.id, activate };
    },
  };
  const registry = new PluginRegistry(
    host,
    // the fake settings door is never used by these plugins
    { ...around, settings: { accessFor: () => settings as never } },
    globalContainer.createChildContainer(),
    stateFile,
    { clock: system.clock, coreVersion: '0.1.0' },
  );
  const conditions = () => Object.fromEntries(registry.list().map(({ id, condition }) => [id, condition]));
  const residue = async () => ({
    listeners: bus.listenerCount,
    statuses: status.definitions().length,
    actions: (await actions.describe('administrator')).length,
    timers: system.clock.pending,
  });
  return { registry, bus, status, actions, system, stateFile, lines, generations, conditions, residue };
}

test('health has an item for each plugin, and is bad for those that are wanted and do not run', async (t) => {
  const { registry } = world({
    base: () => {
      throw new Error('broken');
    },
    above: () => {},
    other: () => {},
  });
  await registry.activateAll([
    pluginPackage('above', { requires: ['base'] }),
    pluginPackage('base'),
    pluginPackage('other'),
  ]);
  const health = () => registry.health().toSorted((a, b) => a.part.localeCompare(b.part));
  t.deepEqual(health(), [
    { part: 'above', healthy: false, reason: 'blocked: needs base, which is failed' },
    { part: 'base', healthy: false, reason: 'failed: broken' },
    { part: 'other', healthy: true, reason: 'active' },
  ]);
  await registry.disable('base');
  await registry.disable('above');
  t.true(health().every(({ healthy }) => healthy));
});

test('a failed plugin blocks what requires it and nothing else', async (t) => {
  const { registry, conditions } = world({
    base: () => {
      throw new Error('broken');
    },
    above: () => {},
    other: () => {},
  });
  await registry.activateAll([
    pluginPackage('above', { requires: ['base'] }),
    pluginPackage('base'),
    pluginPackage('other'),
  ]);
  t.deepEqual(conditions(), { above: 'blocked', base: 'failed', other: 'active' });
  t.is(registry.list().find(({ id }) => id === 'above')?.reason, 'needs base, which is failed');
  t.is(registry.list().find(({ id }) => id === 'base')?.reason, 'broken');
});

test('a plugin that hangs while it is activated fails at the limit and the others go on', async (t) => {
  const { registry, conditions, system } = world({ base: () => new Promise<never>(() => {}), other: () => {} });
  const done = registry.activateAll([pluginPackage('base'), pluginPackage('other')]);
  await system.clock.advance(20_000);
  await done;
  t.deepEqual(conditions(), { base: 'failed', other: 'active' });
  t.is(registry.list()[0]?.reason, 'Activating plugin base did not end within 10 s.');
});

test('a plugin that was too slow once, as at the first start of a firmware, has a second try, and what needs it with it', async (t) => {
  const tries: Record<string, number> = {};
  const tried = (id: string) => (tries[id] = (tries[id] ?? 0) + 1);
  const { registry, conditions, system } = world({
    base: async () => {
      if (tried('base') === 1) await system.clock.sleep(12_000);
    },
    above: () => void tried('above'),
    beside: () => void tried('beside'),
    broken: () => {
      tried('broken');
      throw new Error('broken');
    },
  });
  const packages = [
    pluginPackage('above', { requires: ['base'] }),
    pluginPackage('base'),
    pluginPackage('beside', { optional: ['base'] }),
    pluginPackage('broken'),
  ];
  const done = registry.activateAll(packages);
  await system.clock.advance(20_000);
  await done;
  t.deepEqual(conditions(), { base: 'active', above: 'active', beside: 'active', broken: 'failed' });
  t.deepEqual(tries, { base: 2, broken: 1, above: 1, beside: 2 }, 'which begins anew, with it');
});

const everything = {
  publishes: ['base.tick'],
  status: ['base.state'],
  actions: ['base.do'],
};

const greedy: Plugin['activate'] = (context) => {
  context.events.on(tick, () => {});
  context.events.onAny('', () => {});
  context.status.add(baseStatus).set('here');
  context.actions.add(
    defineAction({
      kind: 'call',
      id: 'base.do',
      summary: 'Do.',
      role: 'viewer',
      input: z.object({}),
      output: z.string(),
      present: (text) => ({ kind: 'text', text }),
      run: async () => 'done',
    }),
  );
  context.own(context.system.clock.every(1_000, () => {}));
  context.addHealthCheck('alive', async () => ({ healthy: true, reason: '' }));
};

test('disabling leaves nothing behind, survives a restart, and enabling brings it back', async (t) => {
  const { registry, residue, conditions, stateFile, system } = world({ base: greedy });
  const nothing = await residue();
  await registry.activateAll([pluginPackage('base', everything)]);
  t.deepEqual(await residue(), { listeners: 2, statuses: 1, actions: 1, timers: 1 });
  await registry.disable('base');
  t.deepEqual(await residue(), nothing);
  const reread = new PluginStateFile(system.files, stateFile.path);
  await reread.load();
  t.deepEqual(reread.state.disabled, ['base']);
  await registry.enable('base');
  t.deepEqual(conditions(), { base: 'active' });
});

test('a plugin that fails half-way leaves nothing behind', async (t) => {
  const { registry, residue } = world({
    base: async (context) => {
      await greedy(context);
      throw new Error('half-way');
    },
  });
  const nothing = await residue();
  await registry.activateAll([pluginPackage('base', everything)]);
  t.deepEqual(await residue(), nothing);
});

test('a reload ends dependants too and loads a new generation of the code', async (t) => {
  const order: string[] = [];
  const noting: Plugin['activate'] = (context) => {
    order.push(`+${context.id}`);
    context.own({ [Symbol.dispose]: () => order.push(`-${context.id}`) });
  };
  const { registry, generations } = world({ base: noting, above: noting });
  await registry.activateAll([pluginPackage('base'), pluginPackage('above', { requires: ['base'] })]);
  await registry.reload('base');
  t.deepEqual(order, ['+base', '+above', '-above', '-base', '+base', '+above']);
  t.deepEqual(generations, ['base 0', 'above 0', 'base 1', 'above 0']);
});

test('a job ends before the parts of its plugin that it stands on, and is interrupted by that', async (t) => {
  const order: string[] = [];
  const { registry, actions } = world({
    base: (context) => {
      context.own({ [Symbol.dispose]: () => order.push('part') });
      context.actions.add(
        defineAction({
          kind: 'job',
          id: 'base.do',
          summary: 'Do.',
          role: 'viewer',
          input: z.object({}),
          output: z.unknown(),
          present: () => ({ kind: 'text', text: '' }),
          run: async (_input, { signal }) => {
            await new Promise((resolve) => signal.addEventListener('abort', resolve));
            order.push('job');
            throw new Error('half done');
          },
        }),
      );
    },
  });
  await registry.activateAll([pluginPackage('base', { actions: ['base.do'] })]);
  const caller = { name: 'local:jane', role: 'viewer', surface: 'cli', connectedAt: 0 } as const;
  const call = { caller, signal: new AbortController().signal };
  const { job } = await actions.invoke({ action: 'base.do', input: {}, view: false }, call);
  await registry.reload('base');
  t.deepEqual(order, ['job', 'part']);
  await new Promise((resolve) => setImmediate(resolve));
  t.like(actions.jobs.get(job?.id ?? ''), {
    state: 'interrupted',
    message: 'Plugin base was ended meanwhile. Try again when it is active: gemel plugin list.',
  });
});

test('a plugin that was removed and is installed again, or failed and is enabled again, loads new code', async (t) => {
  let broken = true;
  const { registry, generations } = world({
    base: () => {
      if (broken) throw new Error('broken');
    },
  });
  await registry.activateAll([pluginPackage('base')]);
  broken = false;
  await registry.enable('base');
  await registry.rescan([]);
  await registry.rescan([pluginPackage('base')]);
  t.deepEqual(generations, ['base 0', 'base 1', 'base 2']);
});

test('refuses what the manifest does not list, naming the line', async (t) => {
  const { registry } = world({ base: greedy });
  await registry.activateAll([pluginPackage('base', { ...everything, actions: [] })]);
  t.is(
    registry.list()[0]?.reason,
    'Plugin base may not declare base.do: add it to "actions" in the "gemel" block of its package.json.',
  );
});

test('an essential plugin cannot be disabled', async (t) => {
  const { registry } = world({ base: () => {} });
  await registry.activateAll([pluginPackage('base', { essential: true })]);
  await t.throwsAsync(registry.disable('base'), { message: /keeps the appliance reachable/ });
});

test('a plugin for another core version is failed, with both versions', async (t) => {
  const { registry } = world({ base: () => {} });
  await registry.activateAll([pluginPackage('base', { core: '^9.0.0' })]);
  t.is(registry.list()[0]?.reason, 'needs core ^9.0.0; this is 0.1.0');
});

test('an extra plugin that took core down is not tried again until an operator enables it', async (t) => {
  const state = JSON.stringify({ disabled: [], activating: 'wild', stoppedCore: [] });
  const { registry, conditions, stateFile } = world({ wild: () => {} }, { '/state/plugin-state.json': state });
  await stateFile.load();
  await registry.activateAll([pluginPackage('wild', {}, 'extra')]);
  t.deepEqual(conditions(), { wild: 'failed' });
  t.regex(registry.list()[0]?.reason ?? '', /core did not survive its activation/);
  await registry.enable('wild');
  t.deepEqual(conditions(), { wild: 'active' });
});

test('an extra plugin is marked on disk while it is being activated, and unmarked after', async (t) => {
  const { registry, system } = world({
    wild: async () => {
      const text = await system.files.read('/state/plugin-state.json');
      t.is(JSON.parse(text ?? '{}').activating, 'wild');
    },
  });
  await registry.activateAll([pluginPackage('wild', {}, 'extra')]);
  t.is(JSON.parse((await system.files.read('/state/plugin-state.json')) ?? '{}').activating, null);
});

test('an extra plugin that core was at when it was told to end is not to blame', async (t) => {
  const { registry, conditions, stateFile, system } = world({ wild: () => new Promise<never>(() => {}) });
  const after = new PluginStateFile(system.files, stateFile.path);
  await stateFile.load();
  await stateFile.change({ disabled: ['other'] });
  const done = registry.activateAll([pluginPackage('wild', {}, 'extra')]);
  await system.clock.advance(1_000);
  await stateFile.clearMark();
  await after.load();
  t.deepEqual(after.state, { disabled: ['other'], activating: null, stoppedCore: [] });
  await system.clock.advance(10_000);
  await done;
  t.deepEqual(conditions(), { wild: 'failed' });
});

test('a core that is told to end before it has read the record of plugins leaves it as it is', async (t) => {
  const { stateFile, system } = world({});
  const before = JSON.stringify({ disabled: ['other'], activating: 'wild', stoppedCore: [] });
  await system.files.write(stateFile.path, before);
  await stateFile.clearMark();
  t.is(await system.files.read(stateFile.path), before);
});

test('no plugin is to blame that core comes to after it was told to end', async (t) => {
  const { stateFile, system } = world({});
  const after = new PluginStateFile(system.files, stateFile.path);
  await stateFile.load();
  const before = stateFile.change({ activating: 'wild' });
  await stateFile.clearMark();
  await before;
  await stateFile.change({ activating: 'next' });
  await after.load();
  t.deepEqual(after.state.stoppedCore, []);
});

test('a full data volume stops neither the start nor the built-in plugins, and an extra plugin says what to do', async (t) => {
  const { registry, conditions, system } = world({ base: () => {}, wild: () => {} });
  system.faults.failAt(1, new ApplianceError('storage', '/state cannot be written: no space left on the device.'));
  await registry.activateAll([pluginPackage('base'), pluginPackage('wild', {}, 'extra')]);
  t.deepEqual(conditions(), { base: 'active', wild: 'failed' });
  t.is(
    registry.list()[1]?.reason,
    'it was not started, because that cannot be noted: /state cannot be written: no space left on the device. Free space on the data volume, then: gemel plugin enable wild',
  );
  await registry.enable('wild');
  t.deepEqual(conditions(), { base: 'active', wild: 'active' });
});

test('a volume that is full when an extra plugin has started is told, and its mark goes with the next change', async (t) => {
  const { registry, conditions, system, stateFile, lines } = world({ wild: () => {} });
  const onDisk = async () => JSON.parse((await system.files.read('/state/plugin-state.json')) ?? '{}').activating;
  system.faults.failAt(2);
  await registry.activateAll([pluginPackage('wild', {}, 'extra')]);
  t.deepEqual(conditions(), { wild: 'active' });
  t.is(await onDisk(), 'wild');
  t.true(lines.some((line) => JSON.stringify(line).includes('the end of an activation was not noted')));
  await stateFile.change({ disabled: [] });
  t.is(await onDisk(), null);
});

test('a record of plugins that can be neither read nor written does not stop a start', async (t) => {
  const state = JSON.stringify({ disabled: [], activating: 'wild', stoppedCore: [] });
  const full = world({ wild: () => {} }, { '/state/plugin-state.json': state });
  full.system.faults.failAt(1);
  t.is((await full.stateFile.load()).length, 1);
  t.deepEqual(full.stateFile.state.stoppedCore, ['wild']);
  const unreadable = world({}, { '/state/plugin-state.json/file': '' });
  t.deepEqual(await unreadable.stateFile.load(), ['/state/plugin-state.json cannot be read: it is a folder.']);
});

interface Greeter {
  greet(): string;
}
const GreeterToken = createToken<Greeter>('base.greeter');

@injectable()
class EnglishGreeter implements Greeter {
  greet() {
    return 'hello';
  }
}

const SpeakerToken = createToken<Speaker>('above.speaker');
@injectable()
class Speaker {
  constructor(@inject(GreeterToken) readonly greeter: Greeter) {}
}

test("injects a required plugin's service into a dependant's class, one instance for all", async (t) => {
  let heard = '';
  const { registry } = world({
    base: (context) => context.provide(GreeterToken, EnglishGreeter),
    above: (context) => {
      context.provide(SpeakerToken, Speaker);
      heard = context.get(SpeakerToken).greeter.greet();
      t.is(context.get(SpeakerToken).greeter, context.get(GreeterToken));
    },
  });
  await registry.activateAll([
    pluginPackage('base', { provides: ['base.greeter'] }),
    pluginPackage('above', { requires: ['base'], provides: ['above.speaker'] }),
  ]);
  t.is(registry.list()[1]?.reason, '');
  t.is(heard, 'hello');
});

test('a plugin sees no service of a plugin it does not name', async (t) => {
  let found: unknown = 'unset';
  const { registry } = world({
    base: (context) => context.provide(GreeterToken, EnglishGreeter),
    other: (context) => {
      found = context.find(GreeterToken);
    },
  });
  await registry.activateAll([pluginPackage('base', { provides: ['base.greeter'] }), pluginPackage('other')]);
  t.is(found, undefined);
});

test('a rescan takes up what is new, ends what is gone and reloads what changed', async (t) => {
  const { registry, conditions, generations } = world({ a: () => {}, b: () => {}, c: () => {} });
  await registry.activateAll([pluginPackage('a'), pluginPackage('b', {}, 'extra')]);
  await registry.rescan([pluginPackage('a', { title: 'changed' }), pluginPackage('c', {}, 'extra')]);
  t.deepEqual(conditions(), { a: 'active', c: 'active' });
  t.deepEqual(generations, ['a 0', 'b 0', 'a 1', 'c 0']);
});

test('actions added for later end with the plugin, and one that is not in the manifest leaves the plugin without', async (t) => {
  const action = (id: string) =>
    defineAction({
      kind: 'call',
      id,
      summary: 'Does.',
      role: 'viewer',
      input: z.object({}),
      output: z.null(),
      present: () => ({ kind: 'text', text: '' }),
      run: async () => null,
    });
  const { registry, actions, lines } = world({
    base: ({ actions: door }) => void door.addLater(async () => [action('base.do')]),
    wild: ({ actions: door }) => void door.addLater(async () => [action('wild.do')]),
  });
  const known = async () => (await actions.describe('viewer')).map(({ id }) => id);
  await registry.activateAll([pluginPackage('base', { actions: ['base.do'] }), pluginPackage('wild')]);
  t.deepEqual(await known(), ['base.do']);
  t.true(lines.some((line) => JSON.stringify(line).includes('Plugin wild may not declare wild.do')));
  await registry.disable('base');
  t.deepEqual(await known(), []);
});
