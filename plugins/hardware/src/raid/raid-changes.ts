import type { RaidArray } from './array.js';

interface Change {
  readonly array: string;
  readonly before: string;
  readonly now: string;
}

export interface RaidChanges {
  readonly arrays: readonly Change[];
  readonly disks: readonly (Change & { readonly disk: string })[];
}

const absent = 'absent';

/** What happened between two looks. Pure. Progress is no change. */
export function raidChanges(before: readonly RaidArray[], now: readonly RaidArray[]): RaidChanges {
  const names = [...new Set([...before, ...now].map(({ array }) => array))];
  const pairs = names.map((array) => ({
    array,
    old: before.find((each) => each.array === array),
    fresh: now.find((each) => each.array === array),
  }));
  return {
    arrays: pairs
      .map(({ array, old, fresh }) => ({ array, before: old?.state ?? absent, now: fresh?.state ?? absent }))
      .filter(differs),
    disks: pairs.flatMap(({ array, old, fresh }) => {
      const disks = [...new Set([...(old?.disks ?? []), ...(fresh?.disks ?? [])].map(({ disk }) => disk))];
      const stateIn = (from: RaidArray | undefined, name: string) =>
        from?.disks.find(({ disk }) => disk === name)?.state ?? absent;
      return disks
        .map((disk) => ({ array, disk, before: stateIn(old, disk), now: stateIn(fresh, disk) }))
        .filter(differs);
    }),
  };
}

function differs({ before, now }: { readonly before: string; readonly now: string }): boolean {
  return before !== now;
}
