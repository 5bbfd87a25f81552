import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import type { Checks } from '../checks.ts';
import { activating, failingSection, pluginPackage } from './plugin-packages.ts';
import { SandboxAppliance } from './sandbox-appliance.ts';

const tick = (id: string) =>
  `const tick = defineEvent({ id: '${id}.tick', summary: 'A tick.', schema: z.object({ n: z.number() }) });`;

interface BadPlugin {
  readonly files: Readonly<Record<string, string>>;
  readonly condition: 'failed' | 'active' | 'blocked' | 'refused';
  readonly says: RegExp;
}

const atStart: Readonly<Record<string, BadPlugin>> = {
  syntax: { files: pluginPackage('syntax', 'export default {'), condition: 'failed', says: /./ },
  'import-throws': {
    files: pluginPackage('import-throws', "throw new Error('no way');"),
    condition: 'failed',
    says: /no way/,
  },
  'no-plugin': {
    files: pluginPackage('no-plugin', 'export default 7;'),
    condition: 'failed',
    says: /no default export/,
  },
  'other-id': {
    files: pluginPackage('other-id', "export default { id: 'another', activate() {} };"),
    condition: 'failed',
    says: /manifest says other-id/,
  },
  absent: { files: pluginPackage('absent', '', { entry: './nothing.js' }), condition: 'failed', says: /nothing\.js/ },
  future: { files: activating('future', '', { core: '^9.0.0' }), condition: 'failed', says: /needs core \^9\.0\.0/ },
  lonely: { files: activating('lonely', '', { requires: ['nobody'] }), condition: 'blocked', says: /needs nobody/ },
  throws: { files: activating('throws', "throw new Error('it slipped');"), condition: 'failed', says: /it slipped/ },
  'throws-nothing': { files: activating('throws-nothing', 'throw undefined;'), condition: 'failed', says: /./ },
  'needs-failed': {
    files: activating('needs-failed', '', { requires: ['throws'] }),
    condition: 'blocked',
    says: /throws/,
  },
  hangs: { files: activating('hangs', 'await new Promise(() => {});'), condition: 'failed', says: /within 10 s/ },
  'undeclared-action': {
    files: activating(
      'undeclared-action',
      "context.actions.add(defineAction({ kind: 'call', id: 'undeclared-action.do', summary: 'Do.', role: 'viewer', input: z.object({}), output: z.object({}), present: () => ({ kind: 'text', text: '' }), run: async () => ({}) }));",
    ),
    condition: 'failed',
    says: /"actions"/,
  },
  'takes-core': {
    files: activating(
      'takes-core',
      "context.actions.add(defineAction({ kind: 'call', id: 'settings.activate', summary: 'Do.', role: 'viewer', input: z.object({}), output: z.object({}), present: () => ({ kind: 'text', text: '' }), run: async () => ({}) }));",
      { actions: ['settings.activate'] },
    ),
    condition: 'failed',
    says: /settings\.activate/,
  },
  'reads-shadow': {
    files: activating('reads-shadow', "await context.system.files.read('/etc/shadow');"),
    condition: 'failed',
    says: /grants\.files/,
  },
  'loud-listener': {
    files: activating('loud-listener', "context.events.onAny('', () => { throw new Error('every time'); });"),
    condition: 'active',
    says: /^$/,
  },
  floods: {
    files: activating(
      'floods',
      `${tick('floods')}
      context.system.clock.every(100, () => { for (let n = 0; n < 50_000; n += 1) context.events.publish(tick, { n }); });`,
      { publishes: ['floods.tick'] },
    ),
    condition: 'active',
    says: /^$/,
  },
  echo: {
    files: activating(
      'echo',
      `${tick('echo')} context.events.on(tick, ({ n }) => context.events.publish(tick, { n: n + 1 }));
      context.system.clock.every(200, () => context.events.publish(tick, { n: 0 }));`,
      { publishes: ['echo.tick'], subscribes: ['echo.tick'] },
    ),
    condition: 'active',
    says: /^$/,
  },
  'timer-throws': {
    files: activating('timer-throws', "setInterval(() => { throw new Error('the timer slipped'); }, 300);"),
    condition: 'active',
    says: /^$/,
  },
  'promise-forgotten': {
    files: activating('promise-forgotten', "setInterval(() => void Promise.reject(new Error('forgotten')), 300);"),
    condition: 'active',
    says: /^$/,
  },
  'status-throws': {
    files: activating(
      'status-throws',
      "context.status.add(defineStatus({ id: 'status-throws.state', title: 'State', schema: z.object({}), present() { throw new Error('no view'); }, overview() { throw new Error('no overview'); } }), async () => ({}));",
      { status: ['status-throws.state'] },
    ),
    condition: 'active',
    says: /^$/,
  },
  'status-hangs': {
    files: activating(
      'status-hangs',
      "context.status.add(defineStatus({ id: 'status-hangs.state', title: 'State', schema: z.object({}), present: () => ({ kind: 'text', text: '' }), overview: () => [] }), () => new Promise(() => {}));",
      { status: ['status-hangs.state'] },
    ),
    condition: 'active',
    says: /^$/,
  },
  sick: {
    files: activating('sick', "context.addHealthCheck('pulse', async () => { throw new Error('no pulse'); });"),
    condition: 'active',
    says: /^$/,
  },
  'no-way-to-end': {
    files: pluginPackage(
      'no-way-to-end',
      "export default { id: 'no-way-to-end', activate() {}, deactivate() { return new Promise(() => {}); } };",
    ),
    condition: 'active',
    says: /^$/,
  },
};

