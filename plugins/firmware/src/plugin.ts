import { definePlugin } from '@gemel/core/sdk';
import { PeerService } from '@gemel/plugin-peer/contract';
import type { FirmwareActionParts } from './actions.js';
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
    let made: Promise<FirmwareActionParts> | undefined;
    const parts = () => (made ??= import('./parts.js').then(({ firmwareParts }) => firmwareParts(context, service)));
    context.actions.addLater(async () => (await import('./actions.js')).firmwareActions(await parts()));
    const peer = context.find(PeerService);
    if (peer !== undefined) context.own(peer.handleLater(async () => (await parts()).there?.answer() ?? []));
  },
});
