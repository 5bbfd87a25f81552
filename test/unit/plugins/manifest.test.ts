import { parsePluginPackage } from '#core/plugins/manifest.js';
import { ApplianceError } from '@gemel/core/sdk';
import test from 'ava';

const good = { id: 'example', title: 'Example', core: '^0.1.0', entry: './dist/plugin.js' };
const text = (gemel: unknown) => JSON.stringify({ name: 'x', version: '1.2.3', gemel });

test('fills in what a manifest leaves out', (t) => {
  const { manifest, version } = parsePluginPackage(text(good), '/p', 'extra');
  t.is(version, '1.2.3');
  t.deepEqual(manifest.grants, { commands: [], files: [], units: [], dbus: [] });
  t.is(manifest.essential, false);
});

for (const [what, change, says] of [
  ['an id with capitals', { id: 'Example' }, /gemel\.id: must be lower-case/],
  ['a core range that is none', { core: 'latest' }, /gemel\.core: must be a semantic version range/],
  ['an entry outside the package', { entry: '../evil.js' }, /gemel\.entry: must be a relative path/],
  ['an unknown field', { grant: {} }, /gemel: grant is not known; known are id, /],
  [
    'a granted program with a path',
    { grants: { commands: ['/bin/sh'] } },
    /gemel\.grants\.commands\.0: must be a program name/,
  ],
  [
    'a granted folder with ..',
    { grants: { files: ['/run/../etc'] } },
    /gemel\.grants\.files\.0: must be an absolute path/,
  ],
] as const) {
  test(`refuses ${what}, naming file, field and reason`, (t) => {
    const error = t.throws(() => parsePluginPackage(text({ ...good, ...change }), '/p', 'extra'), {
      instanceOf: ApplianceError,
    });
    t.is(error.code, 'invalid');
    t.regex(error.message, /^\/p\/package\.json does not describe a plugin: /);
    t.regex(error.message, says);
  });
}

test('refuses a package file that is not JSON', (t) => {
  const error = t.throws(() => parsePluginPackage('{', '/p', 'extra'), { instanceOf: ApplianceError });
  t.is(error.message, "/p/package.json is not JSON. Repair or remove the plugin's folder.");
});
