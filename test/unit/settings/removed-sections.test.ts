import { ApplianceError } from '@gemel/core/sdk';
import test from 'ava';
import { exportDocument, importDocument } from '#core/settings/exchange/document-file.js';
import { setText } from '#core/settings/exchange/text-edit.js';
import { planView } from '#core/settings/views/plan-view.js';
import { filesFor, jane, joe, stateFolder } from './world.js';
import { activate, keyFile, lanFile, ntpFile, ownedIds, pending, sections, unset, without } from './removed-world.js';

test('unset of a section that is not loaded takes it out of the draft and touches nothing else', async (t) => {
  const world = await without('lan');
  const files = world.owned();
  const reports = await unset(world, 'lan');
  t.deepEqual(
    reports.map(({ code, severity, path }) => [code, severity, path]),
    [['settings.section.removed', 'warning', 'lan']],
  );
  t.deepEqual(pending(world), [['lan', 'local:jane']]);
  t.deepEqual(world.owned(), files);
  t.deepEqual(world.eventIds(), ['settings.draft.changed']);
  await unset(world, 'lan', joe);
  t.deepEqual(pending(world), [['lan', 'local:jane']], 'a second time it changes nothing');
});

test('the plan shows its files as deleted, and says that no engine is told', async (t) => {
  const world = await without('lan');
  await unset(world, 'lan');
  const plan = await world.engine.plan(jane);
  t.deepEqual(plan.sections, [
    {
      section: 'lan',
      title: 'lan (not loaded)',
      files: [
        { path: lanFile, kind: 'delete', private: false, before: null, after: null },
        { path: keyFile, kind: 'delete', private: true, before: null, after: null },
      ],
      properties: [],
      units: [],
      interruptions: [],
    },
  ]);
  t.is(plan.totals.files, 2);
  t.deepEqual(
    plan.reports.map(({ text }) => text),
    [
      `Section lan is not loaded: its settings and files are removed, and no engine is told, since its plugin is not there to do it. Engines go on with what they read until they start anew. Files: ${lanFile}, ${keyFile}.`,
    ],
  );
  t.regex(JSON.stringify(planView(plan)), /"mark":"-","text":"\/run\/systemd\/network\/10-lan.network"/);
  t.false(JSON.stringify(plan).includes('hush-hush'));
});

test('what an absent plugin had set besides files stays, and the plan says so', async (t) => {
  const world = await without('ntp');
  const reports = await unset(world, 'ntp');
  t.deepEqual(
    reports.map(({ code, params }) => [code, params['properties'] ?? null]),
    [
      ['settings.section.removed', null],
      ['settings.section.values-stay', 'timedated Timezone'],
    ],
  );
});

test('activate removes its files, from the system and from what boot restores, and tells no unit', async (t) => {
  const world = await without('lan');
  const { kernel } = world;
  const network = { ...kernel.network };
  await unset(world, 'lan');
  world.forget();
  const result = await activate(world);
  t.is(result.state, 'confirmed');
  t.deepEqual(Object.keys(world.owned()), [ntpFile]);
  t.deepEqual([...world.archive().keys()], [ntpFile]);
  t.deepEqual(sections(world), ['ntp']);
  t.deepEqual(ownedIds(world), ['ntp']);
  t.deepEqual(world.engine.status().notLoaded, []);
  t.is(world.engine.state.draft, undefined);
  t.deepEqual(kernel.network, network);
  t.false(world.system.faults.journal.some((step) => step.includes('systemd-networkd')));
  await world.powerCycle();
  t.deepEqual(Object.keys(world.owned()), [ntpFile]);
  t.deepEqual(world.engine.state.recovery, []);
});

test('its plugin, when it is there again, starts with defaults', async (t) => {
  for (const window of [undefined, 60]) {
    const world = await without('lan');
    await unset(world, 'lan');
    await activate(world, window);
    if (window !== undefined) {
      await world.engine.confirm(jane);
    }
    world.loaded = ['lan', 'ntp'];
    await world.restart();
    t.is(world.engine.state.confirmed.meta.comment, 'Defaults of lan');
    t.is(world.settings().lan.mtu, 1500);
    t.deepEqual(world.owned(), filesFor(world.settings()));
    t.deepEqual(ownedIds(world), ['lan', 'ntp']);
  }
});

test('undo brings the stored files back, tells their units, and leaves the draft pending', async (t) => {
  const world = await without('lan');
  const files = world.owned();
  await unset(world, 'lan');
  t.is((await activate(world, 60)).state, 'awaiting-confirmation');
  t.deepEqual(Object.keys(world.owned()), [ntpFile]);
  world.forget();
  await world.engine.undo(jane);
  t.is(world.engine.status().state, 'rolled-back');
  t.deepEqual(world.owned(), files);
  t.true(world.system.faults.journal.includes('reload-or-restart systemd-networkd.service'));
  t.deepEqual(sections(world), ['lan', 'ntp']);
  t.deepEqual(pending(world), [['lan', 'local:jane']]);
});

test('properties that were never touched and units that are gone keep no rollback from its end', async (t) => {
  const reload = 'reload-or-restart ntp.service';
  const undone = async (failAt: number | undefined) => {
    const world = await without('ntp');
    const files = world.owned();
    await unset(world, 'ntp');
    await activate(world, 60);
    t.false(Object.hasOwn(world.owned(), ntpFile));
    world.forget();
    if (failAt !== undefined) world.system.faults.failAt(failAt);
    await world.engine.undo(jane);
    t.is(world.engine.status().state, 'rolled-back');
    t.deepEqual(world.owned(), files);
    return world.system.faults.journal.indexOf(reload) + 1;
  };
  const step = await undone(undefined);
  t.true(step > 0);
  t.is(await undone(step), step);
});

