import { defineStatus } from '@gemel/core/sdk';
import { z } from 'zod';

const failingDiskSchema = z.object({
  note: z.string().describe('Serial number, or the name of a disk that has none.'),
  disk: z.string().describe('Name of the disk.'),
  title: z.string().describe('Model and serial number, as on its label.'),
  what: z.string().describe("smartd's word for it, `Health`; see smartd.conf(5)."),
});
export type FailingDisk = z.output<typeof failingDiskSchema>;

const failingDisksSchema = z.lazy(() =>
  z.object({ disks: z.array(failingDiskSchema).describe('Disks that say that they will fail soon.') }),
);

export const failingDisks = defineStatus<z.output<typeof failingDisksSchema>>({
  id: 'hardware.failing-disks',
  title: 'Failing disks',
  schema: failingDisksSchema,
  present: ({ disks }) => ({
    kind: 'table',
    columns: ['Disk', 'Model', 'smartd says'],
    rows: disks.map(({ disk, title, what }) => [disk, title, { text: what, tone: 'bad' }]),
    empty: 'No disk says that it will fail.',
  }),
  // No health check: a new firmware would be given up for a disk of which smartd speaks first when that runs.
  overview: ({ disks }) =>
    disks.map(({ disk, title }) => ['Disk', { text: `${disk} (${title}) says that it will fail`, tone: 'bad' }]),
});
