import { ApplianceError, type DBus, type UnitManager } from '@gemel/core/sdk';
import { z } from 'zod';
import { networkdUnit } from '../networkd/names.js';

const destination = 'org.freedesktop.network1';
const managerPath = '/org/freedesktop/network1';
const managerInterface = 'org.freedesktop.network1.Manager';

/** networkd sets up thousands of VLANs within one reload; the call returns when it has read all files. */
const reloadTimeoutMs = 30_000;

/** The part of networkd's own description of a link that is used; states as `networkctl list` prints them. */
const linkDescription = z.object({
  Index: z.number(),
  Name: z.string(),
  AdministrativeState: z.string().optional(),
  OperationalState: z.string().optional(),
  NetworkFile: z.string().optional(),
});

const description = z.object({ Interfaces: z.array(linkDescription).optional() });

export interface NetworkdLink {
  readonly index: number;
  readonly name: string;
  /** `pending`, `initialized`, `configuring`, `configured`, `unmanaged`, `failed`, `linger`. */
  readonly setupState: string;
  readonly networkFile: string | undefined;
}

/** systemd-networkd over D-Bus: the same calls that networkctl makes. */
export class Networkd {
  readonly #dbus: DBus;
  readonly #units: UnitManager;

  constructor(dbus: DBus, units: UnitManager) {
    this.#dbus = dbus;
    this.#units = units;
  }

  /** @throws ApplianceError `unavailable` when it is not installed or masked, `engine-failed` when it does not start. */
  async ensureRunning(): Promise<void> {
    const status = await this.#units.status(networkdUnit);
    if (status.loadState === 'not-found' || status.loadState === 'masked') {
      const state = status.loadState === 'masked' ? 'masked' : 'not installed';
      throw new ApplianceError('unavailable', `${networkdUnit} is ${state}, so the network cannot be configured.`);
    }
    if (status.activeState !== 'active' && status.activeState !== 'reloading') await this.#units.start(networkdUnit);
  }

  /** Reads all files again, makes new bonds and VLANs, and configures anew the links whose files changed. */
  async reload(): Promise<void> {
    await this.#call('Reload', reloadTimeoutMs);
  }

  async reconfigure(linkIndex: number): Promise<void> {
    await this.#call('ReconfigureLink', undefined, linkIndex);
  }

  async links(): Promise<readonly NetworkdLink[]> {
    const [text] = await this.#call('Describe');
    try {
      const { Interfaces = [] } = description.parse(JSON.parse(String(text)));
      return Interfaces.map((link) => ({
        index: link.Index,
        name: link.Name,
        setupState: link.AdministrativeState ?? 'pending',
        networkFile: link.NetworkFile,
      }));
    } catch (cause) {
      throw new ApplianceError('engine-failed', 'systemd-networkd described its links in an unknown form.', { cause });
    }
  }

  /** Calls back when networkd says that some link changed. */
  onChange(listener: () => void): Disposable {
    const match = { sender: destination, interface: 'org.freedesktop.DBus.Properties', member: 'PropertiesChanged' };
    return this.#dbus.onSignal(match, () => listener());
  }

  #call(member: string, timeoutMs?: number, linkIndex?: number): Promise<readonly unknown[]> {
    return this.#dbus.call({
      destination,
      path: managerPath,
      interface: managerInterface,
      member,
      ...(linkIndex === undefined ? {} : { signature: 'i', arguments: [linkIndex] }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }
}
