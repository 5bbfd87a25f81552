import { type ActionCall, type AnyAction, ApplianceError, type Caller, type View } from '@gemel/core/sdk';
import test from 'ava';
import { z } from 'zod';
import { settingsActions } from '#core/settings/actions/settings-actions.js';
import { jane, World } from './world.js';

/** What the tests look at of any action's output. */
interface Output {
  readonly outcome?: string;
  readonly activation?: { readonly outcome: string };
  readonly plan?: { readonly totals: { readonly files: number } };
}

/** Runs an action as the registry does: input and output through their schemas, and the presentation. */
async function run(
  world: World,
  id: string,
  input: object = {},
  caller: Caller = jane,
): Promise<{ readonly output: Output; readonly lines: readonly string[] }> {
  const action = settingsActions(world.engine).find((each) => each.id === `settings.${id}`);
  if (action === undefined || action.kind !== 'call') throw new Error(`no call action ${id}`);
  const call: ActionCall = { caller, signal: new AbortController().signal };
  const output = await action.run(action.input.parse(input), call);
  const sent: Output = JSON.parse(JSON.stringify(action.output.parse(output)));
  return { output: sent, lines: linesOf(action.present(output)) };
}

/** What a plain terminal would show. */
function linesOf(view: View): readonly string[] {
  const cell = (each: string | { readonly text: string }) => (typeof each === 'string' ? each : each.text);
  switch (view.kind) {
    case 'text':
      return [view.text];
    case 'raw':
      return view.text.split('\n');
    case 'fields':
      return [
        ...(view.title === undefined ? [] : [view.title]),
        ...view.fields.map(([name, value]) => `${name}: ${cell(value)}`),
      ];
    case 'table':
      return view.rows.length === 0 ? [view.empty ?? ''] : view.rows.map((row) => row.map(cell).join(' | '));
    case 'diff':
      return view.lines.map(({ mark, text }) => `${mark} ${text}`);
    case 'group':
      return [...(view.title === undefined ? [] : [view.title]), ...view.views.flatMap(linesOf)];
  }
}

test('every action has schemas that surfaces can use, a role that fits, and positionals that exist', async (t) => {
  const world = await World.started();
  for (const action of settingsActions(world.engine)) {
    const schema: { properties?: object } = z.toJSONSchema(action.input, { io: 'input' });
    z.toJSONSchema(action.output, { io: 'output' });
    for (const name of action.positionals ?? []) t.true(name in (schema.properties ?? {}), `${action.id} ${name}`);
    t.is(action.role, action.audited === false ? 'viewer' : 'operator', action.id);
  }
  const ids = settingsActions(world.engine).map((action: AnyAction) => action.id.replace('settings.', ''));
  t.deepEqual(ids.sort(), [
    'activate',
    'apply',
    'compare',
    'confirm',
    'diff',
    'export',
    'history',
    'plan',
    'revert',
    'rollback',
    'set',
    'show',
    'undo',
    'unset',
    'verify',
  ]);
});

