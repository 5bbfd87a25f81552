import { join } from 'node:path';
import { describePluginConformance } from '@gemel/core/testing';
import test from 'ava';

const repository = join(import.meta.dirname, '../../..');
const plugin = (id: string) => join(repository, 'plugins', id);

const record = {
  format: 1,
  type: 'prometheus',
  version: '2.53.3',
  generation: 1,
  port: 8001,
  uid: 70_000,
  memoryMiB: 512,
  cpuPercent: 100,
  autostart: true,
  login: null,
  createdAt: 0,
  previous: null,
};

describePluginConformance(test, plugin('sites'), {
  samples: { 'site.show': { name: 'demo' } },
  world: {
    engines: 'model',
    files: { '/srv/gemel/sites/demo/site.json': JSON.stringify(record, null, 2) },
    prepare(system) {
      const manager = 'org.freedesktop.systemd1.Manager';
      system.units.add('gemel-active.target', 'active');
      system.dbus.reply('org.freedesktop.systemd1', `${manager}.ListUnitsByPatterns`, [[]]);
      system.dbus.reply('org.freedesktop.systemd1', `${manager}.Subscribe`);
    },
  },
});
