import type { FileStore, Section } from '@gemel/core/sdk';
import { forwardingSettings } from '../contract.js';
import { volumeMegabytes } from '../system/data-volume.js';
import { type ForwardingApply, planForwarding } from './apply-forwarding.js';
import { type ForwardingSettings, forwardingSchema } from './forwarding-schema.js';
import { renderForwarding } from './render-forwarding.js';
import { type ForwardingFacts, verifyForwarding } from './verify-forwarding.js';

export function forwardingSection(
  engine: ForwardingApply,
  files: FileStore,
): Section<ForwardingSettings, ForwardingFacts> {
  return {
    ...forwardingSettings,
    title: 'Log forwarding',
    scope: 'cluster',
    version: 1,
    schema: forwardingSchema,
    defaults: () => forwardingSchema.parse({}),
    // after network, names and time: receivers are found by name and certificates are checked against the clock
    order: 80,
    readFacts: async () => ({ volumeMegabytes: await volumeMegabytes(files), now: engine.clock.now() }),
    verify: verifyForwarding,
    render: ({ settings }) => renderForwarding(settings),
    plan: planForwarding,
    apply: (input) => engine.apply(input),
    probe: (input, signal) => engine.probe(input, signal),
  };
}
