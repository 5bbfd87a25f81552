import { ApplianceError, type DBus } from '@gemel/core/sdk';

const destination = 'org.freedesktop.hostname1';
const path = '/org/freedesktop/hostname1';

export interface HostIdentity {
  readonly hostName: string;
  readonly staticHostName: string;
  readonly location: string;
}

/** systemd-hostnamed: one object on the system bus, started when it is called. */
export class Hostnamed {
  constructor(readonly dbus: DBus) {}

  /** Undefined when hostnamed is not on this host. */
  async identity(): Promise<HostIdentity | undefined> {
    try {
      const properties = await this.dbus.getProperties(destination, path, destination);
      const text = (name: string) => {
        const value = properties[name];
        return typeof value === 'string' ? value : '';
      };
      return { hostName: text('Hostname'), staticHostName: text('StaticHostname'), location: text('Location') };
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return undefined;
      throw failure;
    }
  }

  async setStaticHostName(name: string): Promise<void> {
    await this.set('SetStaticHostname', name);
  }

  async setLocation(location: string): Promise<void> {
    await this.set('SetLocation', location);
  }

  async set(member: string, value: string): Promise<void> {
    const call = { destination, path, interface: destination, member, signature: 'sb', arguments: [value, false] };
    await this.dbus.call(call);
  }
}
