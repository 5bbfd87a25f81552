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
describePluginConformance(test, plugin('cluster'), {
  with: ['device', 'network', 'peer', 'hardware'].map(plugin),
  samples: {
    'cluster.resource.agent.show': { agent: 'ocf:pacemaker:Dummy' },
    'cluster.create.preview': {
      clusterIp: '192.0.2.100/24',
      external: 'enp0s4',
      sync: 'enp0s6',
      peerExternal: '192.0.2.12',
      peerSync: '198.51.100.12',
    },
  },
  world: {
    script: (commands) => {
      const list = ['crm_resource', '--output-as=xml', /^--list-/];
      commands.always(list, '<pacemaker-result/>');
      commands.always(['crm_resource', '--show-metadata=ocf:pacemaker:Dummy'], '<resource-agent name="Dummy"/>');
    },
  },
});
describePluginConformance(test, join(repository, 'examples/hello-plugin'), {
  with: [plugin('device')],
  samples: { 'hello.greet': { name: 'World' } },
});
