import { ApplianceError, type DBus } from '@gemel/core/sdk';

const destination = 'org.freedesktop.timedate1';
const path = '/org/freedesktop/timedate1';

/** systemd-timedated: time zone, and the clock where nobody else sets it. One object on the system bus. */
export class TimeDate {
  constructor(readonly dbus: DBus) {}

  /** Undefined when timedated is not on this host. */
  async timeZone(): Promise<string | undefined> {
    try {
      const { Timezone: zone } = await this.dbus.getProperties(destination, path, destination);
      return typeof zone === 'string' ? zone : undefined;
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return undefined;
      throw failure;
    }
  }

  async setTimeZone(zone: string): Promise<void> {
    await this.call('SetTimezone', 'sb', [zone, false]);
  }

  /** Sets system clock and RTC. timedated refuses while a time service runs. */
  async setTime(milliseconds: number): Promise<void> {
    await this.call('SetTime', 'xbb', [BigInt(Math.round(milliseconds)) * 1_000n, false, false]);
  }

  async call(member: string, signature: string, values: readonly unknown[]): Promise<void> {
    await this.dbus.call({ destination, path, interface: destination, member, signature, arguments: values });
  }
}
