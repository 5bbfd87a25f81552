import { definePlugin } from '@gemel/core/sdk';
import { FirmwareService } from './firmware-service.js';
import { ApplianceFirmware } from './slots/appliance-firmware.js';
import { firmwareState } from './slots/firmware-status.js';
import { FirmwareRecords } from './slots/trial.js';
import { Rauc } from './system/rauc.js';

export default definePlugin({
  id: 'firmware',
  activate(context) {
    const { files, dbus } = context.system;
    const service = new FirmwareService(new ApplianceFirmware(files), new FirmwareRecords(files), new Rauc(dbus));
    context.status.add(firmwareState, () => service.state());
    context.actions.addLater(async () => {
      const [{ firmwareActions }, { firmwareParts }] = await Promise.all([
        import('./actions.js'),
        import('./parts.js'),
      ]);
      return firmwareActions(firmwareParts(context, service));
    });
  },
});
