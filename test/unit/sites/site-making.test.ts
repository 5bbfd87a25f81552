import { ApplianceError } from '@gemel/core/sdk';
import { passwordIn } from '#sites/run/health-login.js';
import test from 'ava';
import { metadataOf, newCall, newWorld, siteFiles, withDemo, type World } from './world.js';

const never = new AbortController().signal;
const codeOf = (failure: ApplianceError | undefined) => failure?.reports[0]?.code;

test('makes a site with the newest version, the first port and a user of its own', async (t) => {
  const world = newWorld();
  const record = await world.making.create({ name: 'demo', type: 'prometheus', autostart: true }, never);
  t.deepEqual(record, {
    format: 1,
    type: 'prometheus',
    version: '2.53.3',
    generation: 1,
    port: 8001,
    uid: 70_000,
    memoryMiB: 512,
    cpuPercent: 100,
    autostart: true,
    login: null,
    createdAt: world.system.clock.now(),
    previous: null,
  });
  t.deepEqual(siteFiles(world), ['demo/data/1/owner', 'demo/site.json']);
  t.deepEqual(world.done, ['added demo']);
  t.deepEqual(world.told, [['sites.created', { site: 'demo', type: 'prometheus', version: '2.53.3', from: null }]]);
});

test('gives each site a port and a user that no other one has', async (t) => {
  const world = await withDemo(newWorld());
  const second = await world.making.create({ name: 'shop', type: 'prometheus', autostart: false }, never);
  t.deepEqual([second.port, second.uid], [8002, 70_001]);
  const refused = await t.throwsAsync(
    world.making.create({ name: 'third', type: 'prometheus', port: 8001, autostart: false }, never),
    { instanceOf: ApplianceError },
  );
  t.is(codeOf(refused), 'sites.port.taken');
});

test('what is being made has its port and its user already', async (t) => {
  const world = await withDemo(newWorld());
  const [begun, copied] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  world.folders.copy = async () => {
    begun.resolve();
    await copied.promise;
  };
  const cloning = world.making.clone('demo', 'copy', newCall().call);
  await begun.promise;
  const made = await Promise.all(
    ['shop', 'other'].map((name) => world.making.create({ name, type: 'prometheus', autostart: true }, never)),
  );
  const refused = await t.throwsAsync(world.making.set('shop', { port: 8002 }), { instanceOf: ApplianceError });
  t.like(refused?.reports[0], { code: 'sites.port.taken', params: { port: 8002, site: 'copy' } });
  copied.resolve();
  t.deepEqual(
    [await cloning, ...made].map(({ port, uid }) => [port, uid]),
    [
      [8002, 70_001],
      [8003, 70_002],
      [8004, 70_003],
    ],
  );
});

test('what a site did not get in the end is free again', async (t) => {
  const world = await withDemo(newWorld());
  const abort = new AbortController();
  world.folders.beforeCopy = () => abort.abort(new ApplianceError('cancelled', 'The job was cancelled.'));
  await t.throwsAsync(world.making.clone('demo', 'copy', newCall(abort.signal).call));
  t.like(await world.making.create({ name: 'shop', type: 'prometheus', autostart: true }, never), {
    port: 8002,
    uid: 70_001,
  });
});

test("the user of a site whose record is damaged is nobody else's", async (t) => {
  const world = await withDemo(newWorld());
  world.system.files.put('/srv/gemel/sites/demo/site.json', '{"format": 1');
  t.is((await world.making.create({ name: 'shop', type: 'prometheus', autostart: true }, never)).uid, 70_001);
});

test('a step of the version that fails leaves nothing of the site', async (t) => {
  const world = newWorld();
  world.system.commands.otherwise({
    run: ([program]) =>
      Promise.resolve({ exitCode: program === 'systemd-run' ? 3 : 0, stdout: '', stderr: 'no room for tsdb\n' }),
  });
  const refused = await t.throwsAsync(
    world.making.create({ name: 'demo', type: 'prometheus', autostart: true }, never),
    { instanceOf: ApplianceError },
  );
  t.is(codeOf(refused), 'sites.hook.failed');
  t.true(refused?.message.includes('no room for tsdb'));
  t.deepEqual(siteFiles(world), []);
});

