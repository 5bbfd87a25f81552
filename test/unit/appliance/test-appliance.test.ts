import {
  ApplianceError,
  callerFile,
  defineAction,
  defineEvent,
  defineStatus,
  type PluginContext,
  type SectionReference,
} from '@gemel/core/sdk';
import { createTestAppliance, type TestAppliance, type TestPlugin } from '@gemel/core/testing';
import test from 'ava';
import { z } from 'zod';

const ticked = defineEvent({ id: 'lamp.ticked', summary: 'A tick.', schema: z.object({ n: z.number() }) });
const state = defineStatus({
  id: 'lamp.state',
  title: 'Lamp',
  schema: z.object({ lit: z.boolean() }),
  present: ({ lit }) => ({ kind: 'text', text: lit ? 'lit' : 'dark' }),
  overview: ({ lit }) => [['Lamp', { text: lit ? 'lit' : 'dark' }]],
});
const lampSettings: SectionReference<{ readonly lit: boolean; readonly colour: string }> = { id: 'lamp' };

const lamp = (more: (context: PluginContext) => void = () => {}): TestPlugin => ({
  manifest: {
    id: 'lamp',
    sections: ['lamp'],
    status: ['lamp.state'],
    publishes: ['lamp.ticked'],
    actions: ['lamp.show'],
    grants: { files: ['/run/gemel/lamp'], units: ['lamp.service'] },
  },
  activate(context) {
    const { settings, status, actions, system } = context;
    settings.add({
      ...lampSettings,
      title: 'Lamp',
      scope: 'node',
      version: 1,
      confirmSeconds: 60,
      schema: z.strictObject({ lit: z.boolean().default(false), colour: z.string().default('white') }),
      defaults: () => ({ lit: false, colour: 'white' }),
      readFacts: async () => {},
      verify: () => [],
      render: ({ settings: { lit, colour } }) => ({
        files: [{ path: '/run/gemel/lamp/state', content: `${String(lit)} ${colour}\n` }],
        properties: [],
      }),
      plan: () => ({ units: ['lamp.service'], interruptions: [] }),
      apply: () => system.units.reloadOrRestart('lamp.service'),
      probe: async () => [],
    });
    status.add(state, async () => ({ lit: settings.running(lampSettings).lit }));
    actions.add(
      defineAction({
        kind: 'call',
        id: 'lamp.show',
        summary: 'Show it.',
        role: 'viewer',
        audited: false,
        input: z.object({}),
        output: z.object({ lit: z.boolean() }),
        present: ({ lit }) => ({ kind: 'text', text: String(lit) }),
        run: async () => ({ lit: settings.running(lampSettings).lit }),
      }),
    );
    more(context);
  },
});

const lampAppliance = (plugin = lamp()) =>
  createTestAppliance({ plugins: [plugin], prepare: ({ units }) => void units.add('lamp.service') });
const file = '/run/gemel/lamp/state';

test('boots with plugins that are objects and takes their settings into force', async (t) => {
  await using appliance = await lampAppliance();
  await appliance.invoke('settings.set', { path: 'lamp/lit', value: 'true' }, { role: 'operator' });
  const { output } = await appliance.invoke('settings.activate');
  t.like(output, { outcome: 'awaiting-confirmation', revision: 2 });
  t.is(await appliance.system.files.read(file), 'true white\n');
  await appliance.invoke('settings.confirm');
  t.deepEqual(await appliance.invoke('lamp.show'), {
    output: { lit: true },
    view: { kind: 'text', text: 'true' },
    reports: [],
  });
});

test('roles count', async (t) => {
  await using appliance = await lampAppliance();
  const asked = appliance.invoke('settings.activate', {}, { role: 'viewer' });
  t.is((await t.throwsAsync(asked, { instanceOf: ApplianceError }))?.code, 'forbidden');
});

