import { type AnyAction, ApplianceError, defineAction, defineDraftAction, type SettingsAccess } from '@gemel/core/sdk';
import { z } from 'zod';
import { dnsSettings } from './contract.js';
import type { DnsServiceImpl } from './dns-service.js';
import { dnsResolution, presentDns } from './servers/dns-status.js';
import type { DnsWatch } from './servers/dns-watch.js';
import { dnsServerSchema } from './settings/schema.js';
import { parseServerAddress } from './settings/server-address.js';

/** `gemel dns …`. Changes of settings go to the draft, as everywhere. */
export function dnsActions(settings: SettingsAccess, service: DnsServiceImpl, watch: DnsWatch): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'dns.show',
      summary: 'Show DNS servers with their latest check, and those that interfaces learned.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: dnsResolution.schema,
      present: presentDns,
      run: () => service.status(),
    }),
    defineAction({
      kind: 'call',
      id: 'dns.check',
      summary: 'Ask every entered DNS server now.',
      role: 'operator',
      audited: false,
      input: z.strictObject({}),
      output: dnsResolution.schema,
      present: presentDns,
      async run() {
        await watch.check();
        return await service.status();
      },
    }),
    ...draftActions(settings),
  ];
}

function draftActions(settings: SettingsAccess): readonly AnyAction[] {
  return [
    defineDraftAction(settings, {
      id: 'dns.server.add',
      summary: 'Add a DNS server to the end of the draft’s list, or change one. What is not given stays.',
      input: dnsServerSchema,
      positionals: ['address'],
      section: dnsSettings,
      change(draft, server) {
        const index = draft.servers.findIndex(({ address }) => isSameAddress(address, server.address));
        const servers =
          index === -1 ? [...draft.servers, server] : draft.servers.with(index, { ...draft.servers[index], ...server });
        return { settings: { ...draft, servers }, changed: `DNS server ${server.address}` };
      },
    }),
    defineDraftAction(settings, {
      id: 'dns.server.remove',
      summary: 'Remove a DNS server from the draft.',
      input: z.strictObject({ address: z.string().describe('As it was entered.') }),
      positionals: ['address'],
      section: dnsSettings,
      change(draft, { address }) {
        const servers = draft.servers.filter((server) => !isSameAddress(server.address, address));
        if (servers.length === draft.servers.length) {
          const known = draft.servers.map((server) => server.address).join(', ') || 'none';
          throw new ApplianceError('not-found', `DNS server ${address} is not in the draft. Entered are: ${known}.`);
        }
        return { settings: { ...draft, servers }, changed: `DNS server ${address} removed` };
      },
    }),
    defineDraftAction(settings, {
      id: 'dns.search.set',
      summary: 'Put the search domains into the draft, in the order given; none clears them.',
      input: z.strictObject({
        domains: z.array(z.string()).default([]).describe('In their order; none takes all away.'),
      }),
      positionals: ['domains'],
      section: dnsSettings,
      change: (draft, { domains }) => ({
        settings: { ...draft, searchDomains: domains },
        changed: `search domains ${domains.join(', ') || 'cleared'}`,
      }),
    }),
  ];
}

function isSameAddress(a: string, b: string): boolean {
  const [first, second] = [parseServerAddress(a), parseServerAddress(b)];
  if (first.kind === 'invalid' || second.kind === 'invalid') return a === b;
  return first.canonical === second.canonical && first.interfaceName === second.interfaceName;
}
