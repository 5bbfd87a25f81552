import type { SettingsAccess } from '@gemel/core/sdk';
import { type DnsService, dnsSettings } from './contract.js';
import type { DnsServerStatus, DnsStatus } from './servers/dns-status.js';
import { unchecked } from './servers/server-check.js';
import type { Resolved } from './system/resolved.js';

export class DnsServiceImpl implements DnsService {
  /** @param resultFor The latest check of a server. */
  constructor(
    readonly resolved: Resolved,
    readonly settings: SettingsAccess,
    readonly resultFor: (server: DnsServerStatus) => DnsServerStatus | undefined,
  ) {}

  async status(): Promise<DnsStatus> {
    const running = this.settings.running(dnsSettings);
    const engine = await this.resolved.state();
    const entered = running.servers.map((server) => unchecked(server, running));
    return {
      engine,
      servers: entered.map((server) => this.resultFor(server) ?? server),
      linkServers: engine === 'running' ? await this.linkServers() : [],
      linkServersUsed: running.useLinkServers,
      searchDomains: [...running.searchDomains],
      dnsOverTls: running.dnsOverTls,
      dnssec: running.dnssec,
    };
  }

  async linkServers(): Promise<DnsStatus['linkServers']> {
    const learned = (await this.resolved.servers()).filter(({ interfaceIndex }) => interfaceIndex !== 0);
    return await Promise.all(
      learned.map(async ({ interfaceIndex, address }) => ({
        interface: await this.resolved.interfaceName(interfaceIndex),
        address,
      })),
    );
  }
}
