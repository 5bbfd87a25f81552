import { z } from 'zod';

const diskSchema = z.lazy(() =>
  z.object({
    disk: z.string().describe('Name of the disk or partition, `sda`.'),
    state: z
      .enum(['ok', 'rebuilding', 'spare', 'failed', 'gone'])
      .describe('`failed`: the kernel does not use it any more. `gone`: it is not in the machine any more.'),
  }),
);
export type ArrayDisk = z.output<typeof diskSchema>;

export const arraySchema = z.lazy(() =>
  z.object({
    array: z.string().describe('Name of the array, `md127`.'),
    level: z.string().describe('raid1, …'),
    state: z
      .enum(['ok', 'degraded', 'rebuilding', 'failed'])
      .describe('`degraded`: it works, and the next failure would lose it. `failed`: no disk is left that works.'),
    disksWanted: z.number().describe('How many disks it is made for.'),
    disks: z.array(diskSchema).describe('Disks that are part of it.'),
    sizeBytes: z.number().describe('Usable.'),
    diskBytes: z.number().describe('What each disk must hold.'),
    activity: z
      .object({
        kind: z
          .enum(['rebuild', 'check', 'repair', 'resync'])
          .describe('`resync`: the first copy, or after a power loss.'),
        fraction: z.number().nullable().describe('0 to 1; null when it has not begun.'),
        bytesPerSecond: z.number().nullable().describe('Null when not known.'),
      })
      .nullable()
      .describe('What the kernel does with all of it now; null for nothing.'),
    mismatches: z.number().describe('Sectors that differed between the disks at the last check or repair.'),
  }),
);
export type RaidArray = z.output<typeof arraySchema>;

/** As the kernel says it below /sys/block/NAME/md (Documentation/admin-guide/md.rst). */
export interface KernelArray {
  readonly name: string;
  readonly level: string;
  readonly arrayState: string;
  readonly raidDisks: number;
  readonly syncAction: string;
  readonly syncCompleted: string;
  /** KiB per second. */
  readonly syncSpeed: string;
  readonly mismatches: number;
  readonly sizeBytes: number;
  readonly diskBytes: number;
  readonly members: readonly {
    readonly name: string;
    /** `in_sync`, `faulty`, `spare`, … separated by commas. */
    readonly state: string;
    /** A number, or `none`. */
    readonly slot: string;
    readonly present: boolean;
  }[];
}

const notWorking = ['broken', 'inactive', 'clear'];

/** What it means. Pure. */
export function judgeArray(kernel: KernelArray): RaidArray {
  const disks = kernel.members.map((member): ArrayDisk => ({ disk: member.name, state: diskState(member) }));
  const activity = activityOf(kernel);
  const working = disks.filter(({ state }) => state === 'ok').length;
  return {
    array: kernel.name,
    level: kernel.level,
    state: arrayState(kernel, working, activity?.kind === 'rebuild'),
    disksWanted: kernel.raidDisks,
    disks,
    sizeBytes: kernel.sizeBytes,
    diskBytes: kernel.diskBytes,
    activity,
    mismatches: kernel.mismatches,
  };
}

function arrayState(kernel: KernelArray, working: number, rebuilds: boolean): RaidArray['state'] {
  if (working === 0 || notWorking.includes(kernel.arrayState)) return 'failed';
  if (working >= kernel.raidDisks) return 'ok';
  return rebuilds ? 'rebuilding' : 'degraded';
}

/** The kernel keeps the last disk of a mirror as `in_sync` whatever happens to it, so that presence comes first. */
function diskState({ state, slot, present }: KernelArray['members'][number]): ArrayDisk['state'] {
  const words = state.split(',');
  if (!present) return 'gone';
  if (words.includes('faulty')) return 'failed';
  if (words.includes('in_sync')) return 'ok';
  return slot === 'none' ? 'spare' : 'rebuilding';
}

const activities: Readonly<Record<string, 'rebuild' | 'check' | 'repair' | 'resync'>> = {
  recover: 'rebuild',
  check: 'check',
  repair: 'repair',
  resync: 'resync',
};

function activityOf({ syncAction, syncCompleted, syncSpeed }: KernelArray): RaidArray['activity'] {
  const kind = activities[syncAction];
  if (kind === undefined) return null;
  const [done, all] = syncCompleted.split('/').map(Number);
  const known = done !== undefined && all !== undefined && all > 0;
  const speed = Number.parseInt(syncSpeed, 10);
  return {
    kind,
    fraction: known ? done / all : null,
    bytesPerSecond: Number.isNaN(speed) ? null : speed * 1_024,
  };
}

/** `rebuilding, 41 %`, `ok, checked now, 12 %` */
export function describeState({ state, activity }: Pick<RaidArray, 'state' | 'activity'>): string {
  if (activity === null) return state === 'ok' ? 'OK' : state;
  const done = activity.fraction === null ? '' : ` ${Math.floor(activity.fraction * 100)} %`;
  if (state === 'rebuilding') return `rebuilding${done}`;
  return `${state === 'ok' ? 'OK' : state}, ${activity.kind}${done}`;
}
