import { ApplianceError } from '../../sdk/errors.js';
import type { Clock, FileStore } from '../../sdk/system.js';
import { parseEngineFile } from './engine-file.js';
import type { SandboxService } from './sandbox-bus.js';
import type { SandboxLinks } from './sandbox-links.js';

/** systemd-hostnamed: names in memory. */
export function hostnameService(): SandboxService {
  const names = { StaticHostname: 'gemel-sandbox', Hostname: 'gemel-sandbox', PrettyHostname: '', Location: '' };
  return {
    path: '/org/freedesktop/hostname1',
    properties: async () => ({ ...names, Chassis: 'vm', OperatingSystemPrettyName: 'Gemel sandbox' }),
    call: async (member, [name]) => {
      if (member === 'SetStaticHostname') names.StaticHostname = names.Hostname = String(name);
      else if (member === 'SetHostname') names.Hostname = String(name);
      else if (member === 'SetPrettyHostname') names.PrettyHostname = String(name);
      else if (member === 'SetLocation') names.Location = String(name);
      else return undefined;
      return [];
    },
  };
}

/** systemd-timedated: the zone in memory, UTC at first as on a new device. The clock is the machine's and stays so. */
export function timeDateService(clock: Clock): SandboxService {
  let zone = 'UTC';
  return {
    path: '/org/freedesktop/timedate1',
    properties: async () => ({
      Timezone: zone,
      LocalRTC: false,
      CanNTP: false,
      NTP: false,
      NTPSynchronized: false,
      TimeUSec: BigInt(Math.round(clock.now() * 1000)),
    }),
    call: async (member, [value]) => {
      if (member === 'ListTimezones') return [['UTC', ...Intl.supportedValuesOf('timeZone')]];
      if (member === 'SetTime') {
        throw new ApplianceError('unavailable', 'The sandbox host does not set the clock of the machine.');
      }
      if (member !== 'SetTimezone') return undefined;
      zone = String(value);
      return [];
    },
  };
}

/** systemd-networkd: acts on the model of the links. */
export function networkService(links: SandboxLinks, files: FileStore): SandboxService {
  return {
    path: '/org/freedesktop/network1',
    properties: async () => ({ OperationalState: 'routable', AddressState: 'routable', OnlineState: 'online' }),
    call: async (member) => {
      if (member === 'Describe') return [links.describe()];
      if (member !== 'Reload' && member !== 'ReconfigureLink') return undefined;
      await links.reload(files);
      return [];
    },
  };
}

const resolvedFolder = '/run/systemd/resolved.conf.d';
const addressFamilies = { ipv4: 2, ipv6: 10 } as const;

/** systemd-resolved: knows the servers of the rendered files; it asks none of them. */
export function resolveService(files: FileStore): SandboxService {
  const servers = async () => {
    const names = (await files.list(resolvedFolder)).filter((name) => name.endsWith('.conf'));
    const texts = await Promise.all(names.map((name) => files.read(`${resolvedFolder}/${name}`)));
    const lists = texts.flatMap((text) => parseEngineFile(text ?? '').get('Resolve.DNS') ?? []);
    return lists.flatMap((list) => list.split(' ')).filter((server) => server !== '');
  };
  return {
    path: '/org/freedesktop/resolve1',
    properties: async () => ({ DNSEx: (await servers()).map(serverTuple), DNSSEC: 'no', LLMNR: 'no' }),
    call: async (member) => (member === 'FlushCaches' ? [] : undefined),
  };
}

/** `(iiayqs)`: interface, family, address, port, name; from resolved.conf's `address:port#name`. */
function serverTuple(server: string): readonly unknown[] {
  const [where = '', name = ''] = server.split('#');
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(where);
  const v4 = /^(\d+\.\d+\.\d+\.\d+)(?::(\d+))?$/.exec(where);
  const port = Number(bracketed?.[2] ?? v4?.[2] ?? 0);
  if (v4 !== null) return [0, addressFamilies.ipv4, (v4[1] ?? '').split('.').map(Number), port, name];
  return [0, addressFamilies.ipv6, ipv6Bytes(bracketed?.[1] ?? where), port, name];
}

function ipv6Bytes(text: string): readonly number[] {
  const [head = '', tail] = (text.split('%')[0] ?? '').split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
