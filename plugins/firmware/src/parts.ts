import { fileURLToPath } from 'node:url';
import { coreHealth, type PluginContext } from '@gemel/core/sdk';
import { HardwareService } from '@gemel/plugin-hardware/contract';
import { PeerService } from '@gemel/plugin-peer/contract';
import type { FirmwareActionParts } from './actions.js';
import { BundleExamination } from './bundle/examination.js';
import type { FirmwareWarnings } from './bundle/firmware-warnings.js';
import { clusterFitness } from './cluster/fitness.js';
import type { FirmwareService } from './firmware-service.js';
import { Gate } from './gate/judge.js';
import { Installation, type InstallationParts } from './install/installation.js';
import { Rollback } from './install/rollback.js';
import { ClusterPair } from './rolling/cluster-pair.js';
import { PeerFirmware } from './rolling/peer-firmware.js';
import { RollingUpdate } from './rolling/rolling-update.js';
import { bundlePieces } from './system/bundle-pieces.js';
import { Restart } from './system/restart.js';

/** From the root of the layout, which the joined file is as deep below as this module: scripts/bundle.ts. */
const checkProgram = '../../../plugins/firmware/dist/bin/gemel-bundle-check.js';

/** Everything that works; made when somebody first asks for an action. */
export function firmwareParts(
  context: PluginContext,
  service: FirmwareService,
  warnings: FirmwareWarnings,
): FirmwareActionParts {
  const { system, events, status } = context;
  const { commands, files, dbus, clock } = system;
  const { firmware, records, rauc } = service;
  const health = () => status.get(coreHealth);
  const examination = new BundleExamination({
    commands,
    files,
    firmware,
    hardware: () => context.find(HardwareService),
    warnings: (version) => warnings.about(version),
    checkProgram: fileURLToPath(new URL(checkProgram, import.meta.url)),
  });
  const parts: InstallationParts = {
    rauc,
    firmware,
    examination,
    records,
    restart: new Restart(dbus, clock),
    events,
    clock,
    requireFitCluster: async () => clusterFitness(status),
    unhealthy: async () => ((await health())?.items ?? []).filter(({ healthy }) => !healthy).map(({ name }) => name),
  };
  const installation = new Installation(parts);
  const peer = context.find(PeerService);
  const there =
    peer === undefined
      ? undefined
      : new PeerFirmware({ peer, service, installation, pieces: bundlePieces, clock, log: context.log });
  return {
    service,
    examination,
    installation,
    there,
    rolling:
      there === undefined
        ? undefined
        : new RollingUpdate(new ClusterPair({ status, commands, service, installation, there }), clock),
    rollback: new Rollback(parts),
    gate: new Gate({ records, health, clock, events, running: async () => (await firmware.record()).version }),
  };
}
