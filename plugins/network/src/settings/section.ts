import type { Section, SystemAccess } from '@gemel/core/sdk';
import { type FurtherProbe, networkSection } from '../contract.js';
import { FactsReader } from '../system/facts-reader.js';
import { NetworkApply } from './apply.js';
import { defaultSettings } from './defaults.js';
import type { NetworkFacts } from './facts.js';
import { planNetwork } from './plan.js';
import { NetworkProbe } from './probe.js';
import { renderNetwork } from './render.js';
import { networkSchema, type NetworkSettings } from './schema.js';
import { verifyNetwork } from './verify.js';

/** Time an operator has to come in over the new network and confirm, before the old one returns. */
const confirmSeconds = 60;

/**
 * The network section: the pure parts, and the adapters that touch systemd-networkd.
 * @param further What other plugins look at over a new network; asked at each probe.
 */
export function createNetworkSection(
  system: SystemAccess,
  further: Iterable<FurtherProbe> = [],
): Section<NetworkSettings, NetworkFacts> {
  const facts = new FactsReader(system);
  const apply = new NetworkApply(system);
  const probe = new NetworkProbe(system, further);
  return {
    ...networkSection,
    title: 'Network',
    scope: 'node',
    version: 1,
    schema: networkSchema,
    confirmSeconds,
    // Names, time and everything else need a network first.
    order: 10,
    defaults: defaultSettings,
    readFacts: (signal) => facts.read(signal),
    verify: verifyNetwork,
    render: (input) => renderNetwork(input.settings, input.facts),
    plan: planNetwork,
    apply: (input, signal) => apply.apply(input, signal),
    probe: (input, signal) => probe.probe(input, signal),
  };
}
