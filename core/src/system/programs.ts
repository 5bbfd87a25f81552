/** A program that Gemel runs: which Debian package brings it, and whether it must run outside core because it opens network sockets. */
export interface Program {
  readonly package: string;
  /** Core's unit refuses INET and packet sockets, so such a program runs in a small unit of its own. */
  readonly network?: true;
}

/** Names are looked up in `searchPath`. A program that is not in here runs too; only its error message knows less. */
export const programs: Readonly<Record<string, Program>> = {
  arping: { package: 'iputils-arping', network: true },
  bridge: { package: 'iproute2' },
  chronyc: { package: 'chrony' },
  chronyd: { package: 'chrony' },
  ethtool: { package: 'ethtool' },
  hostnamectl: { package: 'systemd' },
  ip: { package: 'iproute2' },
  ipmitool: { package: 'ipmitool' },
  journalctl: { package: 'systemd' },
  kdig: { package: 'knot-dnsutils', network: true },
  mdadm: { package: 'mdadm' },
  networkctl: { package: 'systemd' },
  ping: { package: 'iputils-ping', network: true },
  resolvectl: { package: 'systemd-resolved' },
  systemctl: { package: 'systemd' },
  'systemd-run': { package: 'systemd' },
  timedatectl: { package: 'systemd' },
  udevadm: { package: 'udev' },
};

export const searchPath = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;

/** The whole environment of every program: no locale, no proxy, nothing of the caller's. */
export const programEnvironment: Readonly<Record<string, string>> = {
  LC_ALL: 'C.UTF-8',
  PATH: searchPath.join(':'),
  HOME: '/',
};
