import { ApplianceError, type Section } from '@gemel/core/sdk';
import test from 'ava';
import { z } from 'zod';
import { assertWhole } from './whole.js';
import { filesFor, jane, joe, lived, reports, stateFolder, World } from './world.js';

const at = (name: string) => `${stateFolder}/${name}`;

/** Number of the step in a start of core. */
async function stepOf(world: World, what: string): Promise<number> {
  await world.engine.recover();
  return world.system.faults.journal.indexOf(what) + 1;
}

test('the first start confirms the defaults as revision 1 and applies them', async (t) => {
  const world = new World();
  t.deepEqual(await world.engine.recover(), []);
  t.like(world.engine.state.confirmed.meta, {
    number: 1,
    author: 'core',
    origin: 'defaults',
    comment: 'Defaults of lan, ntp',
  });
  assertWhole(t, world);
  t.deepEqual([...world.archive().keys()].sort(), Object.keys(filesFor(world.settings())).sort());
});

test('a quiet restart changes nothing on disk', async (t) => {
  const world = await lived();
  await world.restart();
  t.deepEqual(world.engine.state.recovery, []);
  t.deepEqual(world.system.faults.journal, ['reload-or-restart systemd-networkd.service', 'restart ntp.service']);
  assertWhole(t, world);
});

test('a restart of core within the window goes on awaiting, and the window ends when it would have', async (t) => {
  const world = await World.started();
  await world.edit('lan', { mtu: 9000 });
  await world.activate();
  await world.system.clock.advance(20_000);
  await world.restart();
  t.is(world.engine.status().state, 'awaiting-confirmation');
  t.is(world.engine.status().secondsLeft, 37);
  t.is(world.settings('running').lan.mtu, 9000);
  assertWhole(t, world);
  await t.throwsAsync(world.engine.confirm({ ...joe, connectedAt: 1 }), {
    instanceOf: ApplianceError,
    code: 'conflict',
  });
  await world.system.clock.advance(40_000);
  t.is(world.engine.status().state, 'rolled-back');
  assertWhole(t, world);
});

test('a confirmation after a restart of core counts', async (t) => {
  const world = await World.started();
  await world.edit('lan', { mtu: 9000 });
  await world.activate();
  await world.restart();
  await world.engine.confirm({ ...joe, connectedAt: world.system.clock.monotonic() + 1 });
  await world.powerCycle();
  t.is(world.settings().lan.mtu, 9000);
  assertWhole(t, world);
});

test('a restart of core after the window takes the revision back and reports it', async (t) => {
  const world = await World.started();
  await world.edit('lan', { mtu: 9000 });
  await world.activate();
  world.crash();
  await world.system.clock.advance(61_000);
  const found = await world.engine.recover();
  t.deepEqual(
    found.map(({ code }) => code),
    ['settings.interrupted'],
  );
  t.true(world.eventIds().includes('settings.recovered'));
  assertWhole(t, world);
});

test('a power loss within the window takes the revision back', async (t) => {
  const world = await World.started();
  await world.edit('lan', { mtu: 9000 });
  await world.activate();
  await world.powerCycle();
  t.is(world.engine.status().state, 'rolled-back');
  t.is(world.settings().lan.mtu, 1500);
  assertWhole(t, world);
});

const damage: Readonly<
  Record<string, { readonly content?: string; readonly reports: readonly string[]; readonly mtu?: number }>
> = {
  'draft.json': { reports: ['settings.file.damaged'] },
  'activation.json': { reports: ['settings.file.damaged'] },
  'owned.json': { reports: ['settings.file.damaged'] },
  'revisions/3/rendered.json': { reports: ['settings.file.damaged'] },
  'revisions/3/rendered.tar': { reports: [] },
  'revisions/3/document.json': { reports: ['settings.file.damaged', 'settings.revision.damaged'] },
  'revisions/3/meta.json': { reports: ['settings.file.damaged', 'settings.revision.damaged'] },
  'revisions/3/outcome.json': { reports: [] },
};

