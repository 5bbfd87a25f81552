import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checks } from '../checks.ts';
import { activating, pluginPackage } from './plugin-packages.ts';
import { SandboxAppliance } from './sandbox-appliance.ts';

const example = join(import.meta.dirname, '../../../examples/hello-plugin');

/** The example plugin on a running appliance: added, used, changed on disk, disabled, removed. */
export async function examplePluginChecks(checks: Checks): Promise<void> {
  await using box = await SandboxAppliance.start();
  const folder = box.path('lib/plugins/hello-plugin');
  const greeting = box.path('root/run/gemel/hello/greeting.txt');

  await checks.check('copying the example and a rescan add it', async () => {
    await cp(example, folder, { recursive: true });
    await box.refused(2, 'hello', 'greet', 'World');
    await box.must('plugin', 'rescan');
    assert.equal(await box.must('hello', 'greet', 'World'), 'Hello, World.\n');
  });

  await checks.check('its section takes part in an activation', async () => {
    await box.must('settings', 'set', 'hello/enabled', 'true');
    await box.must('settings', 'activate');
    assert.equal(await readFile(greeting, 'utf8'), 'Welcome to gemel.\n');
    assert.match(await box.must('status'), /Greeting\s+● Welcome to gemel/);
    await box.refused(1, 'settings', 'set', 'hello/greeting', '');
    await box.must('settings', 'set', 'hello/greeting', 'Hello {nobody}');
    assert.match(await box.refused(1, 'settings', 'activate'), /\{nobody\} stands for nothing/);
    await box.must('settings', 'revert');
  });

  await checks.check('new code in any of its files is taken up by a reload, and only then', async () => {
    const file = join(folder, 'actions.js');
    const before = await readFile(file, 'utf8');
    await writeFile(file, before.replace('Greet somebody.', 'Greet somebody warmly.'));
    const entry = join(folder, 'plugin.js');
    await writeFile(entry, (await readFile(entry, 'utf8')).replace('`Hello, ${name}.`', '`Good morning, ${name}.`'));
    assert.equal(await box.must('hello', 'greet', 'World'), 'Hello, World.\n');
    await box.must('plugin', 'reload', 'hello');
    assert.equal(await box.must('hello', 'greet', 'World'), 'Good morning, World.\n');
    assert.match(await box.must('hello', 'greet', '--help'), /Greet somebody warmly\./);
    assert.equal(await readFile(greeting, 'utf8'), 'Welcome to gemel.\n');
  });

  await checks.check('broken code fails at the reload with 5, and mended code works again', async () => {
    const entry = join(folder, 'plugin.js');
    const good = await readFile(entry, 'utf8');
    await writeFile(entry, `${good}\nthrow new Error('half written');\n`);
    assert.match(await box.refused(5, 'plugin', 'reload', 'hello'), /half written/);
    assert.equal(await readFile(greeting, 'utf8'), 'Welcome to gemel.\n', 'what is applied stays');
    assert.match(await box.must('settings', 'export'), /"hello"/);
    await writeFile(entry, good);
    await box.must('plugin', 'reload', 'hello');
    assert.match(await box.must('settings', 'show', 'hello'), /enabled/);
  });

  await checks.check('disabled, its words are gone and its settings stay; so after a restart', async () => {
    await box.refused(9, 'plugin', 'disable', 'hello');
    await box.must('plugin', 'disable', 'hello', '--yes');
    await box.refused(2, 'hello', 'greet', 'World');
    await box.restart();
    assert.equal((await box.plugin('hello'))?.condition, 'disabled');
    await box.must('plugin', 'enable', 'hello');
    const { value } = await box.json<{ readonly value: { readonly enabled: boolean } }>('settings', 'show', 'hello');
    assert.equal(value.enabled, true);
  });

  await checks.check('an essential plugin cannot be disabled, a removed one is forgotten', async () => {
    assert.match(await box.refused(5, 'plugin', 'disable', 'network', '--yes'), /reachable/);
    await rm(folder, { recursive: true });
    await box.must('plugin', 'rescan');
    assert.equal(await box.plugin('hello'), undefined);
    await box.must('settings', 'set', 'device/contact', 'jane');
    await box.must('settings', 'activate');
    assert.ok(existsSync(greeting), 'settings of a plugin that is not there are left alone');
  });
}

interface Job {
  readonly id: string;
  readonly state: string;
  readonly output?: unknown;
}

