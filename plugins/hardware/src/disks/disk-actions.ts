import { type AnyAction, defineAction, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { formatGiB } from '../inventory/figures.js';
import { reportSchema } from '../report-schema.js';
import { hardwareReports } from '../reports.js';
import type { Disks } from '../system/disks.js';
import type { Smartctl } from '../system/smartctl.js';
import { diskTitle } from './disk.js';

const listed = z.object({
  disks: z
    .array(
      z.object({
        disk: z.string().describe('Name of the disk.'),
        model: z.string().describe('As the disk says it; empty when it does not.'),
        serial: z.string().describe('Serial number, as on its label; empty when it does not say.'),
        place: z.string().describe('Where it is plugged in; empty when not known.'),
        sizeBytes: z.number().describe('Whole disk.'),
        array: z.string().nullable().describe('RAID that it is a part of; null for none.'),
        usedBy: z.string().nullable().describe('What else uses it; null for nothing.'),
        health: z
          .enum(['ok', 'failing', 'unknown'])
          .describe('What the disk predicts about itself (SMART). `unknown`: it says nothing, as virtual disks do.'),
        celsius: z.number().nullable().describe('Temperature; null when not known.'),
        hours: z.number().nullable().describe('How long it was on in its life; null when not known.'),
        badSectors: z.number().nullable().describe('Sectors it gave up or could not read; null when not known.'),
      }),
    )
    .describe('Disks of this device.'),
  reports: z.array(reportSchema).describe('What an operator should do.'),
});
type Listed = z.output<typeof listed>;

/** `gemel hardware disks …`. */
export function diskActions(disks: Disks, smartctl: Smartctl): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'hardware.disks.list',
      summary: 'List the disks with what they say about themselves.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: listed,
      present,
      async run(_input, { signal }) {
        const found = await disks.read();
        const asked = await Promise.all(found.map(({ name }) => smartctl.ask(name, signal)));
        const rows = found.flatMap(({ name, removable: _, ...disk }, index) => {
          const smart = asked[index];
          return smart === undefined ? [] : [{ disk: name, ...disk, ...smart }];
        });
        const failing = rows.filter(({ health }) => health === 'failing');
        const reports = failing.map((disk) =>
          hardwareReports.report('hardware.disk.failing', { disk: disk.disk, title: diskTitle(disk) || 'no name' }),
        );
        return { disks: rows, reports };
      },
    }),
  ];
}

const healthTones = { ok: 'ok', failing: 'bad', unknown: 'muted' } as const;

function present({ disks, reports }: Listed): View {
  const table: View = {
    kind: 'table',
    columns: ['Disk', 'Model', 'Serial', 'Size', 'Use', 'Health', 'Temperature', 'Hours', 'Bad sectors'],
    rows: disks.map((disk) => [
      disk.disk,
      disk.model.replaceAll('_', ' ') || '-',
      disk.serial || '-',
      formatGiB(disk.sizeBytes),
      disk.array ?? disk.usedBy ?? 'free',
      { text: disk.health === 'ok' ? 'OK' : disk.health, tone: healthTones[disk.health] },
      disk.celsius === null ? '-' : `${disk.celsius} °C`,
      disk.hours === null ? '-' : String(disk.hours),
      disk.badSectors === null ? '-' : { text: String(disk.badSectors), tone: disk.badSectors > 0 ? 'warn' : 'plain' },
    ]),
    empty: 'This host shows no disks.',
  };
  return { kind: 'group', views: [table, ...reports.map(({ text }): View => ({ kind: 'text', text, tone: 'warn' }))] };
}