test('an operator sees what is pending, what it will do, and what to type', async (t) => {
  const world = await World.started();
  const set = await run(world, 'set', { path: 'lan/mtu', value: '9000' });
  t.deepEqual(set.lines, [
    '~ lan/mtu: 1500 → 9000  (local:jane)',
    'Not in force yet. Next: gemel settings plan, gemel settings activate',
  ]);
  await run(world, 'set', { path: 'lan/bonds/bond0', value: '{"mode":"802.3ad","members":["eth0","eth1"]}' });
  t.deepEqual((await run(world, 'compare')).lines.slice(0, 3), [
    '~ lan/mtu: 1500 → 9000  (local:jane)',
    '+ lan/bonds/bond0/mode: 802.3ad  (local:jane)',
    '+ lan/bonds/bond0/members: eth0, eth1  (local:jane)',
  ]);
  t.deepEqual((await run(world, 'show', { path: 'lan' })).lines, [
    '  lan:',
    '~   mtu: 9000   (confirmed: 1500)',
    '    bonds:',
    '+     bond0:',
    '+       mode: 802.3ad',
    '+       members: eth0, eth1',
    '    routes: empty',
    '    key: ""',
  ]);
  const plan = await run(world, 'plan');
  t.deepEqual(plan.lines, [
    'Network',
    '~ /run/systemd/network/10-lan.network',
    '-     MTU=1500',
    '+     MTU=9000',
    '+ /run/systemd/network/30-bond0.netdev',
    '+     Name=bond0',
    '+     Mode=802.3ad',
    '+     Members=eth0 eth1',
    'lan | short | 300 ms | Links go down.',
    'In all',
    'Sections: lan',
    'Files: 2',
    'Units: systemd-networkd.service',
    'Longest interruption: 300 ms',
    'Confirmation: within 60 s, or it is rolled back',
    'Next: gemel settings activate',
  ]);
  const activated = await run(world, 'activate', { comment: 'Jumbo frames' });
  t.is(activated.output.outcome, 'awaiting-confirmation');
  t.deepEqual(activated.lines, [
    'Revision 2 is in force and awaits confirmation',
    'Time left: 57 s',
    'Keep it: gemel settings confirm',
    'Take it back: gemel settings undo',
    'Otherwise: revision 1 comes back by itself',
  ]);
  t.deepEqual((await run(world, 'confirm')).lines, ['Revision 2 is confirmed (over: local-cli).']);
  t.deepEqual((await run(world, 'compare')).lines, ['The draft is the same as revision 2.', 'revision 2 confirmed']);
  t.deepEqual((await run(world, 'plan')).lines, ['Nothing to activate: revision 2 is in force.']);
  t.deepEqual((await run(world, 'activate')).lines, ['Nothing to activate: revision 2 is in force.']);
  t.deepEqual((await run(world, 'history')).lines, [
    '2 | confirmed | 2026-01-01 00:00:00 | local:jane | draft | Jumbo frames',
    '1 | former | 2026-01-01 00:00:00 | core | defaults | Defaults of lan, ntp',
  ]);
  t.deepEqual((await run(world, 'diff', { from: 1 })).lines[0], '~ lan/mtu: 1500 → 9000');
});

test('undo and history tell of a revision that was taken back', async (t) => {
  const world = await World.started();
  await run(world, 'set', { path: 'lan/mtu', value: '9000' });
  await run(world, 'activate');
  t.deepEqual((await run(world, 'undo')).lines, ['revision 2 was rolled back; revision 1 in force']);
  t.regex((await run(world, 'history')).lines[0] ?? '', /^2 \| rolled-back .*undone by local:jane/);
  await t.throwsAsync(run(world, 'undo'), { instanceOf: ApplianceError, code: 'conflict' });
  await t.throwsAsync(run(world, 'confirm'), { instanceOf: ApplianceError, code: 'conflict' });
});

test('waiting ends with the confirmation, the rollback, or the limit', async (t) => {
  const world = await World.started();
  await run(world, 'set', { path: 'lan/mtu', value: '9000' });
  const first = run(world, 'activate', { wait: true });
  await world.system.clock.advance(1_000);
  await world.engine.confirm(jane);
  t.is((await first).output.outcome, 'confirmed');
  await run(world, 'set', { path: 'lan/mtu', value: '4000' });
  const second = run(world, 'activate', { wait: true });
  await world.system.clock.advance(61_000);
  t.is((await second).output.outcome, 'rolled-back');
  const third = run(world, 'activate', { wait: true, confirmSeconds: 600 });
  await world.system.clock.advance(101_000);
  t.is((await third).output.outcome, 'awaiting-confirmation');
});

test('secrets are written and never read back, wherever one looks', async (t) => {
  const world = await World.started();
  const everything: unknown[] = [];
  const look = async (id: string, input = {}) => everything.push(await run(world, id, input));
  await look('set', { path: 'lan/key', secretValue: 'correct horse' });
  for (const id of ['show', 'compare', 'plan', 'verify', 'export']) await look(id);
  await look('show', { path: 'lan/key' });
  await look('activate');
  await world.engine.confirm(jane);
  await look('set', { path: 'lan/key', secretValue: 'battery staple' });
  for (const id of ['show', 'compare', 'plan', 'export', 'history']) await look(id);
  await look('diff', { from: 1, to: 2 });
  await look('show', { path: 'lan', of: 'running' });
  everything.push(world.events, world.engine.status());
  t.notRegex(JSON.stringify(everything), /horse|staple/);
  t.is(world.kernel.network['/run/systemd/network/20-key.network'], 'Key=correct horse\n');
});

