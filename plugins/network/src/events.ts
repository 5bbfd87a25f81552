import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';

const link = z.object({ interface: z.string().describe('Name of the network interface') });

export const linkCarrierGained = defineEvent({
  id: 'network.link.carrier-gained',
  summary: 'A network interface has a carrier again.',
  schema: link.extend({ speed: z.number().nullable().describe('Megabits per second, null when unknown') }),
});

export const linkCarrierLost = defineEvent({
  id: 'network.link.carrier-lost',
  summary: 'A network interface lost its carrier: cable, switch port or switch.',
  schema: link,
});

export const linkAppeared = defineEvent({
  id: 'network.link.appeared',
  summary: 'A NIC was plugged in.',
  schema: link.extend({ hardwareAddress: z.string() }),
});

export const linkDisappeared = defineEvent({
  id: 'network.link.disappeared',
  summary: 'A NIC is gone. Its configuration is kept.',
  schema: link.extend({ hardwareAddress: z.string() }),
});

export const linkRenamed = defineEvent({
  id: 'network.link.renamed',
  summary: 'A NIC has another name now.',
  schema: link.extend({ before: z.string().describe('Its name until now'), hardwareAddress: z.string() }),
});

const bond = z.object({ bond: z.string().describe('Name of the bond') });

export const bondDegraded = defineEvent({
  id: 'network.bond.degraded',
  summary: 'A bond works with fewer members than it should.',
  schema: bond.extend({ working: z.array(z.string()), failed: z.array(z.string()) }),
});

export const bondRecovered = defineEvent({
  id: 'network.bond.recovered',
  summary: 'All members of a bond work again.',
  schema: bond,
});

export const bondDown = defineEvent({
  id: 'network.bond.down',
  summary: 'No member of a bond works.',
  schema: bond.extend({ failed: z.array(z.string()) }),
});

export const addressDuplicate = defineEvent({
  id: 'network.address.duplicate',
  summary: 'Another host on the network uses one of the addresses of this appliance.',
  schema: link.extend({ address: z.string() }),
});

export const configurationChanged = defineEvent({
  id: 'network.configuration.changed',
  summary: 'Other network settings are in force.',
  schema: z.object({
    mode: z.enum(['simple', 'advanced']),
    interfaces: z.number().int().describe('How many are configured'),
  }),
});
