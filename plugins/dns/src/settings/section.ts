import type { Section } from '@gemel/core/sdk';
import { dnsSettings } from '../contract.js';
import { type DnsApply, planDns } from './apply.js';
import { renderDns } from './render.js';
import { type DnsSettings, dnsSettingsSchema } from './schema.js';
import { verifyDns } from './verify.js';

/** Nothing about the machine matters to this section, so it has no facts. */
export function dnsSection(engines: DnsApply): Section<DnsSettings, null> {
  return {
    ...dnsSettings,
    title: 'Name resolution',
    scope: 'cluster',
    version: 1,
    schema: dnsSettingsSchema,
    defaults: () => dnsSettingsSchema.parse({}),
    // After the network it asks over, before the time servers whose names it resolves.
    order: 40,
    readFacts: async () => null,
    verify: verifyDns,
    render: ({ settings }) => renderDns(settings),
    plan: planDns,
    apply: () => engines.apply(),
    probe: (input, signal) => engines.probe(input, signal),
  };
}