test('a step of the version may use what its site may, not what its version asks for', async (t) => {
  const world = newWorld();
  await world.making.create({ name: 'demo', type: 'prometheus', autostart: true, memoryMiB: 2_048 }, never);
  await world.parts.store.write('demo', { ...(await world.parts.store.need('demo')), version: '2.42.0' });
  await world.updating.update('demo', undefined, false, newCall().call);
  await world.making.setLogin('demo', 'admin', 'correct horse', never);
  const steps = world.system.commands.runs.filter(({ argv }) => argv[0] === 'systemd-run');
  t.deepEqual(
    steps.map(({ argv }) => [argv.at(-1), argv.includes('MemoryMax=2048M')]),
    [
      ['/init', true],
      ['/update', true],
      ['/login', true],
    ],
  );
});

test('steps that outlived core are ended', async (t) => {
  const world = newWorld();
  await world.parts.hooks.endAll();
  t.deepEqual(world.system.commands.runs.at(-1)?.argv, ['systemctl', 'stop', 'gemel-site-hook-*.service']);
});

test('the password goes to the version as a hash, by standard input', async (t) => {
  const world = newWorld();
  const wanted = { name: 'demo', type: 'prometheus', autostart: true, login: 'admin', password: 'correct horse' };
  t.is((await world.making.create(wanted, never)).login, 'admin');
  const login = world.system.commands.runs.find(({ argv }) => argv.at(-1) === '/login');
  t.is(login?.input, `$2y$10$${'x'.repeat(53)}\n`);
  t.true(login?.argv.includes('--setenv=LOGIN=admin'));
  t.false(world.system.commands.runs.some(({ argv }) => argv.join(' ').includes('correct horse')));
});

test('a version whose health check signs in sets a user for it beside the login, and keeps it', async (t) => {
  const world = newWorld();
  const { store } = world.parts;
  const health = { path: '-/ready', statuses: [200], signIn: true, startSeconds: 60 };
  world.system.files.put(
    '/var/lib/gemel/site-versions/prometheus/2.53.3/version.json',
    JSON.stringify(metadataOf('2.53.3', { health })),
  );
  const wanted = { name: 'demo', type: 'prometheus', autostart: true, login: 'admin', password: 'correct horse' };
  const { healthLogin = '' } = await world.making.create(wanted, never);
  t.regex(Buffer.from(healthLogin, 'base64').toString(), /^_gemel:[0-9a-f]{32}$/);
  t.like(await store.need('demo'), { login: 'admin', healthLogin });
  await world.making.setLogin('demo', 'other', 'battery staple', never);
  t.like(await store.need('demo'), { login: 'other', healthLogin });
  const logins = world.system.commands.runs.filter(({ argv }) => argv.at(-1) === '/login');
  const hash = `$2y$10$${'x'.repeat(53)}\n`;
  t.deepEqual(
    logins.map(({ argv, input }) => [argv.includes('--setenv=HEALTH_USER=_gemel'), input]),
    [
      [true, `${hash}${hash}`],
      [true, `${hash}${hash}`],
    ],
  );
  const asked = `${passwordIn(healthLogin)}\n$2y$04$`;
  t.true(world.system.commands.runs.some(({ argv, input }) => argv[0] === 'perl' && input?.startsWith(asked)));
});

test('a copy has the same data, another port and user, and does not start by itself', async (t) => {
  const world = await withDemo(newWorld());
  const { call, fractions } = newCall();
  const copy = await world.making.clone('demo', 'shop', call);
  t.like(copy, { port: 8002, uid: 70_001, autostart: false, version: '2.53.3' });
  t.deepEqual(
    siteFiles(world).filter((path) => path.startsWith('shop/')),
    ['shop/data/1/owner', 'shop/data/1/prometheus.yml', 'shop/data/1/tsdb/1', 'shop/data/1/tsdb/2', 'shop/site.json'],
  );
  t.is(await world.system.files.read('/srv/gemel/sites/shop/data/1/owner'), '70001');
  t.deepEqual(fractions, [0.25, 0.5, 0.75, 1]);
});

test('a copy that is cancelled in the middle leaves nothing', async (t) => {
  const world = await withDemo(newWorld());
  const before = siteFiles(world);
  const abort = new AbortController();
  world.folders.beforeCopy = (path) => {
    if (path.endsWith('tsdb/1')) abort.abort(new ApplianceError('cancelled', 'The job was cancelled.'));
  };
  await t.throwsAsync(world.making.clone('demo', 'shop', newCall(abort.signal).call), { message: /cancelled/ });
  t.deepEqual(siteFiles(world), before);
});

