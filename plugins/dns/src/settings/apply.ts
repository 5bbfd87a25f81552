import type { ApplyInput, CommandRunner, PlanInput, Report, SectionPlan } from '@gemel/core/sdk';
import { dnsReports } from '../reports.js';
import { checkServers } from '../servers/server-check.js';
import { type Resolved, resolvedUnit } from '../system/resolved.js';
import type { DnsSettings } from './schema.js';
import { parseServerAddress } from './server-address.js';

type Input = ApplyInput<DnsSettings, null>;

/** Ends the wait for the other servers. */
class AnswerFound extends Error {}

export class DnsApply {
  constructor(
    readonly resolved: Resolved,
    readonly commands: CommandRunner,
    readonly now: () => number,
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
    const reasons = await this.allFailing(settings, signal);
    if (reasons !== undefined) reports.push(dnsReports.report('dns.server.none-answering', { reasons }, 'dns/servers'));
    return reports;
  }

  /** After the network changed: the servers stay, the way to them may not. */
  async afterNetwork(settings: DnsSettings, signal: AbortSignal): Promise<readonly Report[]> {
    if (settings.servers.length === 0 || (await this.resolved.state()) === 'absent') return [];
    const reasons = await this.allFailing(settings, signal);
    return reasons === undefined ? [] : [dnsReports.report('dns.server.none-answering', { reasons })];
  }

  /** Why each server fails, or undefined as soon as one answers: nobody should wait for the others' time limits. */
  async allFailing(settings: DnsSettings, signal: AbortSignal): Promise<string | undefined> {
    const enough = new AbortController();
    const limits = AbortSignal.any([signal, enough.signal]);
    const failures = settings.servers.map(async (server) => {
      const [check] = await checkServers(this.commands, { ...settings, servers: [server] }, this.now, limits);
      const fails = check?.state === 'silent' || check?.state === 'refuses';
      if (!fails) throw new AnswerFound();
      return `${check.address}: ${check.reason}`;
    });
    try {
      return (await Promise.all(failures)).join('; ');
    } catch (failure) {
      if (failure instanceof AnswerFound) return undefined;
      throw failure;
    } finally {
      enough.abort();
      await Promise.allSettled(failures);
    }
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
