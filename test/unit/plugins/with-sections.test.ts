import { parsePluginPackage } from '#core/plugins/manifest.js';
import { withSections } from '#core/plugins/with-sections.js';
import test from 'ava';

const plugin = (id: string, more: object = {}) =>
  parsePluginPackage(
    JSON.stringify({ version: '1.0.0', gemel: { id, title: id, core: '^0.1.0', entry: './plugin.js', ...more } }),
    `/plugins/${id}`,
    'built-in',
  );

test('chooses plugins with sections and what they require, in the order they came', (t) => {
  const packages = [
    plugin('base'),
    plugin('idle', { requires: ['base'] }),
    plugin('lan', { sections: ['lan'], requires: ['middle'] }),
    plugin('middle', { requires: ['base', 'absent'] }),
  ];
  t.deepEqual(
    withSections(packages).map(({ manifest }) => manifest.id),
    ['base', 'lan', 'middle'],
  );
});
