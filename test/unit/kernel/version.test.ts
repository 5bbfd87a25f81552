import { readFileSync } from 'node:fs';
import { coreVersion } from '#core/kernel/version.js';
import test from 'ava';

test('core says the version of its package', (t) => {
  const manifest: { version: string } = JSON.parse(readFileSync('core/package.json', 'utf8'));
  t.is(coreVersion, manifest.version);
});
