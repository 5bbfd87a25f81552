import { type CellLike, defineStatus, type Tone, type View } from '@gemel/core/sdk';
import { z } from 'zod';

const serverSchema = z.lazy(() =>
  z.object({
    address: z.string().describe('As it was entered.'),
    port: z.number().describe('Where it is asked.'),
    tls: z.boolean().describe('Asked over TLS.'),
    state: z
      .enum(['answers', 'refuses', 'silent', 'unchecked'])
      .describe('`refuses`: it answers with an error. `unchecked`: it could not be asked, or not yet.'),
    reason: z.string().describe('Why it is not `answers`; empty otherwise.'),
    latencyMs: z.number().nullable().describe('Of its last answer, milliseconds.'),
    checkedAt: z.number().nullable().describe('Wall clock, milliseconds since 1970.'),
  }),
);
export type DnsServerStatus = z.output<typeof serverSchema>;

const dnsStatusSchema = z.lazy(() =>
  z.object({
    engine: z.enum(['running', 'stopped', 'absent']).describe('systemd-resolved.'),
    servers: z.array(serverSchema).describe('The entered servers.'),
    linkServers: z
      .array(
        z.object({
          interface: z.string().describe('Where it was learned.'),
          address: z.string().describe('Of the server.'),
        }),
      )
      .describe('Learned by interfaces.'),
    linkServersUsed: z.boolean().describe('Whether the learned ones are asked, too.'),
    searchDomains: z.array(z.string()).describe('Appended to names without a dot.'),
    dnsOverTls: z.string().describe('As in the settings: no, opportunistic or yes.'),
    dnssec: z.string().describe('As in the settings: no, allow-downgrade or yes.'),
  }),
);
export type DnsStatus = z.output<typeof dnsStatusSchema>;

export const dnsResolution = defineStatus<DnsStatus>({
  id: 'dns.resolution',
  title: 'Name resolution',
  schema: dnsStatusSchema,
  present: presentDns,
  overview: (status) => [['Name resolution', summary(status)]],
});

function summary(status: DnsStatus): { readonly text: string; readonly tone: Tone } {
  const { engine, servers, linkServers, linkServersUsed } = status;
  if (engine === 'absent') return { text: 'systemd-resolved is not on this host', tone: 'muted' };
  if (engine === 'stopped') return { text: 'systemd-resolved does not run', tone: 'bad' };
  const dead = servers.filter(({ state }) => state === 'silent' || state === 'refuses');
  if (dead.length > 0) {
    const text = `${dead.length} of ${servers.length} servers fail: ${dead.map(({ address, reason }) => `${address} (${reason})`).join(', ')}`;
    return { text, tone: dead.length === servers.length ? 'bad' : 'warn' };
  }
  const learned = linkServersUsed ? linkServers.length : 0;
  if (servers.length + learned === 0) return { text: 'no DNS server', tone: 'warn' };
  const entered = servers.map(({ address }) => address);
  const names = [
    ...entered,
    ...(linkServersUsed ? linkServers.map((link) => `${link.address} (${link.interface})`) : []),
  ];
  const checked = servers.every(({ state }) => state === 'answers');
  return { text: names.join(', '), tone: checked ? 'ok' : 'plain' };
}

const stateWords: Readonly<Record<DnsServerStatus['state'], { readonly text: string; readonly tone: Tone }>> = {
  answers: { text: 'answers', tone: 'ok' },
  refuses: { text: 'answers with an error', tone: 'warn' },
  silent: { text: 'fails', tone: 'bad' },
  unchecked: { text: 'not checked', tone: 'muted' },
};

export function presentDns(status: DnsStatus): View {
  const fields: (readonly [string, CellLike])[] = [
    ['State', summary(status)],
    ['Search domains', status.searchDomains.join(', ') || '-'],
    ['DNS over TLS', status.dnsOverTls],
    ['DNSSEC', status.dnssec],
  ];
  return {
    kind: 'group',
    views: [
      { kind: 'fields', fields },
      {
        kind: 'table',
        title: 'Entered servers',
        columns: ['Server', 'Port', 'State', 'Latency', 'Reason'],
        rows: status.servers.map((server) => [
          server.address,
          server.tls ? `${server.port} (TLS)` : String(server.port),
          stateWords[server.state],
          server.latencyMs === null ? '-' : `${server.latencyMs} ms`,
          server.reason,
        ]),
        empty: 'No server is entered.',
      },
      {
        kind: 'table',
        title: status.linkServersUsed ? 'Servers of interfaces' : 'Servers of interfaces (not used)',
        columns: ['Interface', 'Server'],
        rows: status.linkServers.map((link) => [link.interface, link.address]),
        empty: 'No interface learned a server.',
      },
    ],
  };
}