const jobPlugin = activating(
  'work',
  `
  const { clock, files } = context.system;
  const base = {
    kind: 'job', role: 'operator',
    input: z.strictObject({ steps: z.int().min(1).default(3).describe('How many.'), from: z.int().default(0).describe('First.') }),
    output: z.object({ steps: z.int() }), positionals: ['steps'],
    present: ({ steps }) => ({ kind: 'text', text: steps + ' steps were done.' }),
  };
  const go = async ({ steps }, job, from) => {
    for (let step = from; step < steps; step += 1) {
      await clock.sleep(300, job.signal);
      job.log('step ' + step);
      job.progress((step + 1) / steps, 'step ' + (step + 1) + ' of ' + steps);
      await job.save({ step: step + 1 });
    }
    return { steps };
  };
  context.actions.add(defineAction({ ...base, id: 'work.once', summary: 'Work.', run: (input, job) => go(input, job, input.from) }));
  context.actions.add(defineAction({ ...base, id: 'work.again', summary: 'Work, also after a restart.',
    run: (input, job) => go(input, job, input.from), resume: (input, job, saved) => go(input, job, saved?.step ?? 0) }));
  context.actions.add(defineAction({ ...base, id: 'work.fail', summary: 'Work in vain.',
    run: async () => { await clock.sleep(300); throw new Error('in vain'); } }));
  `,
  { actions: ['work.once', 'work.again', 'work.fail'] },
);

/** Actions that take time: watched, left, cancelled, and over a restart of core. */
export async function jobChecks(checks: Checks): Promise<void> {
  await using box = await SandboxAppliance.create();
  await box.addPlugin('work', jobPlugin);
  await box.start();
  const show = async (id: string) => box.json<Job>('jobs', 'show', id);

  await checks.check('a job is waited for and its output given', async () => {
    assert.match(await box.must('work', 'once', '2'), /2 steps were done/);
    assert.deepEqual(await box.json('work', 'once', '2'), { steps: 2 });
  });
  await checks.check('a job that fails ends with 7 and says why', async () => {
    assert.match(await box.refused(7, 'work', 'fail'), /in vain/);
  });
  await checks.check('a job can be left, found again with its log, and is there when it has ended', async () => {
    const job = await box.json<Job>('work', 'once', '3', '--detach');
    assert.equal(job.state, 'running');
    assert.match(await box.must('jobs'), /work\.once\s+.*running/);
    await box.until('the job ends', 10, async () => (await show(job.id)).state !== 'running');
    assert.match(await box.must('jobs', 'show', job.id), /succeeded[^]*step 0\nstep 1\nstep 2/);
  });
  await checks.check('a job can be cancelled', async () => {
    const job = await box.json<Job>('work', 'once', '1000', '--detach');
    await box.must('jobs', 'cancel', job.id);
    assert.equal((await show(job.id)).state, 'cancelled');
    await box.refused(5, 'jobs', 'cancel', job.id);
  });
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    await checks.check(
      `over ${signal} a job that can goes on where it was; another says that it was interrupted`,
      async () => {
        const again = await box.json<Job>('work', 'again', '8', '--detach');
        const once = await box.json<Job>('work', 'once', '1000', '--detach');
        await box.until('some steps', 10, async () => /step 2/.test(await box.must('jobs', 'show', again.id)));
        await box.restart(signal);
        assert.equal((await show(once.id)).state, 'interrupted');
        await box.until('it ends', 15, async () => (await show(again.id)).state !== 'running');
        const ended = await show(again.id);
        assert.deepEqual([ended.state, ended.output], ['succeeded', { steps: 8 }]);
      },
    );
  }
  await checks.check('one who watches a job goes on watching over a restart', async () => {
    const watched = box.gemel('work', 'again', '12');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await box.restart('SIGKILL');
    const { code, out, err } = await watched;
    assert.equal(code, 0, out + err);
    assert.match(out, /12 steps were done/);
  });
  await checks.check('a plugin that is reloaded interrupts its own jobs only', async () => {
    await box.addPlugin('idle', pluginPackage('idle', "export default { id: 'idle', activate() {} };"));
    const job = await box.json<Job>('work', 'once', '1000', '--detach');
    await box.must('plugin', 'rescan');
    assert.equal((await show(job.id)).state, 'running');
    await box.must('jobs', 'cancel', job.id);
  });
}