for (const [name, expected] of Object.entries(damage)) {
  for (const [kind, content] of [
    ['empty', ''],
    ['cut off', '{"format":1,"sections":{"lan"'],
    ['of another kind', '{"hello":[1,2,3]}'],
    ['binary', '\u0000\u0001\ufffd'],
  ] as const) {
    test(`a ${name} that is ${kind} never stops the boot`, async (t) => {
      const world = await lived();
      world.powerLoss();
      world.system.files.put(at(name), content);
      const found = await world.engine.recover();
      t.deepEqual(found.map(({ code }) => code).sort(), [...expected.reports].sort());
      assertWhole(t, world);
      t.is(world.settings().lan.mtu, 9000);
      const aside = Object.keys(world.system.files.contents(stateFolder)).filter((path) => path.includes('.damaged-'));
      t.is(aside.length > 0, expected.reports.length > 0);
      await world.powerCycle();
      t.deepEqual(world.engine.state.recovery, [], 'mended for good');
      assertWhole(t, world);
      await world.edit('lan', { mtu: 5000 });
      t.is((await world.activate()).state, 'awaiting-confirmation');
    });
  }
}

test('a changed byte in the confirmed settings is noticed by its checksum', async (t) => {
  const world = await lived();
  const text = await world.system.files.read(at('revisions/3/document.json'));
  world.powerLoss();
  world.system.files.put(at('revisions/3/document.json'), (text ?? '').replace('9000', '9001'));
  const found = await world.engine.recover();
  t.deepEqual(
    found.map(({ code, params }) => [code, params['used'] ?? null]),
    [
      ['settings.file.damaged', null],
      ['settings.revision.damaged', 2],
    ],
  );
  t.is(world.engine.state.confirmed.meta.number, 2);
  assertWhole(t, world);
});

test('a missing or foreign link falls back to the last revision that was in force', async (t) => {
  for (const change of [
    (world: World) => world.system.files.remove(at('confirmed')),
    (world: World) => world.system.files.link('/etc/passwd', at('confirmed')),
    (world: World) => world.system.files.link('revisions/99', at('confirmed')),
  ]) {
    const world = await lived();
    await world.edit('lan', { mtu: 5000 });
    await world.activate();
    await world.engine.undo(jane);
    world.powerLoss();
    await change(world);
    await world.engine.recover();
    t.is(world.engine.state.confirmed.meta.number, 3, 'not the one that was rolled back');
    t.is(await world.system.files.readLink(at('confirmed')), 'revisions/3');
    assertWhole(t, world);
  }
});

test('with every revision damaged the defaults come back, and it is said', async (t) => {
  const world = await lived();
  world.powerLoss();
  for (const number of [1, 2, 3]) world.system.files.put(at(`revisions/${number}/document.json`), 'x');
  const found = await world.engine.recover();
  t.true(found.some(({ code }) => code === 'settings.revision.lost'));
  t.is(world.engine.state.confirmed.meta.number, 4);
  assertWhole(t, world);
});

test('a section whose plugin is not loaded is kept byte for byte, with its files', async (t) => {
  const world = await lived();
  const before = world.engine.state.confirmed.document.get('lan');
  const network = world.kernel.network;
  world.crash();
  world.engine = world.newEngine(['ntp']);
  await world.engine.recover();
  t.deepEqual(world.engine.status().notLoaded, ['lan']);
  await t.throwsAsync(world.edit('lan', { mtu: 1 }), {
    instanceOf: ApplianceError,
    code: 'not-found',
    message: /not loaded/,
  });
  await world.edit('ntp', { zone: 'Asia/Tokyo' });
  world.engine.state.draft = {
    ...world.engine.state.draft!,
    document: new Map(world.engine.desk.document()).set('lan', before!),
  };
  const result = await world.activate();
  t.is(result.state, 'confirmed');
  t.true(result.reports.some(({ code }) => code === 'settings.section.left-alone'));
  const number = world.engine.state.confirmed.meta.number;
  const text = JSON.parse((await world.system.files.read(at(`revisions/${number}/document.json`))) ?? '');
  t.deepEqual(text.sections.lan, before);
  t.deepEqual(world.kernel.network, network);
  t.true(world.archive().has('/run/systemd/network/10-lan.network'), 'early boot still restores its files');
  await world.restart();
  t.deepEqual(world.engine.status().notLoaded, []);
  t.is(world.settings().lan.mtu, 9000);
  assertWhole(t, world);
});

