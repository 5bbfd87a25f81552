import { join } from 'node:path';
import { describePluginConformance } from '@gemel/core/testing';
import test from 'ava';

const repository = join(import.meta.dirname, '../../..');
const plugin = (id: string) => join(repository, 'plugins', id);

for (const id of ['network', 'time', 'dns', 'device', 'hardware']) describePluginConformance(test, plugin(id));
describePluginConformance(test, plugin('peer'), {
  samples: {
    'peer.deliver': { message: { request: 'peer.ping', body: {} }, address: '192.0.2.2', fingerprint: 'AA:BB' },
  },
});
describePluginConformance(test, join(repository, 'examples/hello-plugin'), {
  with: [plugin('device')],
  samples: { 'hello.greet': { name: 'World' } },
});
