import { ApplianceError, type CommandRunner, type JobCall, type StatusAccess } from '@gemel/core/sdk';
import { clusterPair, type PairStatus } from '@gemel/plugin-cluster/contract';
import type { Step } from '../bundle/version-step.js';
import type { FirmwareService } from '../firmware-service.js';
import type { Installation } from '../install/installation.js';
import type { FirmwareState } from '../slots/firmware-status.js';
import type { PeerFirmware, PeerFirmwareState } from './peer-firmware.js';
import type { RollingPair } from './rolling-update.js';

/** Part of the whole way that copying takes. */
const copyShare = 0.1;

export interface ClusterPairParts {
  readonly status: StatusAccess;
  readonly commands: CommandRunner;
  readonly service: FirmwareService;
  readonly installation: Installation;
  readonly there: PeerFirmware;
}

/** The pair by Pacemaker's tools and the other node's core. */
export class ClusterPair implements RollingPair {
  readonly #parts: ClusterPairParts;

  constructor(parts: ClusterPairParts) {
    this.#parts = parts;
  }

  pair(): Promise<PairStatus | undefined> {
    return this.#parts.status.get(clusterPair);
  }

  /** As gemel cluster maintenance does it: standby, kept over restarts. */
  async maintenance(node: string, on: boolean): Promise<void> {
    const wish = on ? (['--update', 'on'] as const) : (['--delete'] as const);
    const argv = ['crm_attribute', '--node', node, '--name', 'standby', ...wish] as const;
    const { exitCode, stderr } = await this.#parts.commands.run(argv, { timeoutMs: 60_000 });
    if (exitCode !== 0)
      throw new ApplianceError('engine-failed', `Maintenance of ${node} could not be changed: ${stderr.trim()}`);
  }

  copy(file: string, call: JobCall): Promise<void> {
    return this.#parts.there.copy(file, call, copyShare);
  }

  installThere(confirm: Step | undefined, author: string): Promise<void> {
    return this.#parts.there.install(confirm, author);
  }

  stateThere(): Promise<PeerFirmwareState | undefined> {
    return this.#parts.there.state();
  }

  async installHere(file: string, confirm: Step | undefined, call: JobCall): Promise<void> {
    await this.#parts.installation.run({ file, confirm, restart: 'now' }, call);
  }

  async resumeHere(file: string, saved: unknown, call: JobCall): Promise<void> {
    await this.#parts.installation.resume({ file, restart: 'now' }, saved, call);
  }

  stateHere(): Promise<FirmwareState> {
    return this.#parts.service.state();
  }
}
