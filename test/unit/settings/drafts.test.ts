import { ApplianceError } from '@gemel/core/sdk';
import test from 'ava';
import { setText, unsetPath } from '#core/settings/exchange/text-edit.js';
import { jane, joe, lan, stateFolder, World } from './world.js';

const draftFile = `${stateFolder}/draft.json`;

function set(world: World, path: string, value: string, caller = jane, baseRevision?: number) {
  return setText(world.engine, { path, caller, baseRevision }, value);
}

test('two operators editing at once lose nothing and see each other', async (t) => {
  const world = await World.started();
  await Promise.all([
    set(world, 'lan/mtu', '9000', jane),
    set(world, 'lan/bonds/bond0', '{"mode":"802.3ad","members":["eth0","eth1"]}', joe),
    set(world, 'ntp/servers', 'a.example, b.example', joe),
  ]);
  t.deepEqual(
    world.engine.state.draft?.changes.map(({ path, author }) => [path, author]),
    [
      ['lan/mtu', 'local:jane'],
      ['lan/bonds/bond0', 'user:joe'],
      ['ntp/servers', 'user:joe'],
    ],
  );
  t.deepEqual(world.engine.status().pendingAuthors, ['local:jane', 'user:joe']);
});

test('a place belongs to whoever changed it last, and to nobody when it is back to what is confirmed', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000', jane);
  await set(world, 'lan/mtu', '4000', joe);
  t.deepEqual(
    world.engine.state.draft?.changes.map((change) => change.author),
    ['user:joe'],
  );
  await set(world, 'lan/mtu', '1500', joe);
  t.is(world.engine.state.draft, undefined);
  t.is(await world.system.files.read(draftFile), undefined);
});

test('a draft survives a restart with its authors', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000', jane);
  const changes = world.engine.state.draft?.changes;
  await world.restart();
  t.deepEqual(world.engine.state.draft?.changes, changes);
  await world.powerCycle();
  t.deepEqual(world.engine.state.draft?.changes, changes);
  t.is(world.kernel.network['/run/systemd/network/10-lan.network'], 'MTU=1500\n');
});

test('an edit is refused when its place was confirmed away since the caller looked', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000', jane);
  await world.activate(jane);
  await world.engine.confirm(jane);
  const refused = await t.throwsAsync(set(world, 'lan/mtu', '1400', joe, 1), {
    instanceOf: ApplianceError,
    code: 'conflict',
  });
  t.deepEqual(
    refused.reports.map(({ code, path, params }) => [code, path, params['author'], params['revision']]),
    [['settings.edit.overtaken', 'lan/mtu', 'local:jane', 2]],
  );
  await set(world, 'ntp/zone', 'Europe/Berlin', joe, 1);
  t.deepEqual(
    world.engine.state.draft?.changes.map(({ path }) => path),
    ['ntp/zone'],
  );
});

test('a draft moves on top of what is confirmed meanwhile, and collisions wait for a decision', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000', jane);
  await set(world, 'ntp/zone', 'Europe/Berlin', jane);
  const { sections, confirmed } = world.engine.state;
  const section = sections.get('lan');
  if (section === undefined) return t.fail();
  const fitted = sections.fit(section, { mtu: 4000, key: 'k' });
  if (fitted.kind !== 'fits') return t.fail();
  const document = new Map(confirmed.document).set('lan', sections.store(section, fitted.settings));
  await world.engine.activateDocument(
    { document, origin: 'file', comment: '', force: new Set(), confirmSeconds: undefined },
    joe,
  );
  await world.engine.confirm(jane);

  t.is(world.settings().lan.mtu, 4000);
  t.like(world.engine.desk.document().get('lan')?.settings, { mtu: 9000, key: 'k' }, 'theirs came in');
  const collision = await t.throwsAsync(world.activate(), { instanceOf: ApplianceError, code: 'conflict' });
  t.deepEqual(
    collision.reports.map(({ code, path, params }) => [code, path, params['author']]),
    [['settings.draft.collision', 'lan/mtu', 'user:joe']],
  );
  await set(world, 'lan/mtu', '9000', jane);
  t.deepEqual(world.engine.collisions(), []);
  t.is((await world.activate()).state, 'awaiting-confirmation');
  await world.engine.confirm(jane);
  t.is(world.settings().lan.mtu, 9000);
  t.is(world.engine.state.draft, undefined);
});

