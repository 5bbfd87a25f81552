import { definePlugin, SettingsMaintenance } from '@gemel/core/sdk';
import { DeviceService } from './contract.js';
import { DeviceServiceImpl } from './device-service.js';
import { deviceIdentity } from './identity/identity-status.js';
import { Power } from './power/power.js';
import { deviceEvents } from './power/power-events.js';
import { deviceSection } from './settings/section.js';
import { Hostnamed } from './system/hostnamed.js';
import { Logind } from './system/logind.js';
import { gemelVersion } from './version.js';

export default definePlugin({
  id: 'device',
  activate(context) {
    const { system, settings, events } = context;
    const { clock, dbus, files, kind } = system;
    const hostnamed = new Hostnamed(dbus);
    const logind = new Logind(dbus);
    const device = new DeviceServiceImpl(system, settings, hostnamed, logind, gemelVersion);
    const onRenamed = (before: string, now: string) => events.publish(deviceEvents.hostNameChanged, { before, now });
    settings.add(deviceSection(hostnamed, files, onRenamed, (name) => device.nameHeld(name)));
    const power = new Power({
      kind,
      logind,
      clock,
      events,
      files,
      maintenance: () => context.find(SettingsMaintenance),
    });
    context.provideValue(DeviceService, device);
    context.status.add(deviceIdentity, () => device.identity());
    context.actions.addLater(async () => {
      const { deviceActions } = await import('./actions.js');
      return deviceActions(settings, device, power);
    });

    context.addHealthCheck('hostnamed', async () => {
      const identity = await hostnamed.identity();
      return { healthy: true, reason: identity === undefined ? 'hostnamed is not on this host' : 'hostnamed answers' };
    });
  },
});
