/** What core's unit does not have and a program needs: INET and packet sockets, or disks and the management controller. */
export type OutsideKind = 'network' | 'devices';

/** A program that Gemel runs: which Debian package brings it, and whether it runs outside core, in a small unit of its own. */
export interface Program {
  readonly package: string;
  readonly outside?: OutsideKind;
}

/** Names are looked up in `searchPath`. A program that is not in here runs too; only its error message knows less. */
export const programs: Readonly<Record<string, Program>> = {
  arping: { package: 'iputils-arping', outside: 'network' },
  bridge: { package: 'iproute2' },
  chronyc: { package: 'chrony' },
  chronyd: { package: 'chrony' },
  ethtool: { package: 'ethtool' },
  hostnamectl: { package: 'systemd' },
  ip: { package: 'iproute2' },
  ipmitool: { package: 'ipmitool', outside: 'devices' },
  journalctl: { package: 'systemd' },
  kdig: { package: 'knot-dnsutils', outside: 'network' },
  ledctl: { package: 'ledmon', outside: 'devices' },
  mdadm: { package: 'mdadm', outside: 'devices' },
  networkctl: { package: 'systemd' },
  ping: { package: 'iputils-ping', outside: 'network' },
  resolvectl: { package: 'systemd-resolved' },
  smartctl: { package: 'smartmontools', outside: 'devices' },
  systemctl: { package: 'systemd' },
  'systemd-run': { package: 'systemd' },
  timedatectl: { package: 'systemd' },
  udevadm: { package: 'udev' },
  wipefs: { package: 'util-linux', outside: 'devices' },
};

export const searchPath = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;

/** The whole environment of every program: no locale, no proxy, nothing of the caller's. */
export const programEnvironment: Readonly<Record<string, string>> = {
  LC_ALL: 'C.UTF-8',
  PATH: searchPath.join(':'),
  HOME: '/',
};
