/** Where networkd reads volatile configuration; restored at boot before networkd starts. */
export const networkdFolder = '/run/systemd/network';

/** Before anything a distribution ships (70 and up), after what an administrator may want to win (below 20). */
const filePrefix = `${networkdFolder}/20-gemel-`;

/**
 * The kernel's mark on every interface Gemel configures ("GEM" in ASCII). It lives as long as the interface does, so bonds and VLANs
 * that should be gone are known without any record of what was made when.
 */
export const gemelLinkGroup = 0x47454d;

export const networkdUnit = 'systemd-networkd.service';

export function networkFile(interfaceName: string): string {
  return `${filePrefix}${interfaceName}.network`;
}

export function netdevFile(interfaceName: string): string {
  return `${filePrefix}${interfaceName}.netdev`;
}

/** The interface that one of Gemel's files is about; undefined for other files. */
export function interfaceOfFile(path: string): string | undefined {
  if (!path.startsWith(filePrefix)) return undefined;
  return /^(.+)\.(?:network|netdev)$/.exec(path.slice(filePrefix.length))?.[1];
}
