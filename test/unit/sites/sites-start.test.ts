import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { paths } from '#sites/paths.js';
import test, { type ExecutionContext } from 'ava';
import { newWorld, withDemo } from './world.js';

const script = new URL('../../../../systemd/libexec/gemel-sites-start', import.meta.url);

/** What a boot of a single appliance with these files asks systemd and the renderer for; places are below a folder of its own. */
function asked(t: ExecutionContext, files: Readonly<Record<string, string>>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'gemel-sites-start-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  };
  for (const [path, text] of Object.entries(files)) put(path, text);
  put('bin/systemctl', `#!/bin/sh\necho "systemctl $*" >>'${folder}/asked'\n`);
  put('bin/gemel-site-render', `#!/bin/sh\necho "render $*" >>'${folder}/asked'\n`);
  put(
    'bin/start',
    readFileSync(script, 'utf8')
      .replaceAll(/(?<= |\[)\/(srv|run|var)\//g, `${folder}/$1/`)
      .replaceAll('"/run/', `"${folder}/run/`),
  );
  const { status } = spawnSync(join(folder, 'bin/start'), { env: { PATH: `${folder}/bin:/usr/bin:/bin` } });
  t.is(status, 0);
  return readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
}

const record = (autostart: boolean) => `{\n  "type": "pages",\n  "autostart": ${autostart}\n}\n`;
const sites = {
  '/srv/gemel/sites/shop/site.json': record(true),
  '/srv/gemel/sites/old/site.json': record(false),
  '/run/gemel/sites/shop.env': '',
  '/run/gemel/sites/old.env': '',
};

test('a single appliance starts its sites with autostart at a boot', (t) => {
  t.deepEqual(asked(t, sites), ['render --all', 'systemctl start --no-block gemel-site@shop.service']);
});

test('a device that left a cluster starts none: they may run on the other one', (t) => {
  t.deepEqual(asked(t, { ...sites, [paths.leftMark]: '' }), ['render --all']);
});

for (const verb of ['start', 'restart'] as const) {
  test(`whoever does ${verb} a site of a device that left a cluster has them start with the device again`, async (t) => {
    const world = await withDemo(newWorld({ [paths.leftMark]: '' }));
    await world.power[verb]('demo');
    t.is(await world.system.files.read(paths.leftMark), undefined);
  });
}

test('a site that does not start is no use of the device', async (t) => {
  const world = await withDemo(newWorld({ [paths.leftMark]: '' }));
  world.failing.add('demo');
  await t.throwsAsync(world.power.start('demo'));
  t.is(await world.system.files.read(paths.leftMark), '');
});
