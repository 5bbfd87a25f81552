import { PluginStateFile } from '#core/plugins/plugin-state-file.js';
import { createToken, defineAction, defineEvent, defineStatus, inject, injectable, type Plugin } from '@gemel/core/sdk';
import test from 'ava';
import { z } from 'zod';
import { pluginPackage, world } from './plugin-world.js';

const tick = defineEvent({ id: 'base.tick', summary: 'A tick.', schema: z.object({}) });
const baseStatus = defineStatus({
  id: 'base.state',
  title: 'Base',
  schema: z.string(),
  present: (text) => ({ kind: 'text', text }),
});

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