/** Third-party code at its worst, all of it at once: core stays up, says so, and nothing is half applied. */
export async function badPluginChecks(checks: Checks): Promise<void> {
  await using box = await SandboxAppliance.create();
  for (const [id, { files }] of Object.entries(atStart)) await box.addPlugin(id, files);
  await box.addPlugin('not-json', { 'package.json': '{' });
  await box.addPlugin('empty', {});
  await box.addPlugin('poses-as-network', pluginPackage('network', "throw new Error('never run');"));

  await checks.check('core starts with twenty bad plugins', async () => {
    await box.start();
    assert.match(await box.must('status'), /Settings\s+● revision 1 confirmed/);
  });
  for (const [id, { condition, says }] of Object.entries(atStart)) {
    await checks.check(`${id} is ${condition}`, async () => {
      const plugin = await box.plugin(id);
      assert.equal(plugin?.condition, condition, `${plugin?.reason}`);
      assert.match(plugin?.reason ?? '', says);
    });
  }
  await checks.check('folders that hold no plugin are named, and nobody poses as a built-in', async () => {
    const text = await box.must('plugin', 'list');
    for (const folder of ['not-json', 'empty', 'poses-as-network']) assert.match(text, new RegExp(`/${folder}`));
    assert.equal((await box.plugin('network'))?.condition, 'active');
  });
  await checks.check('what slips is part of the health, and core goes on', async () => {
    await box.until('the health says so', 15, async () => /defect showed/.test(await box.must('status')));
    const text = await box.must('status', 'show', 'core.health');
    assert.match(text, /no pulse/);
    assert.match(box.output, /floods the bus/);
    assert.match(box.output, /the timer slipped/);
    assert.match(box.output, /forgotten/);
  });
  await checks.check('a status that throws or hangs harms only itself', async () => {
    assert.match(await box.refused(7, 'status', 'show', 'status-throws.state'), /no view/);
    assert.match(await box.must('status', 'show', 'status-hangs.state'), /not known yet/);
    await box.must('status');
  });
  await checks.check('enabling a plugin that fails ends with 5 and says why', async () => {
    assert.match(await box.refused(5, 'plugin', 'reload', 'throws'), /it slipped/);
    assert.match(await box.refused(5, 'plugin', 'enable', 'lonely'), /needs nobody/);
  });
  await checks.check('one that does not end is given up after its time', async () => {
    await box.must('plugin', 'disable', 'no-way-to-end', '--yes');
    assert.equal((await box.plugin('no-way-to-end'))?.condition, 'disabled');
  });
  await checks.check('a disabled flood stops', async () => {
    await box.must('plugin', 'disable', 'floods', '--yes');
    const count = async () =>
      (
        await box.json<{ readonly events: readonly { readonly sequence: number }[] }>(
          'events',
          'list',
          '--prefix',
          'floods.',
          '--limit',
          '1',
        )
      ).events.at(-1)?.sequence;
    const before = await count();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await count(), before);
  });

  await box.must('plugin', 'disable', 'hangs', '--yes');
  for (const [id, code] of [
    ['loops', 'for (;;) {}'],
    ['exits', 'process.exit(3);'],
  ] as const) {
    await checks.check(`one that takes core down (${code}) is not started again`, async () => {
      await box.addPlugin(id, activating(id, code));
      const asked = box.gemel('plugin', 'rescan');
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await box.end('SIGKILL');
      await asked;
      await box.startAgainAndAgain(3, 15_000);
      const plugin = await box.plugin(id);
      assert.equal(plugin?.condition, 'failed');
      assert.match(plugin?.reason ?? '', /core did not survive/);
      await box.must('settings', 'export');
      await rm(box.path(`lib/plugins/${id}`), { recursive: true });
    });
  }
}

