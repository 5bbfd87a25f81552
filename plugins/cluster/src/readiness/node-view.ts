import { z } from 'zod';

/** What one node says about itself, to the operator and to the other node. JSON. */
export const nodeViewSchema = z.object({
  hostName: z.string().describe('As the kernel has it.'),
  version: z.string().describe('Of Gemel.'),
  advancedMode: z.boolean().describe('The confirmed network settings are in Advanced Mode.'),
  interfaces: z
    .array(
      z.object({
        name: z.string().describe('As the settings call it.'),
        up: z.boolean().describe('It carries traffic now.'),
        fixed: z.boolean().describe('Its addresses are entered, not from a DHCP server.'),
        addresses: z.array(z.string()).describe('With prefix, as they are now.'),
      }),
    )
    .describe('Those with an address.'),
  pendingChanges: z.number().describe('Places in which the draft differs from the confirmed settings.'),
  activationPending: z.boolean().describe('A change awaits its confirmation.'),
  missingEngines: z.array(z.string()).describe('Units that are not installed.'),
  volume: z.enum(['replicated', 'folder', 'absent']).describe('What carries the data of the pair on this node.'),
  volumeBytes: z
    .number()
    .nullable()
    .default(null)
    .describe('How much the data volume of this node holds; null where it is not up, or cannot be told.'),
  hardware: z.unknown().describe('What the hardware plugin says for judging a pair; null without it.'),
  now: z.number().describe('Wall clock, milliseconds since 1970.'),
});
export type NodeView = z.output<typeof nodeViewSchema>;

/** One condition of a cluster. */
export const readinessItemSchema = z.object({
  id: z.string().describe('Never changes: `advanced-mode`.'),
  ok: z.boolean().describe('Met.'),
  text: z.string().describe('How it is.'),
  fix: z.string().describe('What to do; empty when it is met.'),
});
export type ReadinessItem = z.output<typeof readinessItemSchema>;

/** Readiness items are built by these two, so that a met one has no fix and an unmet one always has. */
export function met(id: string, text: string): ReadinessItem {
  return { id, ok: true, text, fix: '' };
}

export function unmet(id: string, text: string, fix: string): ReadinessItem {
  return { id, ok: false, text, fix };
}
