import type { EventsAccess, FileStore, Logger } from '@gemel/core/sdk';
import { z } from 'zod';
import { type MdArrays, raidExpectedFile } from '../system/md-arrays.js';
import { arraySchema, type RaidArray } from './array.js';
import { raidChanges } from './raid-changes.js';
import { raidEvents } from './raid-events.js';
import { judgeRaid, type RaidStatus } from './raid-status.js';

/** mdadm's monitor has it touched at each event, see systemd/libexec/gemel-raid. */
export const raidEventFolder = '/run/gemel/raid';

interface WatchParts {
  readonly arrays: MdArrays;
  readonly files: FileStore;
  readonly events: EventsAccess;
  readonly log: Logger;
  /** What was told last, so that what happens while core is away is told as well. */
  readonly seenFile: string;
}

/**
 * Looks at the arrays when mdadm says that something happened, when somebody asks, and with core's health checks. Each look
 * that finds something else than the one before publishes what changed. On a machine without RAID a look is one listing of /sys/block.
 */
export class RaidWatch {
  readonly #parts: WatchParts;
  #seen: readonly RaidArray[] | undefined;
  #looking: Promise<RaidStatus> | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Several who ask at once get one look. */
  look(): Promise<RaidStatus> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** For the folder that mdadm's monitor touches. */
  async lookAgain(tell: (status: RaidStatus) => void): Promise<void> {
    try {
      // One that is under way may have passed the place before it changed.
      await this.#looking?.catch(() => undefined);
      tell(await this.look());
    } catch (failure) {
      this.#parts.log.warn({ failure: String(failure) }, 'could not look at the RAID');
    }
  }

  async #look(): Promise<RaidStatus> {
    const { arrays, files, events, seenFile } = this.#parts;
    const now = await arrays.read();
    const expected = now.length === 0 && (await files.read(raidExpectedFile)) !== undefined;
    const before = this.#seen ?? (await this.#readSeen());
    this.#seen = now;
    const changes = raidChanges(before, now);
    for (const change of changes.disks) events.publish(raidEvents.diskChanged, change);
    for (const change of changes.arrays) events.publish(raidEvents.stateChanged, change);
    if (changes.arrays.length + changes.disks.length > 0) await files.write(seenFile, JSON.stringify(now));
    return judgeRaid(now, expected);
  }

  async #readSeen(): Promise<readonly RaidArray[]> {
    const text = await this.#parts.files.read(this.#parts.seenFile);
    if (text === undefined) return [];
    try {
      const parsed = z.array(arraySchema).safeParse(JSON.parse(text));
      return parsed.success ? parsed.data : [];
    } catch {
      return []; // torn or of another version: everything counts as new once more
    }
  }
}