test('a collision is also settled by taking theirs', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000', jane);
  const { document } = world.engine.state.confirmed;
  const other = await World.started();
  await set(other, 'lan/mtu', '4000', joe);
  const theirs = other.engine.desk.document().get('lan');
  if (theirs === undefined) return t.fail();
  const request = { origin: 'file', comment: '', force: new Set<string>(), confirmSeconds: undefined } as const;
  await world.engine.activateDocument({ ...request, document: new Map(document).set('lan', theirs) }, joe);
  await world.engine.confirm(jane);
  t.is(world.engine.collisions().length, 1);
  await world.engine.revert('lan/mtu', jane);
  t.deepEqual(world.engine.collisions(), []);
  t.is(world.engine.state.draft, undefined);
});

test('edits made while a revision awaits confirmation stay pending when it is confirmed, without colliding with it', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000', jane);
  await world.activate();
  await set(world, 'lan/mtu', '4000', joe);
  await world.engine.confirm(jane);
  t.deepEqual(world.engine.collisions(), []);
  t.deepEqual(
    world.engine.state.draft?.changes.map(({ path, author }) => [path, author]),
    [['lan/mtu', 'user:joe']],
  );
  await world.restart();
  t.deepEqual(world.engine.collisions(), []);
  t.is(world.engine.state.draft?.base, 2);
});

test('edits made in the window do not collide either when core is killed right after the confirmation', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000', jane);
  await world.activate();
  await set(world, 'lan/mtu', '4000', joe);
  world.forget();
  world.system.faults.crashAt(2);
  await world.engine.confirm(jane).catch(() => undefined);
  await world.restart();
  t.is(world.settings().lan.mtu, 9000);
  t.deepEqual(world.engine.collisions(), []);
  t.deepEqual(
    world.engine.state.draft?.changes.map(({ path }) => path),
    ['lan/mtu'],
  );
});

test('the draft stays as it was when its activation is rolled back', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000', jane);
  await world.activate();
  await world.engine.undo(jane);
  t.deepEqual(
    world.engine.state.draft?.changes.map(({ path }) => path),
    ['lan/mtu'],
  );
  t.is((await world.activate()).revision, 3);
});

test('refuses values that do not fit, naming the place and what is expected', async (t) => {
  const world = await World.started();
  const reportsOf = async (path: string, value: string) => {
    const refused = await t.throwsAsync(set(world, path, value), { instanceOf: ApplianceError });
    return refused.reports.map(({ code, path: place, text }) => [code, place, text]);
  };
  t.deepEqual(await reportsOf('lan/mtu', 'big'), [
    ['settings.value.unfit', 'lan/mtu', 'lan/mtu takes a whole number. Type such a value.'],
  ]);
  t.deepEqual(await reportsOf('lan/mtu', '9001'), [
    ['settings.value.invalid', 'lan/mtu', 'lan/mtu: 9001 is too large; at most 9000 is allowed.'],
  ]);
  await t.throwsAsync(set(world, 'lan', '{"mtu":1,"routes":3}'), {
    message: 'Section lan does not take this. See the reports.',
  });
  t.deepEqual(await reportsOf('lan/mut', '9000'), [
    ['settings.path.unknown', 'lan/mut', 'There is no setting lan/mut. Did you mean mtu?'],
  ]);
  t.deepEqual(await reportsOf('lam/mtu', '9000'), [
    ['settings.path.unknown', 'lam/mtu', 'There is no setting lam/mtu. Did you mean lan?'],
  ]);
  t.deepEqual(await reportsOf('lan/bonds/team0', '{"mode":"802.3ad","members":[]}'), [
    ['settings.value.invalid', 'lan/bonds/team0', 'lan/bonds/team0: the name is not allowed: must look like bond0.'],
  ]);
  t.deepEqual(await reportsOf('lan/bonds/bond0/mode', '802.3ad'), [
    ['settings.value.invalid', 'lan/bonds/bond0/members', 'lan/bonds/bond0/members: is needed.'],
  ]);
  t.deepEqual(await reportsOf('lan', '{"mtu":1400,"mut":1}'), [
    [
      'settings.path.unknown',
      'lan/mut',
      'There is no setting lan/mut. Check its name, and whether it goes with the other settings there.',
    ],
  ]);
  t.is(world.engine.state.draft, undefined);
});

