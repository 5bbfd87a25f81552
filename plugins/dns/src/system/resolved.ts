import { type EngineState, engineState, type SystemAccess } from '@gemel/core/sdk';
import { Address6 } from 'ip-address';
import { z } from 'zod';

export const resolvedUnit = 'systemd-resolved.service';

const destination = 'org.freedesktop.resolve1';
const path = '/org/freedesktop/resolve1';
const managerInterface = 'org.freedesktop.resolve1.Manager';

/** A server as resolved sees it. */
export interface KnownServer {
  /** 0 for those that Gemel entered. */
  readonly interfaceIndex: number;
  readonly address: string;
}

/** `(iiayqs)` of org.freedesktop.resolve1(5): interface, family, address, port, name. */
const bytes = z.union([z.instanceof(Uint8Array).transform((list) => [...list]), z.array(z.number())]);
const serverTuple = z.tuple([z.number(), z.number(), bytes, z.number(), z.string()]);

/** systemd-resolved: its unit, and the one object on the system bus. */
export class Resolved {
  constructor(readonly system: Pick<SystemAccess, 'units' | 'dbus' | 'files'>) {}

  state(): Promise<EngineState> {
    return engineState(this.system.units, resolvedUnit);
  }

  /** resolved 257 reloads its files and keeps its sockets; started when it stands still. */
  async reload(): Promise<void> {
    await this.system.units.reloadOrRestart(resolvedUnit);
  }

  /** What resolved uses now: entered servers first, then those of interfaces. */
  async servers(): Promise<readonly KnownServer[]> {
    const { DNSEx: list } = await this.properties();
    return z
      .array(serverTuple)
      .parse(list ?? [])
      .map(([interfaceIndex, , address]) => ({ interfaceIndex, address: addressText(address) }));
  }

  /** Name of an interface, or its number when it is gone. */
  async interfaceName(index: number): Promise<string> {
    for (const name of await this.system.files.list('/sys/class/net')) {
      const text = await this.system.files.read(`/sys/class/net/${name}/ifindex`);
      if (text?.trim() === String(index)) return name;
    }
    return `interface ${index}`;
  }

  async properties(): Promise<Readonly<Record<string, unknown>>> {
    return await this.system.dbus.getProperties(destination, path, managerInterface);
  }
}

function addressText(address: readonly number[]): string {
  if (address.length === 4) return address.join('.');
  return address.length === 16 ? Address6.fromByteArray([...address]).correctForm() : '?';
}
