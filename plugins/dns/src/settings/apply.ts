import type { ApplyInput, Clock, CommandRunner, PlanInput, Report, SectionPlan } from '@gemel/core/sdk';
import { dnsReports } from '../reports.js';
import { checkServers } from '../servers/server-check.js';
import { type Resolved, resolvedUnit } from '../system/resolved.js';
import type { DnsSettings } from './schema.js';
import { parseServerAddress } from './server-address.js';

type Input = ApplyInput<DnsSettings, null>;

export class DnsApply {
  constructor(
    readonly resolved: Resolved,
    readonly commands: CommandRunner,
    readonly clock: Clock,
  ) {}

  /** resolved re-reads its files. Where it is not on the host nothing is done; `probe` says so. */
  async apply(): Promise<void> {
    if ((await this.resolved.state()) !== 'absent') await this.resolved.reload();
  }

  /** Warnings at most: without names the appliance can still be reached. */
  async probe({ settings, changes, reason }: Input, signal: AbortSignal): Promise<readonly Report[]> {
    if ((await this.resolved.state()) === 'absent') return [dnsReports.report('dns.engine.absent', {}, 'dns')];
    const reports = [...(await this.compareServers(settings))];
    if (reason !== 'activate' || changes.length === 0 || settings.servers.length === 0) return reports;
    const checks = await checkServers(this.commands, settings, () => this.clock.now(), signal);
    if (checks.every(({ state }) => state === 'silent' || state === 'refuses')) {
      const reasons = checks.map((check) => `${check.address}: ${check.reason}`).join('; ');
      reports.push(dnsReports.report('dns.server.none-answering', { reasons }, 'dns/servers'));
    }
    return reports;
  }

  async compareServers(settings: DnsSettings): Promise<readonly Report[]> {
    const wanted = settings.servers.map(({ address }) => {
      const parsed = parseServerAddress(address);
      return parsed.kind === 'address' ? parsed.canonical : address;
    });
    const known = (await this.resolved.servers()).filter(({ interfaceIndex }) => interfaceIndex === 0);
    // An address of an interface (fe80::1%bond0) is listed under that interface's number.
    const entered = settings.servers.filter(({ address }) => !address.includes('%')).length;
    if (known.length === entered && known.every(({ address }) => wanted.includes(address))) return [];
    const params = {
      actual: known.map(({ address }) => address).join(', ') || 'none',
      wanted: wanted.join(', ') || 'none',
    };
    return [dnsReports.report('dns.engine.differs', params, 'dns/servers')];
  }
}

export function planDns({ changes }: PlanInput<DnsSettings, null>): SectionPlan {
  if (changes.length === 0) return { units: [], interruptions: [] };
  const text = 'systemd-resolved re-reads its settings while it runs; answers it kept are forgotten.';
  return {
    units: [resolvedUnit],
    interruptions: [{ subject: 'name resolution', kind: 'reload', expectedMs: 0, text }],
  };
}