test('a window that runs out brings the files back, also over a restart of core', async (t) => {
  for (const restart of [false, true]) {
    const world = await without('lan');
    const files = world.owned();
    await unset(world, 'lan');
    await activate(world, 60);
    if (restart) await world.restart();
    t.is(world.engine.status().state, 'awaiting-confirmation');
    t.false(Object.hasOwn(world.owned(), lanFile));
    await world.system.clock.advance(61_000);
    t.is(world.engine.status().state, 'rolled-back');
    t.deepEqual(world.owned(), files);
  }
});

test('a plugin that comes back in the window waits for its end, and then has what was decided', async (t) => {
  for (const keep of [true, false]) {
    const world = await without('lan');
    await unset(world, 'lan');
    await activate(world, 60);
    world.loaded = ['lan', 'ntp'];
    await world.restart();
    t.is(world.engine.status().state, 'awaiting-confirmation');
    t.false(Object.hasOwn(world.owned(), lanFile));
    if (keep) await world.engine.confirm(jane);
    else await world.engine.undo(jane);
    await world.engine.bringUp();
    t.is(world.settings().lan.mtu, keep ? 1500 : 9000);
    t.deepEqual(world.owned(), filesFor(world.settings()));
    await world.engine.close();
  }
});

test('a pending removal survives a restart and is reverted like any change', async (t) => {
  const world = await without('lan');
  await unset(world, 'lan');
  await world.restart();
  t.deepEqual(pending(world), [['lan', 'local:jane']]);
  t.false(world.engine.desk.document().has('lan'));
  t.true(await world.engine.revert('lan', joe));
  t.is(world.engine.state.draft, undefined);
  t.is(await world.system.files.read(`${stateFolder}/draft.json`), undefined);
});

test('a removal that is pending when the plugin comes back waits until somebody says what is meant', async (t) => {
  for (const remedy of ['unset', 'revert'] as const) {
    const world = await without('lan');
    await unset(world, 'lan');
    world.loaded = ['lan', 'ntp'];
    await world.restart();
    const refused = await t.throwsAsync(activate(world), { instanceOf: ApplianceError, code: 'invalid' });
    t.deepEqual(
      refused.reports.map(({ code }) => code),
      ['settings.section.came-back'],
    );
    await t.throwsAsync(setText(world.engine, { path: 'lan/mtu', caller: jane, baseRevision: undefined }, '4000'), {
      message: /is there again. Say what is meant/,
    });
    if (remedy === 'unset') await unset(world, 'lan');
    else await world.engine.revert('lan', jane);
    await activate(world);
    if (remedy === 'unset') await world.engine.confirm(jane);
    t.is(world.settings().lan.mtu, remedy === 'unset' ? 1500 : 9000);
    t.deepEqual(world.owned(), filesFor(world.settings()));
    await world.engine.close();
  }
});

test('a removal moves on top of what is confirmed meanwhile', async (t) => {
  const world = await without('lan');
  await unset(world, 'lan');
  const { state } = world.engine;
  const document = importDocument(state, '{"ntp":{"zone":"Asia/Tokyo"}}');
  t.true(document.has('lan'), 'a file keeps the sections it does not name');
  const request = {
    document,
    origin: 'file',
    comment: '',
    force: new Set<string>(),
    confirmSeconds: undefined,
  } as const;
  await world.engine.activateDocument(request, joe);
  t.deepEqual(sections(world), ['lan', 'ntp']);
  t.deepEqual(pending(world), [['lan', 'local:jane']]);
  t.deepEqual(world.engine.collisions(), []);
  t.is((await activate(world)).state, 'confirmed');
  t.deepEqual(exportDocument(state, state.confirmed.document, 1)['ntp'], { servers: [], zone: 'Asia/Tokyo' });
  t.deepEqual(sections(world), ['ntp']);
});

test('values inside a section that is not loaded stay refused, with the way to take all of it away', async (t) => {
  const world = await without('lan');
  const refusals = [
    () => unset(world, 'lan/mtu'),
    () => setText(world.engine, { path: 'lan/mtu', caller: jane, baseRevision: undefined }, '4000'),
    () => setText(world.engine, { path: 'lan', caller: jane, baseRevision: undefined }, '{}'),
  ];
  for (const pass of ['kept', 'removed']) {
    for (const refusal of refusals) {
      const refused = await t.throwsAsync(refusal(), { instanceOf: ApplianceError, code: 'not-found' }, pass);
      t.regex(refused.message, /^Section lan is not loaded.*gemel settings unset lan\.$/);
    }
    await unset(world, 'lan');
  }
  await t.throwsAsync(unset(world, 'lam'), { instanceOf: ApplianceError, code: 'not-found' });
});

test('unset of a loaded section still means its defaults', async (t) => {
  const world = await without('lan');
  await unset(world, 'ntp');
  t.deepEqual(world.engine.desk.document().get('ntp')?.settings, { servers: [], zone: 'UTC' });
});

test('a shut scope and an overtaken base refuse the removal', async (t) => {
  const world = await without('lan');
  const report = { code: 'x', severity: 'error', params: {}, path: '', text: 'Edit on the active node.' } as const;
  const lock = world.engine.addScopeLock('node', () => report);
  await t.throwsAsync(unset(world, 'lan'), { instanceOf: ApplianceError, code: 'conflict', message: report.text });
  lock[Symbol.dispose]();
  await t.throwsAsync(unset(world, 'lan', jane, 1), { instanceOf: ApplianceError, code: 'conflict' });
  t.is(world.engine.state.draft, undefined);
});