test('a revision that nobody confirms is taken back in its time', async (t) => {
  await using appliance = await lampAppliance();
  await appliance.invoke('settings.set', { path: 'lamp/lit', value: 'true' });
  await appliance.invoke('settings.activate');
  await appliance.clock.advance(56_000);
  t.is(await appliance.system.files.read(file), 'true white\n');
  await appliance.clock.advance(2_000);
  t.is(await appliance.system.files.read(file), 'false white\n');
});

/** A lamp that is told by a file of the caller what to do. */
const programmed: TestPlugin = {
  manifest: { id: 'lamp', actions: ['lamp.program'] },
  activate: ({ actions, system }) =>
    void actions.add(
      defineAction({
        kind: 'call',
        id: 'lamp.program',
        summary: 'Take a program.',
        role: 'operator',
        input: z.object({ file: callerFile({ mostBytes: 100 }) }),
        output: z.object({ text: z.string() }),
        present: ({ text }) => ({ kind: 'text', text }),
        run: async ({ file: path }) => ({ text: (await system.files.read(path)) ?? '' }),
      }),
    ),
};

async function programSent(appliance: TestAppliance): Promise<string> {
  const caller = { name: 'local:test', role: 'operator', surface: 'cli', connectedAt: 0 } as const;
  const order = { action: 'lamp.program', field: 'file', files: [{ name: 'a.txt', bytes: 2 }] };
  const upload = await appliance.core.api.upload(order, caller, () => undefined);
  await upload.append(0, Buffer.from('on'));
  return upload.value;
}

const uploads = '/var/lib/gemel/uploads';

test('an action of a plugin reads what was sent for it, without a grant of its own', async (t) => {
  await using appliance = await createTestAppliance({ plugins: [programmed] });
  const { output } = await appliance.invoke('lamp.program', { file: await programSent(appliance) });
  t.deepEqual(output, { text: 'on' });
  t.deepEqual(appliance.system.files.contents(uploads), {});
});

test('what was sent to a core that is gone is removed at the next start', async (t) => {
  await using appliance = await createTestAppliance({ plugins: [programmed] });
  await programSent(appliance);
  t.is(Object.keys(appliance.system.files.contents(uploads)).length, 1);
  await appliance.restart();
  t.deepEqual(appliance.system.files.contents(uploads), {});
});

test('a shutdown in order removes what is under way', async (t) => {
  const appliance = await createTestAppliance({ plugins: [programmed] });
  await programSent(appliance);
  const { files } = appliance.system;
  await appliance[Symbol.asyncDispose]();
  t.deepEqual(files.contents(uploads), {});
});

test('a killed core goes on with the window', async (t) => {
  await using appliance = await lampAppliance();
  await appliance.invoke('settings.set', { path: 'lamp/lit', value: 'true' });
  await appliance.invoke('settings.activate');
  await appliance.clock.advance(20_000);
  await appliance.restart();
  t.is(appliance.settings.status().state, 'awaiting-confirmation');
  await appliance.clock.advance(41_000);
  t.is(appliance.settings.status().state, 'rolled-back');
  t.is(await appliance.system.files.read(file), 'false white\n');
});

test('a power loss takes an unconfirmed revision back', async (t) => {
  await using appliance = await lampAppliance();
  await appliance.invoke('settings.set', { path: 'lamp/lit', value: 'true' });
  await appliance.invoke('settings.activate');
  await appliance.powerLoss();
  t.is(appliance.settings.status().state, 'rolled-back');
  t.is(await appliance.system.files.read(file), 'false white\n');
});

test('two operators edit at once: both are pending under their names, and what another confirmed collides', async (t) => {
  await using appliance = await lampAppliance();
  const jane = { name: 'user:jane', role: 'operator' } as const;
  const joe = { name: 'user:joe', role: 'operator' } as const;
  await Promise.all([
    appliance.invoke('settings.set', { path: 'lamp/lit', value: 'true' }, jane),
    appliance.invoke('settings.set', { path: 'lamp/colour', value: 'red' }, joe),
  ]);
  t.deepEqual(appliance.settings.status().pendingAuthors.toSorted(), ['user:jane', 'user:joe']);
  const other = JSON.stringify({ lamp: { lit: false, colour: 'blue' } });
  await appliance.invoke('settings.apply', { file: other }, jane);
  await appliance.invoke('settings.confirm', {}, jane);
  const refused = await t.throwsAsync(appliance.invoke('settings.activate', {}, joe), { instanceOf: ApplianceError });
  t.is(refused?.code, 'conflict');
  t.deepEqual(
    refused?.reports.map(({ code, path, params }) => [code, path, params['author']]),
    [['settings.draft.collision', 'lamp/colour', 'user:jane']],
  );
});