/** A section that fails in each of its steps: the settings before are in force afterwards, and a healthy core says what happened. */
export async function badSectionChecks(checks: Checks): Promise<void> {
  await using box = await SandboxAppliance.create();
  const steps = ['verify', 'render', 'apply', 'probe'] as const;
  await box.addPlugin('bad-plan', failingSection('bad-plan', 'plan'));
  for (const step of steps) await box.addPlugin(`bad-${step}`, failingSection(`bad-${step}`, step));
  await box.start();
  const modeOf = (id: string) => box.path(`root/run/gemel/${id}/mode`);

  for (const step of steps) {
    const id = `bad-${step}`;
    await checks.check(`a section whose ${step} throws: nothing is half applied`, async () => {
      await box.must('time', 'zone', 'set', 'Asia/Tokyo');
      const edit = await box.gemel('settings', 'set', `${id}/mode`, 'throw');
      assert.ok([0, 7].includes(edit.code), `set ended with ${edit.code}: ${edit.err}`);
      const activated = await box.gemel('settings', 'activate');
      assert.ok(
        [1, 7].includes(activated.code),
        `activate ended with ${activated.code}: ${activated.out}${activated.err}`,
      );
      assert.match(activated.err, new RegExp(`${step} slipped|${id}`));
      const { confirmed, running, state } = await box.status();
      assert.deepEqual([confirmed, running], [1, 1], state);
      assert.notEqual(state, 'stuck');
      assert.equal(await readFile(modeOf(id), 'utf8'), 'fine\n');
      assert.doesNotMatch(await box.must('status', 'show', 'time.synchronisation'), /Tokyo/);
      await box.must('settings', 'revert');
    });
  }

  await checks.check('a section whose apply hangs is taken back after its time', async () => {
    await box.must('settings', 'set', 'bad-apply/mode', 'hang');
    const activated = await box.gemel('settings', 'activate');
    await box.must('settings', 'revert');
    assert.ok([7, 8].includes(activated.code), `${activated.code}: ${activated.err}`);
    const { confirmed, running } = await box.status();
    assert.deepEqual([confirmed, running], [1, 1]);
    assert.equal(await readFile(modeOf('bad-apply'), 'utf8'), 'fine\n');
  });

  await checks.check('a disabled plugin keeps its settings and others can be changed', async () => {
    await box.must('plugin', 'disable', 'bad-verify', '--yes');
    await box.must('device', 'host-name', 'set', 'box7');
    await box.must('settings', 'activate');
    assert.match(await box.must('settings', 'export'), /"bad-verify"/);
    assert.ok(existsSync(modeOf('bad-verify')));
  });
}
