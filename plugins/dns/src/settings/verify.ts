import type { Report, VerifyInput } from '@gemel/core/sdk';
import { dnsReports } from '../reports.js';
import type { DnsServer, DnsSettings } from './schema.js';
import { parseServerAddress } from './server-address.js';

/** resolved stays with one server and goes on to the next after some 5 s of silence; libc's own limit was three, too. */
const enoughServers = 3;

/** Underscores are not for hosts, but Active Directory's domains have them. */
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

export function verifyDns({ settings }: Pick<VerifyInput<DnsSettings, unknown>, 'settings'>): readonly Report[] {
  return [
    ...settings.servers.flatMap((server, index) => verifyServer(server, settings, `dns/servers/${index}`)),
    ...findDuplicateServers(settings.servers),
    ...adviseOnServers(settings),
    ...verifyDomains(settings.searchDomains),
  ];
}

function verifyServer({ address, tlsName }: DnsServer, { dnsOverTls }: DnsSettings, path: string): readonly Report[] {
  const server = address;
  const parsed = parseServerAddress(address);
  if (parsed.kind === 'invalid')
    return [dnsReports.report('dns.server.invalid-address', { server }, `${path}/address`)];
  const reports: Report[] = [];
  if (parsed.unusable !== undefined) {
    const params = { server, reason: parsed.unusable };
    reports.push(dnsReports.report('dns.server.unusable-address', params, `${path}/address`));
  }
  if (tlsName !== undefined && !isDomain(tlsName))
    reports.push(dnsReports.report('dns.domain.invalid', { domain: tlsName }, `${path}/tlsName`));
  if (dnsOverTls === 'yes' && tlsName === undefined)
    reports.push(dnsReports.report('dns.server.tls-name-missing', { server }, `${path}/tlsName`));
  if (dnsOverTls === 'no' && tlsName !== undefined)
    reports.push(dnsReports.report('dns.server.tls-name-unused', { server }, `${path}/tlsName`));
  return reports;
}

function findDuplicateServers(servers: readonly DnsServer[]): readonly Report[] {
  const seen = new Set<string>();
  return servers.flatMap(({ address, port }, index) => {
    const parsed = parseServerAddress(address);
    if (parsed.kind === 'invalid') return [];
    const key = `${parsed.canonical}%${parsed.interfaceName ?? ''} ${port ?? ''}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [dnsReports.report('dns.server.duplicate', { server: address }, `dns/servers/${index}`)];
  });
}

function adviseOnServers({ servers, useLinkServers, dnsOverTls }: DnsSettings): readonly Report[] {
  const count = servers.length;
  if (count > enoughServers) return [dnsReports.report('dns.server.many', { count }, 'dns/servers')];
  if (count > 0) return [];
  if (!useLinkServers) return [dnsReports.report('dns.server.none', {}, 'dns/servers')];
  return dnsOverTls === 'yes' ? [dnsReports.report('dns.tls.no-servers', {}, 'dns/dnsOverTls')] : [];
}

function verifyDomains(domains: readonly string[]): readonly Report[] {
  const seen = new Set<string>();
  return domains.flatMap((domain, index) => {
    const path = `dns/searchDomains/${index}`;
    if (!isDomain(domain)) return [dnsReports.report('dns.domain.invalid', { domain }, path)];
    const canonical = canonicalDomain(domain);
    if (seen.has(canonical)) return [dnsReports.report('dns.domain.duplicate', { domain }, path)];
    seen.add(canonical);
    return [];
  });
}

export function canonicalDomain(domain: string): string {
  return domain.toLowerCase().replace(/\.$/, '');
}

function isDomain(text: string): boolean {
  return canonicalDomain(text)
    .split('.')
    .every((part) => label.test(part));
}
