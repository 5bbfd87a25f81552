import { definePlugin, type PluginContext } from '@gemel/core/sdk';
import { PeerService, SharedSettingsService } from './contract.js';
import { peerLink } from './link-status.js';
import { Pairing } from './pairing.js';
import { pairingHealth } from './pairing-health.js';
import { peerEvents } from './peer-events.js';
import { PeerServiceImpl } from './peer-service.js';
import { SharedSettings } from './settings-sync/shared-settings.js';
import { settingsSync } from './settings-sync/sync-status.js';
import { PeerProcessSocket } from './system/peer-process.js';
import { gemelVersion } from './version.js';

export default definePlugin({
  id: 'peer',
  async activate(context) {
    const { system, dataFolder, events, log, status } = context;
    const { clock, files, kind } = system;
    const pairing = new Pairing(files, dataFolder);
    await pairing.load(log);
    const onAppliance = kind === 'appliance';
    const path = onAppliance ? '/run/gemel-peer/peer.sock' : `${dataFolder}/peer.sock`;
    const process = context.own(new PeerProcessSocket({ path, clock, files, sameUser: !onAppliance }));
    const changed = () => void peer.link().then((link) => publisher.set(link));
    const peer = context.own(new PeerServiceImpl({ process, pairing, clock, events, version: gemelVersion, changed }));
    const publisher = status.add(peerLink, () => peer.link());
    context.provideValue(PeerService, peer);
    context.actions.addLater(async () => {
      const { peerActions } = await import('./actions.js');
      return peerActions(peer);
    });
    context.addHealthCheck('pairing', () => pairingHealth(system, peer));
    await addSharedSettings(context, peer);
    peer.start();
  },
});

/** Does nothing before the node is paired: then settings are compared whenever the other node or they give a reason to. */
async function addSharedSettings(context: PluginContext, peer: PeerServiceImpl): Promise<void> {
  const { events, status, log } = context;
  const shared = new SharedSettings(context, peer, () => publisher.set(shared.status));
  const publisher = status.add(settingsSync, async () => shared.status);
  context.provideValue(SharedSettingsService, shared);
  context.actions.addLater(async () => {
    const { syncActions } = await import('./settings-sync/sync-actions.js');
    return syncActions(shared);
  });
  events.on(peerEvents.paired, () => {
    shared.start().catch((err: unknown) => log.error({ err }, 'shared settings could not be loaded'));
  });
  events.on(peerEvents.reachable, () => void shared.compare());
  events.on(peerEvents.unpaired, () => void shared.compare());
  events.onAny('settings.activation.confirmed', () => shared.confirmed());
  if (peer.paired !== undefined) await shared.start();
}