test('what a crash left of a copy is no site, and is removed at the next start', async (t) => {
  const world = await withDemo(newWorld());
  const before = siteFiles(world);
  world.system.files.put('/srv/gemel/sites/.new-shop/data/1/tsdb/1', 'half');
  world.system.files.put('/srv/gemel/sites/.gone-old/site.json', 'half');
  world.system.files.put('/srv/gemel/sites/demo/data/2/tsdb/1', 'of an update');
  t.deepEqual(
    (await world.parts.store.list()).map(({ name }) => name),
    ['demo'],
  );
  await world.parts.store.tidy();
  t.deepEqual(siteFiles(world), before);
});

test('refuses to copy onto a full volume, saying how much is free and needed', async (t) => {
  const world = await withDemo(newWorld());
  world.folders.freeBytes = 10 * 1024 * 1024;
  const refused = await t.throwsAsync(world.making.clone('demo', 'shop', newCall().call), {
    instanceOf: ApplianceError,
  });
  t.is(refused?.code, 'storage');
  t.like(refused?.reports[0], { code: 'sites.volume.full', params: { free: 10, needed: 65 } });
});

test('refuses to copy, rename and delete a site that runs', async (t) => {
  const world = await withDemo(newWorld());
  world.running.add('demo');
  for (const refuse of [
    () => world.making.clone('demo', 'shop', newCall().call),
    () => world.making.rename('demo', 'shop'),
    () => world.making.delete('demo'),
  ]) {
    t.is(codeOf(await t.throwsAsync(refuse, { instanceOf: ApplianceError })), 'sites.site.running');
  }
});

test('a renamed site keeps data, port and user', async (t) => {
  const world = await withDemo(newWorld());
  const before = await world.parts.store.need('demo');
  await world.making.rename('demo', 'shop');
  t.deepEqual(await world.parts.store.need('shop'), before);
  t.true(siteFiles(world).every((path) => path.startsWith('shop/')));
  t.deepEqual(world.done, ['added demo', 'removed demo', 'added shop']);
  t.deepEqual(world.told.at(-1), ['sites.renamed', { site: 'shop', before: 'demo' }]);
});

test('a deleted site is gone with its data, also one whose record is damaged', async (t) => {
  const world = await withDemo(newWorld());
  world.system.files.put('/srv/gemel/sites/demo/site.json', '{"format": 1');
  await world.making.delete('demo');
  t.deepEqual(siteFiles(world), []);
});

test('changes of one site wait for each other, and say for what', async (t) => {
  const world = await withDemo(newWorld());
  const copied = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  world.folders.copy = async () => {
    begun.resolve();
    await copied.promise;
  };
  const cloning = world.making.clone('demo', 'shop', newCall().call);
  await begun.promise;
  const refused = await t.throwsAsync(world.power.start('demo'), { instanceOf: ApplianceError });
  t.like(refused?.reports[0], { code: 'sites.site.busy', params: { site: 'demo', doing: 'cloned' } });
  copied.resolve();
  await cloning;
  await t.notThrowsAsync(world.power.start('demo'));
});

test('nothing is changed on a node that does not hold the active role', async (t) => {
  const world = await withDemo(newWorld());
  world.system.units.add('gemel-active.target', 'inactive');
  const refused = await t.throwsAsync(world.making.rename('demo', 'shop'), { instanceOf: ApplianceError });
  t.is(codeOf(refused), 'sites.role.not-active');
});

/** The newer version is made for another firmware than this one. */
async function misfit({ system }: World): Promise<void> {
  const file = '/var/lib/gemel/site-versions/prometheus/2.53.3/version.json';
  const text = (await system.files.read(file)) ?? '';
  system.files.put(file, text.replace('>=0.1.0 <1.0.0', '>=2.0.0'));
}

test('a version that the firmware cannot run is not used', async (t) => {
  const world = newWorld();
  await misfit(world);
  const refused = await t.throwsAsync(
    world.making.create({ name: 'demo', type: 'prometheus', version: '2.53.3', autostart: true }, never),
    { instanceOf: ApplianceError },
  );
  t.is(codeOf(refused), 'sites.version.not-here');
  t.is((await world.making.create({ name: 'demo', type: 'prometheus', autostart: true }, never)).version, '2.42.0');
});

test('a site that is at such a version already is started by hand as it is at boot, and given a login', async (t) => {
  const world = newWorld();
  const { store } = world.parts;
  await misfit(world);
  await world.making.create({ name: 'demo', type: 'prometheus', autostart: true }, never);
  await store.write('demo', { ...(await store.need('demo')), version: '2.53.3' });
  await world.power.start('demo');
  await world.power.restart('demo');
  await world.making.setLogin('demo', 'admin', 'correct horse', never);
  t.deepEqual(world.done.slice(-3), ['start demo', 'stop demo', 'start demo']);
});
