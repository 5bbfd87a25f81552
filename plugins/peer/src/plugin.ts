import { definePlugin, type PluginContext, SettingsExchange, SettingsMaintenance } from '@gemel/core/sdk';
import { addPeerActions } from './actions.js';
import { PeerService, SharedSettingsService } from './contract.js';
import { peerLink } from './link-status.js';
import { Pairing } from './pairing.js';
import { peerEvents } from './peer-events.js';
import { PeerServiceImpl } from './peer-service.js';
import { CommonSettings } from './settings-sync/common-settings.js';
import { JointActivation } from './settings-sync/joint-activation.js';
import { SettingsSync } from './settings-sync/settings-sync.js';
import { addSyncActions } from './settings-sync/sync-actions.js';
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
    const peer = context.own(
      new PeerServiceImpl({ process, pairing, clock, events, log, version: gemelVersion, changed }),
    );
    const publisher = status.add(peerLink, () => peer.link());
    context.provideValue(PeerService, peer);
    addPeerActions(context.actions, peer);
    // a single appliance is healthy without the other node and without the process that would speak to it
    context.addHealthCheck('pairing', async () => ({
      healthy: true,
      reason:
        peer.paired === undefined
          ? 'not paired'
          : `${peer.paired.hostName} ${peer.reachable ? 'answers' : 'does not answer'}`,
    }));
    await addSettingsSync(context, peer);
    peer.start();
  },
});

/** Does nothing before the node is paired: then it compares whenever the other node or the settings give a reason to. */
async function addSettingsSync(context: PluginContext, peer: PeerServiceImpl): Promise<void> {
  const { system, dataFolder, events, log, status } = context;
  const { clock, files } = system;
  const exchange = context.get(SettingsExchange);
  const maintenance = context.get(SettingsMaintenance);
  const common = new CommonSettings(files, dataFolder);
  await common.load(log);
  const changed = () => publisher.set(sync.status);
  const underWay = () => joint.underWay;
  const sync = context.own(new SettingsSync({ peer, exchange, common, clock, events, log, underWay, changed }));
  const publisher = status.add(settingsSync, async () => sync.status);
  const compare = () => void sync.compare();
  const joint = context.own(new JointActivation({ peer, exchange, maintenance, clock, log, abandoned: compare }));
  context.provideValue(SharedSettingsService, sync);
  addSyncActions(context.actions, sync);
  events.on(peerEvents.reachable, compare);
  events.on(peerEvents.unpaired, compare);
  events.onAny('settings.activation.confirmed', () => {
    joint.settled();
    if (peer.paired !== undefined) compare();
  });
}
