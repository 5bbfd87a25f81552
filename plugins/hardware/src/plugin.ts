import { definePlugin } from '@gemel/core/sdk';
import { HardwareService } from './contract.js';
import { HardwareServiceImpl } from './hardware-service.js';
import { hardwareProfile } from './inventory/hardware-status.js';
import { Machine } from './system/machine.js';

/** Hardware changes while running only by hot plugging. */
const keepMs = 60_000;

export default definePlugin({
  id: 'hardware',
  activate(context) {
    const { files, commands, kind } = context.system;
    const hardware = new HardwareServiceImpl(new Machine(files, commands), files);
    context.provideValue(HardwareService, hardware);
    context.status.add(hardwareProfile, () => hardware.status(), { maxAgeMs: keepMs });
    context.actions.addLater(async () => {
      const { hardwareActions } = await import('./actions.js');
      return hardwareActions(hardware);
    });

    context.addHealthCheck('inventory', async () => {
      const memory = await files.read('/proc/meminfo');
      if (memory === undefined && kind === 'appliance')
        return { healthy: false, reason: '/proc/meminfo cannot be read' };
      return { healthy: true, reason: memory === undefined ? 'this host shows no hardware' : 'hardware can be read' };
    });
  },
});