test('ends with a complaint when a payload or a status is not what its schema says', async (t) => {
  const appliance = await lampAppliance(
    lamp(({ events, status: _status }) => events.publish(ticked, { n: 'one' as unknown as number })),
  );
  const failure = await t.throwsAsync(async () => appliance[Symbol.asyncDispose]());
  t.regex(failure?.message ?? '', /event lamp\.ticked of lamp: n: /);
});

test('ends with a complaint when something was left running', async (t) => {
  const appliance = await lampAppliance();
  appliance.clock.every(1_000, () => {});
  const failure = await t.throwsAsync(async () => appliance[Symbol.asyncDispose]());
  t.is(failure?.message, '1 clock timers left behind');
});

test('a status whose overview throws, or cannot be sent, does not hide the others', async (t) => {
  const broken = defineStatus({
    ...state,
    id: 'broken.state',
    title: 'Broken',
    overview: () => {
      throw new Error('no overview');
    },
  });
  const counted = defineStatus({
    ...state,
    id: 'broken.count',
    title: 'Counted',
    overview: () => [['Count', { text: 5n as never }]],
  });
  const plugin: TestPlugin = {
    manifest: { id: 'broken', status: ['broken.state', 'broken.count'] },
    activate: ({ status }) => {
      status.add(broken).set({ lit: true });
      status.add(counted).set({ lit: true });
    },
  };
  await using appliance = await createTestAppliance({
    plugins: [lamp(), plugin],
    prepare: ({ units }) => void units.add('lamp.service'),
  });
  const { output } = await appliance.invoke('status');
  const { lines } = z.object({ lines: z.array(z.object({ label: z.string(), text: z.string() })) }).parse(output);
  t.deepEqual(
    lines.filter(({ label }) => ['Broken', 'Count', 'Counted', 'Lamp'].includes(label)),
    [
      { label: 'Counted', text: 'cannot be shown here; see: gemel status show broken.count' },
      { label: 'Broken', text: 'cannot be shown here; see: gemel status show broken.state' },
      { label: 'Lamp', text: 'dark' },
    ],
  );
});

const slow: TestPlugin = {
  manifest: { id: 'slow', actions: ['slow.go'] },
  activate: ({ actions, system }) =>
    void actions.add(
      defineAction({
        kind: 'job',
        id: 'slow.go',
        summary: 'Go.',
        role: 'operator',
        input: z.object({}),
        output: z.object({ metres: z.number() }),
        present: ({ metres }) => ({ kind: 'text', text: `${metres} m were gone.` }),
        run: async (_input, { signal }) => {
          await system.clock.sleep(60_000, signal);
          return { metres: 7 };
        },
      }),
    ),
};

test('what a job gave is shown as its action shows it', async (t) => {
  await using appliance = await createTestAppliance({ plugins: [slow] });
  const { job } = await appliance.invoke('slow.go');
  const early = appliance.invoke('jobs.result', { id: job?.id });
  t.is((await t.throwsAsync(early, { instanceOf: ApplianceError }))?.code, 'conflict');
  await appliance.clock.advance(60_000);
  t.deepEqual(await appliance.invoke('jobs.result', { id: job?.id }), {
    output: { action: 'slow.go', output: { metres: 7 } },
    view: { kind: 'text', text: '7 m were gone.' },
    reports: [],
  });
});

