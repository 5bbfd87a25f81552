import { z } from 'zod';

/** `Gemel*`: the whole text, upper and lower case alike, `*` for anything. */
const patterns = z.array(z.string().min(1).max(100)).min(1);

const matchSchema = z
  .strictObject({
    manufacturer: patterns.optional().describe('DMI system vendor; one of these fits.'),
    product: patterns.optional().describe('DMI product name; one of these fits.'),
    virtualization: z.enum(['none', 'vm', 'container']).optional().describe('What the machine is, if not a real one.'),
  })
  .refine((match) => Object.keys(match).length > 0, 'must name at least one condition');
export type ProfileMatch = z.output<typeof matchSchema>;

/** What a machine of this model has at least. */
const expectationsSchema = z.lazy(() =>
  z.strictObject({
    cpus: z.int().min(1).describe('Logical processors.'),
    memoryGiB: z.number().positive().describe('As it is sold.'),
    diskGiB: z.number().positive().describe('Usable: of a mirror, one side.'),
    nics: z
      .array(z.enum(['external', 'sync']))
      .min(1)
      .describe('What the network interfaces are for, in the order of their places on the bus.'),
    raid: z
      .strictObject({
        level: z.literal('raid1').describe('The only one so far.'),
        disks: z.int().min(2).describe('How many take part.'),
      })
      .nullable()
      .describe('Null when none is expected.'),
    managementController: z.boolean().describe('Whether there is one (IPMI).'),
  }),
);
export type ProfileExpectations = z.output<typeof expectationsSchema>;

/** A model of appliance, as data. Any of `match` makes a machine one; all conditions inside one must hold. */
export const profileSchema = z.lazy(() =>
  z.strictObject({
    id: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and "-", at most 32')
      .describe('Name of the profile.'),
    title: z.string().min(1).max(80).describe('For people.'),
    kind: z
      .enum(['rack', 'virtual'])
      .describe('Machines of different kinds pair by their figures, of one kind by model.'),
    match: z.array(matchSchema).min(1).describe('How a machine of this model is known; one of them is enough.'),
    expectations: expectationsSchema.describe('What such a machine has at least.'),
  }),
);
export type Profile = z.output<typeof profileSchema>;
