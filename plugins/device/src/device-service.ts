import { ApplianceError, type Report, type SettingsAccess, type SystemAccess, toDisposable } from '@gemel/core/sdk';
import { type DeviceService, deviceSettings, type NameHold } from './contract.js';
import type { DeviceIdentity } from './identity/identity-status.js';
import { fullName } from './settings/schema.js';
import type { Hostnamed } from './system/hostnamed.js';
import type { Logind } from './system/logind.js';

const maintenanceTarget = 'gemel-maintenance.target';

export class DeviceServiceImpl implements DeviceService {
  readonly #holds = new Set<NameHold>();

  constructor(
    readonly system: SystemAccess,
    readonly settings: SettingsAccess,
    readonly hostnamed: Hostnamed,
    readonly logind: Logind,
    readonly version: string,
  ) {}

  async identity(): Promise<DeviceIdentity> {
    const { files, kind } = this.system;
    const running = this.settings.running(deviceSettings);
    const [identity, shutdown, maintenance, release, bootId, uptime] = await Promise.all([
      this.hostnamed.identity(),
      this.logind.scheduled(),
      this.inMaintenance(),
      files.read('/etc/os-release'),
      files.read('/proc/sys/kernel/random/boot_id'),
      files.read('/proc/uptime'),
    ]);
    return {
      hostName: identity?.hostName ?? fullName(running),
      version: this.version,
      operatingSystem: /^PRETTY_NAME="?(.*?)"?$/m.exec(release ?? '')?.[1] ?? 'unknown',
      host: kind,
      bootId: bootId?.trim() ?? null,
      uptimeMinutes: uptime === undefined ? null : Math.floor(Number.parseFloat(uptime) / 60),
      maintenance,
      shutdown: shutdown ?? null,
      location: running.location,
      contact: running.contact,
    };
  }

  holdName(reason: NameHold): Disposable {
    this.#holds.add(reason);
    return toDisposable(() => this.#holds.delete(reason));
  }

  nameHeld(name: string): readonly Report[] {
    return [...this.#holds].flatMap((reason) => reason(name) ?? []);
  }

  async inMaintenance(): Promise<boolean> {
    try {
      return (await this.system.units.status(maintenanceTarget)).activeState === 'active';
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return false;
      throw failure;
    }
  }
}
