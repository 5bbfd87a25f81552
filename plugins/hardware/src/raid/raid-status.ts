import { type CellLike, defineStatus, type Report, type Tone, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { formatGiB } from '../inventory/figures.js';
import { hardwareReports } from '../reports.js';
import { reportSchema } from '../report-schema.js';
import { type ArrayDisk, arraySchema, describeState, type RaidArray } from './array.js';

const raidStatusSchema = z.lazy(() =>
  z.object({
    arrays: z.array(arraySchema).describe('Empty where there is none.'),
    reports: z.array(reportSchema).describe('What an operator should do.'),
  }),
);
export type RaidStatus = z.output<typeof raidStatusSchema>;

export const raidStatus = defineStatus<RaidStatus>({
  id: 'hardware.raid',
  title: 'RAID',
  schema: raidStatusSchema,
  present: presentRaid,
  overview: ({ arrays, reports }) => {
    if (arrays.length === 0 && reports.length === 0) return [];
    const texts = arrays.map((array) => `${array.array} ${describeState(array)}`);
    const tone = worst(
      arrays.map(({ state }) => arrayTones[state]),
      reports.length > 0,
    );
    return [['RAID', { text: texts.join(', ') || 'missing', tone }]];
  },
});

const arrayTones: Readonly<Record<RaidArray['state'], Tone>> = {
  ok: 'ok',
  degraded: 'warn',
  rebuilding: 'pending',
  failed: 'bad',
};
const diskTones: Readonly<Record<ArrayDisk['state'], Tone>> = {
  ok: 'ok',
  rebuilding: 'pending',
  spare: 'muted',
  failed: 'bad',
  gone: 'bad',
};

function worst(tones: readonly Tone[], reported: boolean): Tone {
  return (['bad', 'warn', 'pending'] as const).find((tone) => tones.includes(tone)) ?? (reported ? 'bad' : 'ok');
}

/** @param expected Whether an array was made on this machine. */
export function judgeRaid(arrays: readonly RaidArray[], expected: boolean): RaidStatus {
  return { arrays: [...arrays], reports: arrays.length === 0 && expected ? [missing()] : arrays.flatMap(arrayReports) };
}

function missing(): Report {
  return hardwareReports.report('hardware.raid.missing', {});
}

function arrayReports({ array, state, disks, disksWanted, diskBytes }: RaidArray): readonly Report[] {
  const lost = disks.filter((disk) => disk.state === 'failed' || disk.state === 'gone').map(({ disk }) => disk);
  const params = { array, size: formatGiB(diskBytes), lost: lost.join(', ') || 'a disk' };
  if (state === 'failed') return [hardwareReports.report('hardware.raid.failed', { array })];
  if (state === 'degraded' && lost.length > 0) return [hardwareReports.report('hardware.raid.disk-lost', params)];
  if (state === 'degraded') {
    const working = disks.filter((disk) => disk.state === 'ok').length;
    return [hardwareReports.report('hardware.raid.degraded', { ...params, working, disksWanted })];
  }
  return [];
}

export function presentRaid({ arrays, reports }: RaidStatus): View {
  if (arrays.length === 0 && reports.length === 0)
    return { kind: 'text', text: 'This device has no RAID.', tone: 'muted' };
  return {
    kind: 'group',
    views: [
      ...arrays.map(presentArray),
      ...reports.map(
        ({ text, severity }): View => ({ kind: 'text', text, tone: severity === 'error' ? 'bad' : 'warn' }),
      ),
    ],
  };
}

function presentArray(array: RaidArray): View {
  const { level, state, disks, disksWanted, sizeBytes, activity, mismatches } = array;
  const fields: [string, CellLike][] = [
    ['Array', `${array.array}, ${level} of ${disksWanted}, ${formatGiB(sizeBytes)}`],
    ['State', { text: describeState(array), tone: arrayTones[state] }],
  ];
  const speed = activity?.bytesPerSecond ?? null;
  if (speed !== null) fields.push(['Speed', `${(speed / 2 ** 20).toFixed(1)} MiB/s`]);
  if (mismatches > 0) {
    const text = `${mismatches} sectors differed between the disks. See: gemel hardware raid repair`;
    fields.push(['Last check', { text, tone: 'warn' }]);
  }
  return {
    kind: 'group',
    views: [
      { kind: 'fields', fields },
      {
        kind: 'table',
        columns: ['Disk', 'State'],
        rows: disks.map((disk) => [
          disk.disk,
          { text: disk.state === 'ok' ? 'OK' : disk.state, tone: diskTones[disk.state] },
        ]),
        empty: 'No disk is left.',
      },
    ],
  };
}