test('refuses paths and values made to break things', async (t) => {
  const world = await World.started();
  for (const path of [
    '',
    '/',
    '__proto__/x',
    'lan/__proto__/x',
    'lan/constructor',
    'lan/bonds/__proto__/mode',
    'lan/mtu/deep/er',
    `lan/${'x/'.repeat(5_000)}`,
  ]) {
    await t.throwsAsync(set(world, path, '1'), { instanceOf: ApplianceError }, path.slice(0, 40));
  }
  await t.throwsAsync(set(world, 'lan/routes/7', '{"to":"a","via":"b"}'), {
    instanceOf: ApplianceError,
    code: 'invalid',
  });
  t.is(({} as Record<string, unknown>)['x'], undefined);
  t.is(world.engine.state.draft, undefined);
});

test('sets lists, list elements, and unsets to the default', async (t) => {
  const world = await World.started();
  await set(world, 'ntp/servers', 'a.example,b.example');
  await set(world, 'ntp/servers/-', 'c.example');
  await set(world, 'ntp/servers/0', 'z.example');
  const servers = () => world.engine.desk.document().get('ntp')?.settings;
  t.deepEqual(servers(), { servers: ['z.example', 'b.example', 'c.example'], zone: 'UTC' });
  await unsetPath(world.engine, { path: 'ntp/servers/1', caller: jane, baseRevision: undefined });
  t.deepEqual(servers(), { servers: ['z.example', 'c.example'], zone: 'UTC' });
  await set(world, 'ntp/servers', '');
  t.deepEqual(servers(), { servers: [], zone: 'UTC' });
  await set(world, 'ntp/zone', 'Europe/Berlin');
  await unsetPath(world.engine, { path: 'ntp', caller: jane, baseRevision: undefined });
  t.is(world.engine.state.draft, undefined);
});

test('reverts one place, a section, or everything', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000');
  await set(world, 'lan/bonds/bond0', '{"mode":"802.3ad","members":["eth0"]}');
  await set(world, 'ntp/zone', 'Europe/Berlin');
  const paths = () => world.engine.state.draft?.changes.map(({ path }) => path) ?? [];
  await world.engine.revert('lan/mtu', joe);
  t.deepEqual(paths(), ['lan/bonds/bond0', 'ntp/zone']);
  await world.engine.revert('ntp', joe);
  t.deepEqual(paths(), ['lan/bonds/bond0']);
  t.false(await world.engine.revert('lan/mtu', joe));
  await world.engine.revert('', joe);
  t.deepEqual(paths(), []);
  t.is(await world.system.files.read(draftFile), undefined);
});

test('a locked scope refuses edits and activations with the reason', async (t) => {
  const world = await World.started();
  await set(world, 'lan/mtu', '9000');
  const report = {
    code: 'cluster.passive',
    severity: 'error',
    params: {},
    path: '',
    text: 'Edit on the active node.',
  } as const;
  const lock = world.engine.addScopeLock('node', () => report);
  await t.throwsAsync(set(world, 'lan/mtu', '4000'), {
    instanceOf: ApplianceError,
    code: 'conflict',
    message: report.text,
  });
  const refused = await t.throwsAsync(world.activate(), { instanceOf: ApplianceError, code: 'invalid' });
  t.true(refused.reports.some(({ code }) => code === 'cluster.passive'));
  lock[Symbol.dispose]();
  t.is((await world.activate()).state, 'awaiting-confirmation');
});

test('a plugin cannot change settings it was given in place', async (t) => {
  const world = await World.started();
  const confirmed = world.engine
    .accessFor({ id: 'network', files: ['/'] }, new (await import('@gemel/core/sdk')).DisposableStore())
    .confirmed(lan);
  t.throws(
    () => {
      confirmed.mtu = 1;
    },
    { instanceOf: TypeError },
  );
  await world.engine.edit({
    section: 'lan',
    caller: jane,
    change: (settings) => Object.assign(settings as object, { mtu: 4000 }),
  });
  t.is(world.settings().lan.mtu, 1500);
});
