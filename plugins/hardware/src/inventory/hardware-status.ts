import { type CellLike, defineStatus, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { formatFigures, formatGiB, machineFiguresSchema } from './figures.js';

const reportSchema = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  path: z.string(),
  text: z.string(),
});

const hardwareStatusSchema = z.object({
  profile: z
    .object({ id: z.string(), title: z.string(), kind: z.enum(['rack', 'virtual']) })
    .nullable()
    .describe('Null when none fits.'),
  why: z.string().describe('What the profile was told by.'),
  figures: machineFiguresSchema,
  nicRoles: z.array(z.object({ nic: z.string(), role: z.enum(['external', 'sync']).nullable() })),
  expectations: z.array(z.object({ what: z.string(), expected: z.string(), found: z.string(), met: z.boolean() })),
  reports: z.array(reportSchema),
});
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
