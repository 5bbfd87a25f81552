import type { FileStore } from '@gemel/core/sdk';

export interface TimeFacts {
  /** Zones that this host's tz database knows; undefined when it has none to read. */
  readonly zones: ReadonlySet<string> | undefined;
}

/** The tz database in one text file: lines `Z name …` define zones, `L target name` other names for them (zic(8)). */
const zoneDatabase = '/usr/share/zoneinfo/tzdata.zi';

export async function readTimeFacts(files: FileStore): Promise<TimeFacts> {
  const text = await files.read(zoneDatabase);
  let zones: ReadonlySet<string> | undefined;
  return {
    // 600 names that only a check of the settings looks at
    get zones() {
      if (text !== undefined) zones ??= parseZones(text);
      return zones;
    },
  };
}

export function parseZones(text: string): ReadonlySet<string> {
  const zones = new Set<string>();
  for (const line of text.split('\n')) {
    const [kind, first, second] = line.split(' ', 3);
    if (kind === 'Z' && first !== undefined) zones.add(first);
    if (kind === 'L' && second !== undefined) zones.add(second);
  }
  return zones;
}