test('a secret is not taken where others see it, alone or in a larger value; a marker and nothing are none', async (t) => {
  const world = await World.started();
  const set = (input: object) => run(world, 'set', input);
  for (const [path, value] of [
    ['lan/key', 'hush'],
    ['lan', '{"key": "hush"}'],
  ] as const) {
    const refused = await t.throwsAsync(set({ path, value }), { instanceOf: ApplianceError, code: 'invalid' });
    t.deepEqual(
      refused?.reports.map(({ code, params }) => [code, params]),
      [['settings.secret.in-clear', { field: path }]],
    );
  }
  t.like((await run(world, 'compare')).output, { changes: [] });
  await set({ path: 'lan', secretValue: '{"key": "hush"}' });
  await set({ path: 'lan', value: '{"key": {"$secret": "set"}, "mtu": 9000}' });
  await run(world, 'activate');
  await world.engine.confirm(jane);
  t.is(world.settings().lan.key, 'hush');
  await set({ path: 'lan/key', value: '' });
  await t.throwsAsync(set({ path: 'lan/mtu' }), { code: 'invalid' });
  await t.throwsAsync(set({ path: 'lan/mtu', value: '1500', secretValue: '1500' }), { code: 'invalid' });
});

test('a plan shows no private file and blots secrets out of the others', async (t) => {
  const world = await World.started();
  // the secret is what a file that everybody reads says, too
  await run(world, 'set', { path: 'lan/key', secretValue: '9000' });
  await run(world, 'set', { path: 'lan/mtu', value: '9000' });
  const { files } = (await world.engine.plan(jane)).sections[0] ?? { files: [] };
  t.deepEqual(
    files.map(({ path, private: hidden, before, after }) => [
      path.replace('/run/systemd/network/', ''),
      hidden,
      before,
      after,
    ]),
    [
      ['10-lan.network', false, 'MTU=1500\n', 'MTU=(secret)\n'],
      ['20-key.network', true, null, null],
    ],
  );
});

test('of a section whose plugin is not there nothing is shown: nobody can say what in it is secret', async (t) => {
  const world = await World.started();
  await run(world, 'set', { path: 'lan/key', secretValue: 'correct horse' });
  await run(world, 'activate');
  await world.engine.confirm(jane);
  world.loaded = ['ntp'];
  await world.restart();
  const { output } = await run(world, 'diff', { from: 1, to: 2 });
  const shown = '(not shown: section is not loaded)';
  t.like(output, { changes: [{ path: 'lan', kind: 'change', before: shown, after: shown }] });
  t.notRegex(JSON.stringify([output, await run(world, 'export'), await run(world, 'show')]), /horse/);
});

test('an export applied again changes nothing, and applied elsewhere it needs the secrets', async (t) => {
  const world = await World.started();
  for (const [path, value] of [
    ['lan/mtu', '9000'],
    ['lan/key', 'hush'],
    ['ntp/servers', 'a.example'],
  ] as const) {
    await run(world, 'set', { path, secretValue: value });
  }
  await run(world, 'activate');
  await run(world, 'confirm');
  const file = JSON.stringify((await run(world, 'export')).output);
  t.true(file.includes('{"$secret":"set"}'));
  world.forget();
  t.is((await run(world, 'apply', { file })).output.activation?.outcome, 'unchanged');
  t.deepEqual((await run(world, 'apply', { file, planOnly: true })).lines, [
    'Nothing to activate: revision 2 is in force.',
  ]);
  t.deepEqual(world.system.faults.journal, []);

  await run(world, 'set', { path: 'lan/mtu', value: '1400' });
  await run(world, 'activate');
  await run(world, 'confirm');
  const plan = await run(world, 'apply', { file, planOnly: true });
  t.is(plan.output.plan?.totals.files, 1);
  const applied = await run(world, 'apply', { file });
  t.is(applied.output.activation?.outcome, 'awaiting-confirmation');
  await run(world, 'confirm');
  t.is(world.settings().lan.mtu, 9000);
  t.is(world.settings().lan.key, 'hush');

  const other = await World.started();
  const refused = await t.throwsAsync(
    run(other, 'apply', { file: file.replace('"key":{"$secret":"set"}', '"keys":1') }),
    { instanceOf: ApplianceError },
  );
  t.deepEqual(
    refused.reports.map(({ code, path }) => [code, path]),
    [['settings.path.unknown', 'lan/keys']],
  );
  await run(other, 'apply', { file });
  t.is(other.settings('running').lan.key, '', 'what is stored is kept, and nothing was');
});