test('a job that runs when core ends leaves no timer', async (t) => {
  const appliance = await createTestAppliance({ plugins: [slow] });
  const { job } = await appliance.invoke('slow.go');
  await appliance.restart();
  t.like((await appliance.invoke('jobs.show', { id: job?.id })).output, { state: 'interrupted' });
  await appliance.invoke('slow.go');
  await t.notThrowsAsync(async () => appliance[Symbol.asyncDispose]());
});

test('a job whose plugin ends with core is left for the next start, and is not taken for one that failed', async (t) => {
  const { promise: gone, reject } = Promise.withResolvers<never>();
  gone.catch(() => undefined);
  const leaning: TestPlugin = {
    manifest: { id: 'leaning', actions: ['leaning.go'] },
    activate({ actions, own }) {
      own({ [Symbol.dispose]: () => reject(new Error('what it stands on is gone')) });
      actions.add(
        defineAction({
          kind: 'job',
          id: 'leaning.go',
          summary: 'Go.',
          role: 'operator',
          input: z.object({}),
          output: z.unknown(),
          present: () => ({ kind: 'text', text: '' }),
          run: () => gone,
        }),
      );
    },
  };
  const appliance = await createTestAppliance({ plugins: [leaning] });
  const { job } = await appliance.invoke('leaning.go');
  const { files } = appliance.system;
  await appliance[Symbol.asyncDispose]();
  const { job: kept } = z
    .object({ job: z.object({ state: z.string() }) })
    .parse(JSON.parse((await files.read(`/var/lib/gemel/jobs/${job?.id}.json`)) ?? ''));
  t.is(kept.state, 'running');
});

test('plugins that were started again with one whose reload failed get their settings all the same', async (t) => {
  let loads = 0;
  const applied: boolean[] = [];
  const base: TestPlugin = {
    manifest: { id: 'base' },
    activate() {
      if (++loads > 1) throw new Error('broken');
    },
  };
  const above = lamp(({ settings }) => void settings.onApplied(lampSettings, ({ lit }) => applied.push(lit)));
  await using appliance = await createTestAppliance({
    plugins: [base, { ...above, manifest: { ...above.manifest, optional: ['base'] } }],
    prepare: ({ units }) => void units.add('lamp.service'),
  });
  await t.throwsAsync(appliance.invoke('plugin.reload', { id: 'base' }), { message: 'Plugin base is failed: broken' });
  t.deepEqual(applied, [false, false]);
});

test('a factory reset that one start cannot finish is finished by the next, which takes away nothing that came since', async (t) => {
  let failures = 2;
  const sick = lamp();
  const plugin: TestPlugin = {
    ...sick,
    activate(context) {
      const { settings } = context;
      return sick.activate({
        ...context,
        settings: {
          ...settings,
          add: (section) =>
            settings.add({
              ...section,
              readFacts: async (signal) => {
                if (failures-- > 0) throw new Error('it does not answer');
                return section.readFacts(signal);
              },
            }),
        },
      });
    },
  };
  const marker = '/var/lib/gemel/factory-reset';
  const kept = '/var/lib/gemel/plugin-data/lamp/kept';
  await using appliance = await createTestAppliance({
    plugins: [plugin],
    files: { [marker]: '{}\n', [kept]: 'former' },
    prepare: ({ units }) => void units.add('lamp.service'),
  });
  const edit = () => appliance.invoke('settings.set', { path: 'lamp/colour', value: 'red' });
  t.is(await appliance.system.files.read(kept), undefined);
  const refused = await t.throwsAsync(edit(), { instanceOf: ApplianceError });
  t.regex(refused?.message ?? '', /^The factory reset is not finished: Section lamp .*it does not answer/);
  const health = await appliance.core.health.examine();
  t.deepEqual(
    health.filter(({ healthy }) => !healthy).map(({ name }) => name),
    ['core.factory-reset'],
  );
  await appliance.system.files.write(kept, 'new');

  await appliance.restart();
  t.is(await appliance.system.files.read(marker), undefined);
  t.is(await appliance.system.files.read(kept), 'new');
  await t.notThrowsAsync(edit());
});
