import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '#sites/paths.js';
import test, { type ExecutionContext } from 'ava';
import { libexec, ScriptFolder } from '../script-folder.js';
import { newWorld, withDemo } from './world.js';

/** What a boot of a single appliance with these files asks systemd and the renderer for. */
async function asked(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const host = new ScriptFolder(t);
  for (const [path, text] of Object.entries(files)) host.put(path, text);
  for (const name of ['systemctl', 'gemel-site-render']) host.recording(name);
  const text = readFileSync(join(libexec, 'gemel-sites-start'), 'utf8')
    .replaceAll(/(?<= |\[)\/(srv|run|var)\//g, `${host.folder}/$1/`)
    .replaceAll('"/run/', `"${host.folder}/run/`);
  host.executable('bin/start', text);
  t.is((await host.run(host.path('bin/start'), [], host.environment())).code, 0);
  return host.record;
}

const record = (autostart: boolean) => `{\n  "type": "pages",\n  "autostart": ${autostart}\n}\n`;
const sites = {
  '/srv/gemel/sites/shop/site.json': record(true),
  '/srv/gemel/sites/old/site.json': record(false),
  '/run/gemel/sites/shop.env': '',
  '/run/gemel/sites/old.env': '',
};

test('a single appliance starts its sites with autostart at a boot', async (t) => {
  t.deepEqual(await asked(t, sites), ['gemel-site-render --all', 'systemctl start --no-block gemel-site@shop.service']);
});

test('a device that left a cluster starts none: they may run on the other one', async (t) => {
  t.deepEqual(await asked(t, { ...sites, [paths.leftMark]: '' }), ['gemel-site-render --all']);
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
