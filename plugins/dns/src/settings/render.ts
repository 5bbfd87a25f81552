import type { Rendering } from '@gemel/core/sdk';
import type { DnsServer, DnsSettings } from './schema.js';
import { parseServerAddress } from './server-address.js';
import { canonicalDomain } from './verify.js';

export const resolvedFile = '/run/systemd/resolved.conf.d/gemel.conf';

/**
 * A drop-in as in resolved.conf(5). Empty assignments come first: they clear what other files and earlier runs of resolved
 * hold (a reload of resolved 257 keeps search domains that are merely no longer mentioned).
 */
export function renderDns(settings: DnsSettings): Rendering {
  const { servers, useLinkServers } = settings;
  // The route-only domain "." draws every lookup to the servers above, so that those of interfaces are left for their own domains.
  const domains = [...settings.searchDomains.map(canonicalDomain), ...(useLinkServers ? [] : ['~.'])];
  const lines = [
    '# Made by Gemel from the dns settings.',
    '[Resolve]',
    'DNS=',
    ...servers.map((server) => `DNS=${serverText(server)}`),
    'FallbackDNS=',
    'Domains=',
    ...(domains.length === 0 ? [] : [`Domains=${domains.join(' ')}`]),
    `DNSOverTLS=${settings.dnsOverTls}`,
    `DNSSEC=${settings.dnssec}`,
    `Cache=${settings.cache}`,
    // Names of neighbours by multicast: nothing on an appliance needs them, and they answer to anybody.
    'LLMNR=no',
    'MulticastDNS=no',
    '',
  ];
  return { files: [{ path: resolvedFile, content: lines.join('\n') }], properties: [] };
}

/** `address[:port][%interface][#tls-name]`, an IPv6 address with port in brackets. */
function serverText({ address, port, tlsName }: DnsServer): string {
  const parsed = parseServerAddress(address);
  // `verify` refuses what does not parse, so such text never gets into a file that resolved reads.
  if (parsed.kind === 'invalid') return '';
  const host = port !== undefined && parsed.family === 6 ? `[${parsed.canonical}]` : parsed.canonical;
  const parts = [host];
  if (port !== undefined) parts.push(`:${port}`);
  if (parsed.interfaceName !== undefined) parts.push(`%${parsed.interfaceName}`);
  if (tlsName !== undefined) parts.push(`#${canonicalDomain(tlsName)}`);
  return parts.join('');
}