test('a section that appears later gets its defaults in a confirmed revision of its own', async (t) => {
  const world = new World({ sections: ['lan'] });
  await world.engine.recover();
  await world.edit('lan', { mtu: 9000 });
  world.crash();
  world.engine = world.newEngine(['lan', 'ntp']);
  await world.engine.recover();
  t.like(world.engine.state.confirmed.meta, { number: 2, author: 'core', comment: 'Defaults of ntp', parent: 1 });
  t.deepEqual(
    world.engine.state.draft?.changes.map(({ path }) => path),
    ['lan/mtu'],
  );
  t.is(world.engine.state.draft?.base, 2);
  assertWhole(t, world);
});

test('a section that appears while core runs is brought up, after the window if one is open', async (t) => {
  const world = new World({ sections: ['lan'] });
  await world.engine.recover();
  await world.edit('lan', { mtu: 9000 });
  await world.activate();
  const extra: Section<{ level: number }, null> = {
    id: 'extra',
    title: 'Extra',
    scope: 'node',
    version: 1,
    schema: z.object({ level: z.number() }),
    defaults: () => ({ level: 1 }),
    readFacts: async () => null,
    verify: () => [],
    render: ({ settings }) => ({ files: [{ path: '/run/extra', content: `${settings.level}` }], properties: [] }),
    plan: () => ({ units: [], interruptions: [] }),
    apply: async () => undefined,
    probe: async () => [],
  };
  const registration = world.engine.register(extra, { id: 'extra', files: ['/'] });
  await world.engine.bringUp();
  t.is(world.engine.state.confirmed.document.get('extra'), undefined);
  await world.engine.confirm(jane);
  await world.engine.bringUp();
  t.is(world.engine.state.confirmed.meta.comment, 'Defaults of extra');
  t.is(await world.system.files.read('/run/extra'), '1');
  t.throws(() => world.engine.register(extra, { id: 'other', files: ['/'] }), {
    instanceOf: ApplianceError,
    code: 'conflict',
  });
  registration[Symbol.dispose]();
  t.deepEqual(world.engine.status().notLoaded, ['extra']);
  t.is(await world.system.files.read('/run/extra'), '1');
});

function versioned(version: number, extra: Partial<Section<unknown, null>> = {}): Section<unknown, null> {
  return {
    id: 'doc',
    title: 'Doc',
    scope: 'node',
    version,
    schema: z.object({ [`v${version}`]: z.number() }),
    defaults: () => ({ [`v${version}`]: 0 }),
    readFacts: async () => null,
    verify: () => [],
    render: ({ settings }) => ({ files: [{ path: '/run/doc', content: JSON.stringify(settings) }], properties: [] }),
    plan: () => ({ units: [], interruptions: [] }),
    apply: async () => undefined,
    probe: async () => [],
    ...extra,
  };
}

async function withVersion(world: World, section: Section<unknown, null>): Promise<void> {
  world.crash();
  world.engine = world.newEngine([]);
  world.engine.register(section, { id: 'doc', files: ['/'] });
  await world.engine.recover();
}

test('older sections are migrated step by step, and stay as they are on disk until the next revision', async (t) => {
  const world = await World.started({ sections: [] });
  await withVersion(world, versioned(1));
  await world.engine.edit({ section: 'doc', caller: jane, change: () => ({ v1: 7 }) });
  await world.activate();
  const migrations = {
    1: (older: unknown) => ({ v2: (older as { v1: number }).v1 + 1 }),
    2: (older: unknown) => ({ v3: (older as { v2: number }).v2 * 10 }),
  };
  await withVersion(world, versioned(3, { migrations }));
  t.deepEqual(world.engine.state.recovery, []);
  t.is(await world.system.files.read('/run/doc'), '{"v3":80}');
  t.deepEqual(world.engine.state.confirmed.document.get('doc'), { version: 1, scope: 'node', settings: { v1: 7 } });
  t.is((await world.activate()).state, 'unchanged');
  await world.engine.edit({ section: 'doc', caller: jane, change: () => ({ v3: 81 }) });
  await world.activate();
  t.deepEqual(world.engine.state.confirmed.document.get('doc'), { version: 3, scope: 'node', settings: { v3: 81 } });

  await withVersion(world, versioned(2, { migrations }));
  t.deepEqual(
    world.engine.state.recovery.map(({ code }) => code),
    ['settings.section.too-new'],
  );
  t.is(await world.system.files.read('/run/doc'), '{"v3":81}', 'files of what cannot be applied stay');
  await t.throwsAsync(world.engine.edit({ section: 'doc', caller: jane, change: () => ({ v2: 1 }) }), {
    instanceOf: ApplianceError,
    code: 'unavailable',
  });
  await world.engine.edit({ section: 'doc', caller: jane, wholesale: true, change: () => ({ v2: 1 }) });
  t.is((await world.activate()).state, 'confirmed');
  t.is(await world.system.files.read('/run/doc'), '{"v2":1}');
});

