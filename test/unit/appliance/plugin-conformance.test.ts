import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestAppliance, describePluginConformance } from '@gemel/core/testing';
import test, { type ExecutionContext } from 'ava';

/** A package with this entry, below the repository so that it finds SDK and zod. */
async function packageOf(t: ExecutionContext, id: string, gemel: object, code: string): Promise<string> {
  const parent = await mkdtemp(join(import.meta.dirname, 'package-'));
  t.teardown(() => rm(parent, { recursive: true }));
  const folder = join(parent, id);
  const manifest = { id, title: id, core: '*', entry: './plugin.js', ...gemel };
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ version: '1.0.0', type: 'module', gemel: manifest }));
  await writeEntry(folder, code);
  return folder;
}

async function writeEntry(folder: string, code: string): Promise<void> {
  await writeFile(
    join(folder, 'plugin.js'),
    `import { defineAction } from '@gemel/core/sdk';\nimport { z } from 'zod';\n${code}`,
  );
}

/** What each test of the suite ends with: empty when it passes. */
async function outcomes(folder: string): Promise<Readonly<Record<string, string>>> {
  const tests: (readonly [string, () => Promise<void>])[] = [];
  describePluginConformance((title, run) => tests.push([title, () => run({ pass: () => undefined })]), folder);
  const results: Record<string, string> = {};
  for (const [title, run] of tests) {
    const said = await run().then(
      () => '',
      (failure: Error) => failure.message.split('\n').slice(1).join('\n'),
    );
    results[title.replace(/^.*?: /, '')] = said;
  }
  return results;
}

test.serial('complains about a manifest, texts, views and settings that are not right', async (t) => {
  const folder = await packageOf(
    t,
    'sloppy',
    { actions: ['sloppy.look', 'sloppy.gone'], sections: ['sloppy'], publishes: ['sloppy.never'] },
    `let renderings = 0;
    export default { id: 'sloppy', activate({ actions, settings }) {
      actions.add(defineAction({
        kind: 'call', id: 'sloppy.look', summary: 'look', role: 'viewer', audited: false,
        input: z.object({ mac: z.string().regex(/^x/).optional() }),
        output: z.object({ n: z.number().describe('A number.') }),
        present: () => ({ kind: 'table', columns: ['A'], rows: [['1', '2']] }),
        run: async () => ({ n: 1 }),
      }));
      settings.add({
        id: 'sloppy', title: 'Sloppy', scope: 'node', version: 1,
        schema: z.strictObject({ password: z.string().describe('The password.') }),
        defaults: () => ({ password: '' }), readFacts: async () => {}, verify: () => [],
        render: () => ({ files: [{ path: '/etc/sloppy', content: String(renderings++) }], properties: [] }),
        plan: () => ({ units: [], interruptions: [] }), apply: async () => {}, probe: async () => [],
      });
    } };`,
  );
  t.deepEqual(await outcomes(folder), {
    'the manifest lists exactly what the plugin declares':
      '"actions" lists sloppy.gone, which is not declared\n"publishes" lists sloppy.never, which is not declared',
    'everything that surfaces show is described': [
      'sloppy.look: no sentence: look',
      'input of sloppy.look/mac has no description',
      'input of sloppy.look/mac has a form and no example',
      'section sloppy/password is not marked as secret',
    ].join('\n'),
    'what its reading actions and its status give is presented': 'sloppy.look: a row of 2 cells under 1 columns',
    'its settings of a fresh device are verified and rendered': [
      'section sloppy: renders differently the second time',
      'at the first start: Section sloppy wants to write /etc/sloppy, which its plugin may not: add it to grants.files in the "gemel" block of the package.json of sloppy, or disable that plugin.',
    ].join('\n'),
    'it can be reloaded, and ends without leaving anything behind': '',
  });
});

test.serial('complains about a plugin that leaves a timer', async (t) => {
  const folder = await packageOf(
    t,
    'leaky',
    {},
    `export default { id: 'leaky', activate() {
      // ended with the test, which is what tells the leak from the test's own
      const timer = setInterval(() => {}, 1_000);
      (globalThis.leaked ??= []).push(timer);
    } };`,
  );
  t.teardown(() => {
    const { leaked = [] } = globalThis as { readonly leaked?: readonly NodeJS.Timeout[] };
    for (const timer of leaked) clearInterval(timer);
  });
  const { 'it can be reloaded, and ends without leaving anything behind': residue } = await outcomes(folder);
  t.regex(residue ?? '', /left behind: 1 Timeout/);
});

test.serial('a plugin that is removed, mended and installed again runs the mended code', async (t) => {
  const saying = (word: string) => `export default { id: 'mended', activate({ actions }) {
    actions.add(defineAction({
      kind: 'call', id: 'mended.say', summary: 'Say something.', role: 'viewer', audited: false,
      input: z.object({}), output: z.string(), present: (text) => ({ kind: 'text', text }), run: async () => '${word}',
    }));
  } };`;
  const folder = await packageOf(t, 'mended', { actions: ['mended.say'] }, saying('old'));
  await using appliance = await createTestAppliance({ plugins: [folder] });
  const said = async () => (await appliance.invoke('mended.say')).output;
  t.is(await said(), 'old');
  await appliance.uninstall('mended');
  await appliance.letTimePass(appliance.invoke('plugin.rescan'));
  await writeEntry(folder, saying('new'));
  await appliance.install(folder);
  await appliance.letTimePass(appliance.invoke('plugin.rescan'));
  t.is(await said(), 'new');
});
