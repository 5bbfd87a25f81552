import { join } from 'node:path';
import { createTestAppliance } from '@gemel/core/testing';
import test from 'ava';

const plugin = (id: string) => join(import.meta.dirname, '../../../../plugins', id);

test('built-in plugins bring their settings to the models of their engines', async (t) => {
  await using appliance = await createTestAppliance({
    plugins: [plugin('device'), plugin('network')],
    engines: 'model',
  });
  const invoke = async (action: string, input: object = {}) => appliance.letTimePass(appliance.invoke(action, input));
  await invoke('settings.set', { path: 'device/location', value: 'Rack 7' });
  await invoke('network.mode.set', { mode: 'advanced' });
  await invoke('network.bond.create', { name: 'bond0', members: ['eth1', 'eth2'], address: ['192.0.2.7/24'] });
  t.like((await invoke('settings.activate')).output, { outcome: 'awaiting-confirmation' });
  t.like((await invoke('device.show')).output, { location: 'Rack 7' });
  const made = {
    bonds: [{ name: 'bond0', addresses: ['192.0.2.7/24'], members: [{ name: 'eth1' }, { name: 'eth2' }] }],
  };
  t.like((await invoke('network.bond.list')).output, made);

  await invoke('settings.undo');
  t.is(appliance.settings.status().state, 'rolled-back');
  t.like((await invoke('device.show')).output, { location: '' });
  t.like((await invoke('network.bond.list')).output, { bonds: [{ name: 'bond0', condition: 'unconfigured' }] });
});
