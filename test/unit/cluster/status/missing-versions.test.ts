import { MissingVersions } from '#cluster/status/missing-versions.js';
import test from 'ava';

test('gathers what those say who know, and nothing from those who are gone', async (t) => {
  const versions = new MissingVersions();
  t.deepEqual(await versions.read(), []);
  const sites = versions.tellMissing(async () => ['pages 1.37.0']);
  versions.tellMissing(async () => ['prometheus 2.53.3']);
  t.deepEqual(await versions.read(), ['pages 1.37.0', 'prometheus 2.53.3']);
  sites[Symbol.dispose]();
  t.deepEqual(await versions.read(), ['prometheus 2.53.3']);
});
