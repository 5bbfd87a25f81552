import type { Clock, DBus } from '@gemel/core/sdk';

/** Time for the answer to reach whoever asked, and for the job to be on disk, before core is stopped. */
const shortestDelayMs = 3_000;

/** systemd-logind, which warns who is signed in and lets the restart be called off: gemel device shutdown cancel. */
export class Restart {
  constructor(
    readonly dbus: DBus,
    readonly clock: Clock,
  ) {}

  /** @returns when it happens, wall clock. */
  async soon(): Promise<number> {
    const at = this.clock.now() + shortestDelayMs;
    await this.dbus.call({
      destination: 'org.freedesktop.login1',
      path: '/org/freedesktop/login1',
      interface: 'org.freedesktop.login1.Manager',
      member: 'ScheduleShutdown',
      signature: 'st',
      arguments: ['reboot', BigInt(at) * 1_000n],
    });
    return at;
  }
}
