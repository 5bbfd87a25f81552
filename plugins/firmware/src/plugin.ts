import { definePlugin } from '@gemel/core/sdk';
import { PeerService } from '@gemel/plugin-peer/contract';
import type { FirmwareActionParts } from './actions.js';
import { FirmwareWarnings } from './bundle/firmware-warnings.js';
import { FirmwareWarningsService } from './contract.js';
import type { FirmwareService } from './firmware-service.js';
import { firmwareState } from './slots/firmware-status.js';

export default definePlugin({
  id: 'firmware',
  activate(context) {
    const warnings = new FirmwareWarnings(context.log);
    context.provideValue(FirmwareWarningsService, warnings);
    // each is loaded when somebody first asks: a start of core needs neither
    let service: Promise<FirmwareService> | undefined;
    const loaded = () =>
      (service ??= import('./firmware-service.js').then((module) => module.firmwareService(context.system)));
    let made: Promise<FirmwareActionParts> | undefined;
    const make = async () => (await import('./parts.js')).firmwareParts(context, await loaded(), warnings);
    const parts = () => (made ??= make());
    context.status.add(firmwareState, async () => (await loaded()).state());
    context.actions.addLater(async () => (await import('./actions.js')).firmwareActions(await parts()));
    const peer = context.find(PeerService);
    if (peer !== undefined) context.own(peer.handleLater(async () => (await parts()).there?.answer() ?? []));
  },
});
