import type { CommandRunner } from '@gemel/core/sdk';
import type { DnsServer, DnsSettings } from '../settings/schema.js';
import { parseServerAddress } from '../settings/server-address.js';
import { type Answer, type Query, queryServer } from '../system/server-query.js';
import type { DnsServerStatus } from './dns-status.js';

const usualPort = 53;
const tlsPort = 853;

/** Asks every entered server, side by side, the way resolved would. */
export async function checkServers(
  commands: CommandRunner,
  settings: DnsSettings,
  now: () => number,
  signal?: AbortSignal,
): Promise<readonly DnsServerStatus[]> {
  return await Promise.all(
    settings.servers.map(async (server) => {
      const query = queryFor(server, settings);
      const answer = await queryServer(commands, query, signal);
      return { ...unchecked(server, settings), ...judge(answer), checkedAt: now() };
    }),
  );
}

/** A server before its first check. */
export function unchecked(server: DnsServer, settings: DnsSettings): DnsServerStatus {
  const { port, tlsName } = queryFor(server, settings);
  const known = { address: server.address, port, tls: tlsName !== undefined };
  return { ...known, state: 'unchecked', reason: 'not checked yet', latencyMs: null, checkedAt: null };
}

/**
 * A search domain is what the server is there for; without one, the root is what every resolver knows.
 * `opportunistic` falls back to plain text, so plain text decides whether the server is of use.
 */
function queryFor({ address, port, tlsName }: DnsServer, { dnsOverTls, searchDomains }: DnsSettings): Query {
  const parsed = parseServerAddress(address);
  const host = parsed.kind === 'invalid' ? address : parsed.canonical;
  const place =
    parsed.kind === 'address' && parsed.interfaceName !== undefined ? `${host}%${parsed.interfaceName}` : host;
  const tls = dnsOverTls === 'yes';
  return {
    address: place,
    port: port ?? (tls ? tlsPort : usualPort),
    tlsName: tls ? (tlsName ?? host) : undefined,
    domain: searchDomains[0] ?? '.',
  };
}

const refusals: Readonly<Record<string, string>> = {
  REFUSED: 'it does not serve this device (REFUSED)',
  SERVFAIL: 'it cannot resolve itself (SERVFAIL)',
};

function judge(answer: Answer): Pick<DnsServerStatus, 'state' | 'reason' | 'latencyMs'> {
  switch (answer.kind) {
    case 'unasked':
      return { state: 'unchecked', reason: answer.reason, latencyMs: null };
    case 'silence':
      return { state: 'silent', reason: answer.reason, latencyMs: null };
    case 'answer': {
      const { rcode, latencyMs } = answer;
      // "There is no such name" is as good an answer as any.
      if (rcode === 'NOERROR' || rcode === 'NXDOMAIN') return { state: 'answers', reason: '', latencyMs };
      return { state: 'refuses', reason: refusals[rcode] ?? `it answers ${rcode}`, latencyMs };
    }
  }
}
