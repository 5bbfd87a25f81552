import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplianceError } from '@gemel/core/sdk';
import { gemelVersion } from '#sites/version.js';
import { isMadeFor } from '#sites/version/version-marks.js';
import { VersionInstall } from '#sites/version/version-install.js';
import { parseMetadata } from '#sites/version/version-metadata.js';
import { compareVersions } from '#sites/version/version-names.js';
import { VersionRemoval } from '#sites/version/version-removal.js';
import { renderHealth, renderUnit } from '#sites/version/version-unit.js';
import test from 'ava';
import { metadataOf, newCall, newWorld, withDemo } from './world.js';

const repository = join(import.meta.dirname, '../../../..');
const incoming = '/var/lib/gemel/incoming';
const image = 'x'.repeat(1_000);
const mountPoints =
  'data dev proc run sys tmp var/tmp etc/resolv.conf etc/hosts etc/localtime etc/ssl/certs/ca-certificates.crt';

/** A version of `pages` that was uploaded; its image says of itself what `inside` says. */
function uploaded(changes: object = {}, inside: object = {}) {
  const world = newWorld();
  const { system, folders, parts } = world;
  const { image: described, ...metadata } = { ...metadataOf('1.0', { type: 'pages' }), ...changes };
  system.files.put(`${incoming}/pages.json`, JSON.stringify({ ...metadata, image: described }));
  system.files.put(`${incoming}/prometheus-1.0.squashfs`, image);
  system.commands.otherwise({
    run: (argv) => {
      const listing = argv.includes('-ls') ? mountPoints.replaceAll(' ', '\n') : '';
      const stdout = argv.includes('-cat') ? JSON.stringify({ ...metadata, ...inside }) : listing;
      return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
    },
  });
  const install = new VersionInstall({
    files: system.files,
    folders,
    commands: system.commands,
    versions: parts.versions,
  });
  const versions = () => Object.keys(system.files.contents('/var/lib/gemel/site-versions/pages'));
  const leftOver = () =>
    Object.keys(system.files.contents('/var/lib/gemel/site-versions')).filter((path) => path.includes('/.'));
  return { ...world, install: () => install.install(`${incoming}/pages.json`, newCall().call), versions, leftOver };
}

test('a version is a folder with image, description and what systemd is told', async (t) => {
  const { install, versions, system, parts } = uploaded();
  await install();
  t.deepEqual(
    versions().map((path) => path.split('/').at(-1)),
    ['health.env', 'image.squashfs', 'unit.conf', 'version.json'],
  );
  t.is(system.commands.runs.filter(({ argv }) => argv.includes('-no-xattrs')).length, 0);
  t.is((await parts.versions.need('pages')).version, '1.0');
});

test('an image is unpacked where there are no loop devices', async (t) => {
  const { install, system } = uploaded();
  system.files.put('/run/systemd/container', 'systemd-nspawn');
  await install();
  const unpacking = system.commands.runs.find(({ argv }) => argv.includes('-no-xattrs'));
  t.true(unpacking?.argv.includes('/var/lib/gemel/site-versions/.new-pages-1.0/root'));
});

const refused: readonly (readonly [
  string,
  string,
  Parameters<typeof uploaded>,
  (world: ReturnType<typeof uploaded>) => void,
])[] = [
  [
    'is cut off',
    'sites.version.wrong-size',
    [],
    ({ system }) => system.files.put(`${incoming}/prometheus-1.0.squashfs`, 'x'),
  ],
  ['is damaged', 'sites.version.damaged', [], ({ folders }) => void (folders.sha256 = 'b'.repeat(64))],
  ['lies about its version', 'sites.version.differs', [{}, { version: '0.9' }], () => undefined],
  ['is too large for the volume', 'sites.volume.full', [], ({ folders }) => void (folders.freeBytes = 10)],
  [
    'has a command with a shell in it',
    'sites.version.invalid',
    [{ command: ['sh', '-c', 'rm $HOME'] }],
    () => undefined,
  ],
  [
    'is no image',
    'sites.version.no-image',
    [],
    ({ system }) =>
      void system.commands.otherwise({
        run: () => Promise.resolve({ exitCode: 1, stdout: '', stderr: 'FATAL ERROR' }),
      }),
  ],
  [
    'lacks a folder that is mounted over',
    'sites.version.no-image',
    [],
    ({ system }) =>
      void system.commands.otherwise({
        run: () => Promise.resolve({ exitCode: 0, stdout: '/tmp\n/var/tmp', stderr: '' }),
      }),
  ],
];
for (const [what, code, changes, damage] of refused) {
  test(`refuses a version that ${what}, and leaves nothing of it`, async (t) => {
    const world = uploaded(...changes);
    damage(world);
    const failure = await t.throwsAsync(world.install(), { instanceOf: ApplianceError });
    t.is(failure?.reports[0]?.code, code);
    t.deepEqual([world.versions(), world.leftOver()], [[], []]);
  });
}

