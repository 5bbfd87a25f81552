import { ApplianceError, type DBus } from '@gemel/core/sdk';

const destination = 'org.freedesktop.login1';
const path = '/org/freedesktop/login1';
const managerInterface = 'org.freedesktop.login1.Manager';

export type ShutdownKind = 'reboot' | 'poweroff';

export interface ScheduledShutdown {
  readonly kind: ShutdownKind;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
}

/** systemd-logind, which owns restart and power off: it warns who is signed in and lets one schedule be cancelled. */
export class Logind {
  constructor(readonly dbus: DBus) {}

  async schedule({ kind, at }: ScheduledShutdown): Promise<void> {
    await this.call('ScheduleShutdown', 'st', [kind, BigInt(at) * 1_000n]);
  }

  /** @returns false when nothing was scheduled. */
  async cancel(): Promise<boolean> {
    const [cancelled] = await this.call('CancelScheduledShutdown');
    return cancelled === true;
  }

  /** Undefined when nothing is scheduled or logind is not on this host. */
  async scheduled(): Promise<ScheduledShutdown | undefined> {
    try {
      const properties = await this.dbus.getProperties(destination, path, managerInterface);
      const value: unknown = properties['ScheduledShutdown'];
      if (!Array.isArray(value)) return undefined;
      const [kind, microseconds]: readonly unknown[] = value;
      if (kind !== 'reboot' && kind !== 'poweroff') return undefined;
      return { kind, at: Number(microseconds) / 1_000 };
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return undefined;
      throw failure;
    }
  }

  async call(member: string, signature?: string, values?: readonly unknown[]): Promise<readonly unknown[]> {
    const call = { destination, path, interface: managerInterface, member };
    return await this.dbus.call(signature === undefined ? call : { ...call, signature, arguments: values ?? [] });
  }
}
