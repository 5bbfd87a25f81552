import type { DBus, FileStore } from '@gemel/core/sdk';
import { siteUnitPattern, siteUnit } from '../paths.js';

export const siteStates = ['running', 'starting', 'restarting', 'stopping', 'stopped', 'failed'] as const;
export type SiteState = (typeof siteStates)[number];

const systemd = 'org.freedesktop.systemd1';
const systemdPath = '/org/freedesktop/systemd1';
/** One service per site below a slice of their own. */
const controlGroups = '/sys/fs/cgroup/gemel.slice/gemel-sites.slice';

/** The units of the sites as systemd has them now. */
export class SiteUnits {
  readonly #dbus: DBus;
  readonly #files: FileStore;

  constructor(dbus: DBus, files: FileStore) {
    this.#dbus = dbus;
    this.#files = files;
  }

  /** By site; one that is not in it is stopped. One call, however many sites there are. */
  async states(): Promise<ReadonlyMap<string, SiteState>> {
    const [rows] = await this.#dbus.call({
      destination: systemd,
      path: systemdPath,
      interface: `${systemd}.Manager`,
      member: 'ListUnitsByPatterns',
      signature: 'asas',
      arguments: [[], ['gemel-site@*.service']],
    });
    const states = new Map<string, SiteState>();
    // a(ssssssouso): name, description, load, active and sub state, and others.
    for (const row of Array.isArray(rows) ? rows : []) {
      if (!Array.isArray(row)) continue;
      const [unit = '', , , active = '', sub = ''] = row.map(String);
      const name = siteUnitPattern.exec(unit)?.[1];
      if (name !== undefined) states.set(name, stateOf(active, sub));
    }
    return states;
  }

  /** Memory of all processes of a site, bytes; undefined where the kernel does not count it, as in a container. */
  async memory(name: string): Promise<number | undefined> {
    const text = await this.#files.read(`${controlGroups}/${siteUnit(name)}/memory.current`);
    return text === undefined ? undefined : Number(text);
  }
}

export function stateOf(active: string, sub: string): SiteState {
  switch (active) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return 'running';
    case 'activating':
      return sub.startsWith('auto-restart') ? 'restarting' : 'starting';
    case 'deactivating':
      return 'stopping';
    case 'failed':
      return 'failed';
    default:
      return 'stopped';
  }
}
