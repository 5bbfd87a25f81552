import { type CellLike, defineStatus, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { reportSchema } from '../report-schema.js';
import { formatFigures, formatGiB, machineFiguresSchema } from './figures.js';

const hardwareStatusSchema = z.lazy(() =>
  z.object({
    profile: z
      .object({
        id: z.string().describe('As in the list of profiles.'),
        title: z.string().describe('For people.'),
        kind: z.enum(['rack', 'virtual']).describe('Machines of different kinds pair by their figures.'),
      })
      .nullable()
      .describe('Null when none fits.'),
    why: z.string().describe('What the profile was told by.'),
    figures: machineFiguresSchema.describe('What this machine is made of.'),
    nicRoles: z
      .array(
        z.object({
          nic: z.string().describe('Name of the NIC.'),
          role: z.enum(['external', 'sync']).nullable().describe('What it is for; null when the profile says nothing.'),
        }),
      )
      .describe('In the order of their places on the bus.'),
    expectations: z
      .array(
        z.object({
          what: z.string().describe('What is compared.'),
          expected: z.string().describe('What the profile asks for.'),
          found: z.string().describe('What the machine has.'),
          met: z.boolean().describe('Whether that is enough.'),
        }),
      )
      .describe('The profile beside the machine.'),
    reports: z.array(reportSchema).describe('What an operator should know.'),
  }),
);
export type HardwareStatus = z.output<typeof hardwareStatusSchema>;

export const hardwareProfile = defineStatus<HardwareStatus>({
  id: 'hardware.profile',
  title: 'Hardware',
  schema: hardwareStatusSchema,
  present: presentHardware,
  overview: ({ profile, figures, reports }) => {
    if (figures.virtualization.kind === 'unknown')
      return [['Hardware', { text: 'not shown by this host', tone: 'muted' }]];
    const tone = reports.length > 0 ? 'warn' : 'plain';
    return [['Hardware', { text: `${profile?.title ?? 'no profile'}: ${formatFigures(figures)}`, tone }]];
  },
});

export function presentHardware(status: HardwareStatus): View {
  const { profile, why, figures, nicRoles, expectations, reports } = status;
  const { kind, name } = figures.virtualization;
  const fields: [string, CellLike][] = [
    ['Profile', profile === null ? { text: 'none fits', tone: 'warn' } : `${profile.title}, by ${why}`],
    ['Manufacturer', figures.manufacturer || '-'],
    ['Product', figures.product || '-'],
    ['Virtual', kind === 'none' ? 'no' : kind === 'unknown' ? 'not known on this host' : `${kind} (${name})`],
    ['Processors', `${figures.cpus} × ${figures.cpuModel || 'processor'}`],
    ['Memory', formatGiB(figures.memoryBytes)],
    ['Disk', formatGiB(figures.diskBytes)],
    ['RAID', figures.raid === null ? 'none' : `${figures.raid.level} of ${figures.raid.disks}`],
    ['Management controller', figures.managementController ? 'yes' : 'no'],
    [
      'Network interfaces',
      nicRoles.map(({ nic, role }) => (role === null ? nic : `${nic} (${role})`)).join(', ') || '-',
    ],
  ];
  const views: View[] = [{ kind: 'fields', fields }];
  if (expectations.length > 0) {
    views.push({
      kind: 'table',
      title: `Expected of ${profile?.title ?? 'it'}`,
      columns: ['What', 'Expected', 'Found', 'State'],
      rows: expectations.map(({ what, expected, found, met }) => [
        what,
        expected,
        found,
        met ? { text: 'OK', tone: 'ok' } : { text: 'missing', tone: 'warn' },
      ]),
    });
  }
  if (reports.length > 0) views.push({ kind: 'text', text: reports.map(({ text }) => text).join('\n'), tone: 'warn' });
  return { kind: 'group', views };
}