test('a file is checked whole before anything happens', async (t) => {
  const world = await World.started();
  const reportsOf = async (file: string) => {
    const refused = await t.throwsAsync(run(world, 'apply', { file }), { instanceOf: ApplianceError, code: 'invalid' });
    return refused.reports.map(({ code, path }) => [code, path]);
  };
  t.deepEqual(await reportsOf('{ not json'), []);
  t.deepEqual(await reportsOf('[]'), []);
  t.deepEqual(await reportsOf('{"$gemel":{"format":9}}'), []);
  t.deepEqual(await reportsOf('{"lan":{"mtu":1,"bonds":{"bond0":{}}},"nosuch":{},"__proto__":{"x":1}}'), [
    ['settings.value.invalid', 'lan/mtu'],
    ['settings.value.invalid', 'lan/bonds/bond0/mode'],
    ['settings.value.invalid', 'lan/bonds/bond0/members'],
    ['settings.section.unknown', 'nosuch'],
    ['settings.section.unknown', '__proto__'],
  ]);
  t.deepEqual(await reportsOf('{"$gemel":{"format":1,"versions":{"lan":2}},"lan":{}}'), [
    ['settings.section.too-new', 'lan'],
  ]);
  t.is(world.engine.state.confirmed.meta.number, 1);
});

test('a file does not touch what others have pending, nor sections that it does not name', async (t) => {
  const world = await World.started();
  await run(world, 'set', { path: 'lan/mtu', value: '9000' });
  await run(world, 'apply', { file: '{"ntp":{"zone":"Asia/Tokyo"}}' });
  t.is(world.settings().ntp.zone, 'Asia/Tokyo');
  t.is(world.settings().lan.mtu, 1500);
  t.deepEqual(
    world.engine.state.draft?.changes.map(({ path }) => path),
    ['lan/mtu'],
  );
});

test('an older revision comes back through the same window', async (t) => {
  const world = await World.started();
  await run(world, 'set', { path: 'lan/mtu', value: '9000' });
  await run(world, 'activate');
  await run(world, 'confirm');
  t.is((await run(world, 'rollback', { revision: 1 })).output.outcome, 'awaiting-confirmation');
  t.is(world.settings('running').lan.mtu, 1500);
  await run(world, 'confirm');
  t.like(world.engine.state.confirmed.meta, { number: 3, comment: 'Back to revision 1', origin: 'rollback' });
  await t.throwsAsync(run(world, 'rollback', { revision: 77 }), { instanceOf: ApplianceError, code: 'not-found' });
});

test('a stuck rollback is tried again with settings rollback', async (t) => {
  const world = await World.started();
  await run(world, 'set', { path: 'lan/mtu', value: '9000' });
  world.trouble.applyThrows = 'no carrier';
  await t.throwsAsync(run(world, 'activate'), { instanceOf: ApplianceError, code: 'engine-failed' });
  await t.throwsAsync(run(world, 'rollback', { revision: 1 }), {
    instanceOf: ApplianceError,
    code: 'engine-failed',
    message: /no carrier/,
  });
  world.trouble.applyThrows = undefined;
  t.is((await run(world, 'rollback', { revision: 1 })).output.outcome, 'rolled-back');
});

test('what is wrong with a file or a value that is not JSON is told without quoting it: it may be a secret, and failures are recorded', async (t) => {
  const world = await World.started();
  const told = async (id: string, input: object) => {
    const failure = await t.throwsAsync(run(world, id, input), { instanceOf: ApplianceError, code: 'invalid' });
    const text = JSON.stringify([failure.message, failure.reports]);
    t.false(/hunter|unter2/.test(text), text);
    return failure.message;
  };
  t.regex(await told('apply', { file: '{"lan": {"key": hunter2}}' }), /is not JSON: a text without quotes/);
  t.regex(
    await told('apply', { file: '{"lan": {"key": "hunter2" "mtu": 1}}' }),
    /line 1, column 27 is not as it must be/,
  );
  t.regex(await told('apply', { file: '{"lan": {"key": "hunter2"' }), /is not JSON: /);
  t.regex(await told('set', { path: 'lan', value: '{"key": hunter2}' }), /JSON \(a text without quotes/);
});
