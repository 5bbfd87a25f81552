import { type Report, type Section } from '@gemel/core/sdk';
import test from 'ava';
import { z } from 'zod';
import { jane, World } from './world.js';

const settingsSchema = z.object({ file: z.string() });

/** Writes the file that its settings name; its plugin may write below `/run/doc`. */
function doc(file: string): Section<unknown, null> {
  return {
    id: 'doc',
    title: 'Doc',
    scope: 'node',
    version: 1,
    schema: settingsSchema,
    defaults: () => ({ file }),
    readFacts: async () => null,
    verify: () => [],
    render: ({ settings }) => ({
      files: [{ path: settingsSchema.parse(settings).file, content: 'x' }],
      properties: [],
    }),
    plan: () => ({ units: [], interruptions: [] }),
    apply: async () => undefined,
    probe: async () => [],
  };
}

async function worldWith(file: string) {
  const world = new World();
  world.engine.register(doc(file), { id: 'guest', files: ['/run/doc'] });
  const mended = await world.engine.recover();
  return { world, mended };
}

const codes = (reports: readonly Report[]) => reports.map(({ code, severity }) => `${severity} ${code}`);

for (const [what, file, code] of [
  ['no grant names', '/run/systemd/network/00-x.network', 'settings.file.not-granted'],
  ['only looks granted', '/run/doctor', 'settings.file.not-granted'],
  ['climbs out of a granted folder', '/run/doc/../systemd/network/00-x.network', 'settings.file.refused'],
] as const) {
  test(`a file that ${what} is not written, neither when it is activated nor at a start`, async (t) => {
    const { world } = await worldWith('/run/doc/a');
    t.is(await world.system.files.read('/run/doc/a'), 'x');
    const reports = await world.engine.edit({ section: 'doc', caller: jane, change: () => ({ file }) });
    t.deepEqual(codes(reports), [`error ${code}`]);
    t.like(reports[0], { path: 'doc', params: { section: 'doc', file } });
    await t.throwsAsync(world.activate());
    t.is(await world.system.files.read('/run/doc/a'), 'x');
    t.is(await world.system.files.read(file), undefined);

    const fresh = await worldWith(file);
    t.deepEqual(codes(fresh.mended), [`error ${code}`]);
    t.is(await fresh.world.system.files.read(file), undefined);
    const archives = Object.values(fresh.world.system.files.contents('/var/lib/gemel/settings')).join('');
    t.false(archives.includes(`${file.slice(1)}\0`), 'early boot unpacks what is stored');
  });
}

test('a section that is left out so does not stop the others', async (t) => {
  const { world } = await worldWith('/etc/shadow');
  const reports = await world.engine.edit({
    section: 'lan',
    caller: jane,
    change: (settings) => ({ ...(settings as object), mtu: 9000 }), // as the world made it
  });
  t.deepEqual(codes(reports), ['warning settings.file.not-granted']);
  await world.activate();
  t.is(world.settings('running').lan.mtu, 9000);
  t.is(await world.system.files.read('/etc/shadow'), undefined);
});