test('every wrong field of a description is named', (t) => {
  const parsed = parseMetadata(JSON.stringify({ ...metadataOf('1.0'), title: '', cpuPercent: 0 }));
  t.deepEqual(parsed.kind === 'unfit' ? parsed.problems.map(({ field }) => field) : [], ['title', 'cpuPercent']);
  t.is(parseMetadata('{').kind, 'unfit');
});

test('arguments reach the program as they are, whatever systemd would read in them', (t) => {
  const command = ['/bin/x', 'a "b" \\c', '100%', '--port=${PORT}'];
  t.is(
    renderUnit(metadataOf('1.0', { command })),
    `[Unit]
X-Gemel-Version=prometheus 1.0

[Service]
ExecStart="/bin/x" "a \\"b\\" \\\\c" "100%%" "--port=\${PORT}"
`,
  );
  t.is(renderHealth(metadataOf('1.0')), 'HEALTH_PATH="-/ready"\nHEALTH_STATUSES="200 401"\nHEALTH_SECONDS="60"\n');
});

test('a version that sites use or keep for going back is not removed', async (t) => {
  const world = await withDemo(newWorld());
  const { system, folders, parts } = world;
  const removal = new VersionRemoval(system.files, folders, parts.versions, parts.store, parts.guard);
  const failure = await t.throwsAsync(removal.remove('prometheus', '2.53.3'), { instanceOf: ApplianceError });
  t.like(failure?.reports[0], { code: 'sites.version.in-use', params: { sites: 'demo' } });
  await removal.remove('prometheus', '2.42.0');
  t.deepEqual(
    (await parts.versions.list()).map(({ version }) => version),
    ['2.53.3'],
  );
  await world.making.delete('demo');
  await t.notThrowsAsync(removal.remove('prometheus', '2.53.3'));
});

test('versions are ordered as Debian orders them', (t) => {
  const ordered = ['1.0~rc1', '1.0', '1.0.1', '2.9', '2.10', '2.53.3', '4.4.6-4+deb12u2', '4.4.6-4.1+deb13u2'];
  t.deepEqual(ordered.toReversed().toSorted(compareVersions), ordered);
});

test('a range without sense is no promise', (t) => {
  t.true(isMadeFor('>=0.1.0 <1.0.0', '0.1.0'));
  t.false(isMadeFor('>=0.2.0', '0.1.0'));
  t.false(isMadeFor('whatever', '0.1.0'));
});

test('the recipes describe versions as an upload wants them', async (t) => {
  for (const type of ['prometheus', 'pages', 'nagios']) {
    const { metadata } = JSON.parse(await readFile(join(repository, 'site-types', type, 'recipe.json'), 'utf8'));
    const described = { format: 1, type, version: '1.0', ...metadata, image: metadataOf('1.0').image };
    t.deepEqual(parseMetadata(JSON.stringify(described)).kind, 'metadata', type);
  }
});

test('the plugin is of the same version as its package', async (t) => {
  const { version } = JSON.parse(await readFile(join(repository, 'plugins/sites/package.json'), 'utf8'));
  t.is(gemelVersion, version);
});
