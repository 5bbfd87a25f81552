import test from 'ava';
import { renderFencing } from '#cluster/fencing/fencing-resource.js';

const device = { node: 'node2', address: '10.77.0.9', user: 'operator', lanplus: true, cipher: 3, testedAt: null };

test('a management controller has a minute to answer, at its start too', (t) => {
  const operations = [...renderFencing(device, 'secret').matchAll(/<op .*?name="(\w+)".*?timeout="(\w+)"/g)];
  t.deepEqual(
    operations.map(([, name, timeout]) => [name, timeout]),
    [
      ['start', '60s'],
      ['monitor', '60s'],
    ],
  );
});
