import type { Clock } from '@gemel/core/sdk';

/** Addresses change seldom, and looking at all interfaces costs more than listing all sites. */
const keptMs = 30_000;

/** Host part of the sites' URLs: the cluster IP address of a pair, else an address of this device. */
export class SiteAddress {
  #found: { readonly host: string; readonly until: number } | undefined;

  /**
   * @param clusterIp Undefined when this is no pair.
   * @param ownAddress Of a single appliance; undefined when none is known.
   */
  constructor(
    readonly clock: Clock,
    readonly clusterIp: () => string | undefined,
    readonly ownAddress: () => Promise<string | undefined>,
    readonly hostName: () => Promise<string>,
  ) {}

  async host(): Promise<string> {
    const shared = this.clusterIp();
    if (shared !== undefined) return inUrl(shared);
    const now = this.clock.monotonic();
    if (this.#found === undefined || this.#found.until <= now) {
      const own = await this.ownAddress().catch(() => undefined); // the host name serves as well
      this.#found = { host: inUrl(own ?? (await this.hostName())), until: now + keptMs };
    }
    return this.#found.host;
  }
}

function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