test('a migration that throws or gives nonsense keeps the section and says so', async (t) => {
  for (const [step, code] of [
    [
      () => {
        throw new Error('cannot');
      },
      'settings.section.migration-failed',
    ],
    [() => ({ nonsense: true }), 'settings.section.unfit'],
  ] as const) {
    const world = await World.started({ sections: [] });
    await withVersion(world, versioned(1));
    await withVersion(world, versioned(2, { migrations: { 1: step } }));
    t.deepEqual(
      world.engine.state.recovery.map((report) => report.code),
      [code],
    );
    t.deepEqual(world.engine.state.confirmed.document.get('doc')?.settings, { v1: 0 });
    t.is(await world.system.files.read('/run/doc'), '{"v1":0}');
  }
});

test('a section that fails at boot stops neither the others nor the boot', async (t) => {
  const world = await lived();
  world.powerLoss();
  world.trouble.applyThrows = 'no such device';
  const found = await world.engine.recover();
  t.deepEqual(
    found.map(({ code, params }) => [code, params['section']]),
    [['settings.apply.failed', 'lan']],
  );
  t.is(world.kernel.zone, 'Europe/Berlin');
  t.deepEqual([...world.engine.state.unapplied], [['lan', 'Section lan could not be applied: no such device.']]);
});

test('a section whose files could not be written at boot counts as not applied until it is', async (t) => {
  const world = await lived();
  const file = '/run/systemd/network/10-lan.network';
  world.powerLoss();
  world.system.files.put(file, 'MTU=1\n');
  const step = await stepOf(world, `write ${file}`);
  world.powerLoss();
  world.system.files.put(file, 'MTU=1\n');
  world.system.faults.failAt(step);
  await world.engine.recover();
  t.deepEqual([...world.engine.state.unapplied.keys()], ['lan']);
  await world.restart();
  t.deepEqual([...world.engine.state.unapplied.keys()], []);
});

test('keeps the last 100 revisions and always the confirmed one', async (t) => {
  const world = await World.started({ sections: ['ntp'] });
  for (let round = 0; round < 120; round++) {
    await world.edit('ntp', { zone: `Zone/${round}` });
    await world.activate();
  }
  const numbers = await world.engine.state.revisions.numbers();
  t.deepEqual([numbers.length, numbers[0], numbers.at(-1)], [100, 22, 121]);
  await world.restart();
  t.is(world.engine.state.confirmed.meta.number, 121);
});

test('activations that come to nothing, however many, neither fill the volume nor push out what worked', async (t) => {
  const world = await World.started();
  await world.edit('ntp', { zone: 'Zone/1' });
  await world.activate();
  world.trouble.probe = [reports.report('lan.not-reachable', {})];
  await world.edit('lan', { mtu: 9000 });
  for (let attempt = 0; attempt < 30; attempt++) await t.throwsAsync(world.activate(), { code: 'engine-failed' });
  const numbers = await world.engine.state.revisions.numbers();
  t.deepEqual(numbers, [1, 2, ...Array.from({ length: 20 }, (_, index) => 13 + index)]);
});

test('before anything is loaded the settings are unavailable, not wrong', (t) => {
  const world = new World();
  t.throws(() => world.engine.status(), { instanceOf: ApplianceError, code: 'unavailable' });
});
