/** Every place of this plugin, in one table. The programs that work without core know the same ones. */
export const paths = {
  /** The data volume; there on the node that holds the active role. */
  volume: '/srv/gemel',
  sites: '/srv/gemel/sites',
  /** Each node's own; both need the versions. */
  versions: '/var/lib/gemel/site-versions',
  /** Where uploads are put by hand, besides mounted media. */
  incoming: '/var/lib/gemel/incoming',
  /** There as long as this node is part of a cluster; Pacemaker has the say about sites then. */
  clusterMark: '/var/lib/gemel/cluster/corosync.conf',
  /** This device left a cluster: gemel-sites-start starts no site as long as nobody started one by hand. */
  leftMark: '/var/lib/gemel/cluster/left',
  renderer: '/usr/lib/gemel/libexec/gemel-site-render',
  /** A file of a site's name: it hung, and why that is thought. gemel-sites-watch.service had it started again. */
  hangs: '/run/gemel/site-hangs',
  /** systemd writes it in containers, which have no loop devices: images are unpacked there. */
  containerMark: '/run/systemd/container',
} as const;

export function siteUnit(name: string): string {
  return `gemel-site@${name}.service`;
}

/** Written by gemel-site-render: this device is trying out an update of the site. Gone when it is switched off. */
export function trialMark(name: string): string {
  return `/run/gemel/sites/${name}.trial`;
}

export const siteUnitPattern = /^gemel-site@([A-Za-z_][A-Za-z0-9_-]{0,15})\.service$/;

/** A name that no site can have: what is being made or thrown away. Left over after a crash, it is removed. */
export const unfinished = /^\.(new|gone)-/;
