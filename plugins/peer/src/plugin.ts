import { definePlugin } from '@gemel/core/sdk';
import { addPeerActions } from './actions.js';
import { PeerService } from './contract.js';
import { peerLink } from './link-status.js';
import { Pairing } from './pairing.js';
import { PeerServiceImpl } from './peer-service.js';
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
    peer.start();
  },
});
