import type { Clock, EventsAccess, FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import { type Disk, diskTitle } from './disk.js';
import { diskEvents } from './disk-events.js';
import type { FailingDisk } from './failing-disks-status.js';
import type { Smart } from './smart.js';

/**
 * A file for each disk that smartd told of, by its serial number: disks change their names. systemd/libexec/gemel-disk writes it, and
 * systemd/libexec/gemel-raid tells Pacemaker as long as there is one.
 */
export const failingDisksFolder = '/var/lib/gemel/failing-disks';

/** A disk that fails may take its time for an answer, and needs no more work than it has. */
const askEveryMs = 60_000;

/** A disk behind a slow controller is not there yet when core starts, and smartd tells of it only once. */
const goneAfterMs = 300_000;

export interface FailingDisksParts {
  readonly files: FileStore;
  readonly events: EventsAccess;
  readonly clock: Clock;
  /** Which ones were told, so that a start of core does not tell them again. */
  readonly toldFile: string;
  readonly disks: () => Promise<readonly Disk[]>;
  /** What the disk says of itself. */
  readonly ask: (disk: string) => Promise<Smart>;
}

/**
 * Disks that predict their end. smartd tells of each once and never takes it back.
 *
 * INVARIANT: a note stays until the disk says that it is well, or was not in the machine for some minutes.
 */
export class FailingDisks {
  readonly #parts: FailingDisksParts;
  readonly #askedAt = new Map<string, number>();
  readonly #missingSince = new Map<string, number>();
  #told: ReadonlySet<string> | undefined;
  #looking: Promise<readonly FailingDisk[]> | undefined;

  constructor(parts: FailingDisksParts) {
    this.#parts = parts;
  }

  /** Several who ask at once get one look. Where smartd told nothing it is one listing of a folder; no disk is waited for. */
  look(): Promise<readonly FailingDisk[]> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<readonly FailingDisk[]> {
    const { files, disks } = this.#parts;
    const notes = await files.list(failingDisksFolder);
    const present = notes.length === 0 ? [] : await disks();
    const failing: FailingDisk[] = [];
    for (const note of notes) {
      const what = (await files.read(`${failingDisksFolder}/${note}`))?.trim() ?? '';
      const disk = present.find((each) => noteOf(each) === note);
      if (disk === undefined) await this.#forgetOnceGone(note);
      else this.#missingSince.delete(note);
      // Not written to its end yet: the watch calls again.
      if (disk !== undefined && what !== '')
        failing.push({ note, disk: disk.name, title: diskTitle(disk) || 'no name', what });
    }
    await this.#tell(failing);
    for (const { note, disk } of failing) this.#askSometimes(note, disk);
    return failing;
  }

  async #tell(failing: readonly FailingDisk[]): Promise<void> {
    const { files, events, toldFile } = this.#parts;
    const before = (this.#told ??= await this.#readTold());
    const now = new Set(failing.map(({ note }) => note));
    if (before.size === now.size && [...now].every((note) => before.has(note))) return;
    this.#told = now;
    for (const { note, disk, what } of failing)
      if (!before.has(note)) events.publish(diskEvents.failing, { disk, what });
    await files.write(toldFile, `${JSON.stringify([...now])}\n`);
  }

  /** In the background; the next look finds what became of it. */
  #askSometimes(note: string, disk: string): void {
    const { clock, ask } = this.#parts;
    const now = clock.monotonic();
    if (now - (this.#askedAt.get(note) ?? -Infinity) < askEveryMs) return;
    this.#askedAt.set(note, now);
    void ask(disk)
      .then(({ health }) => (health === 'ok' ? this.#forget(note) : undefined))
      .catch(() => undefined); // one that cannot be asked is not known to be well
  }

  async #forgetOnceGone(note: string): Promise<void> {
    const now = this.#parts.clock.monotonic();
    const since = this.#missingSince.get(note) ?? now;
    this.#missingSince.set(note, since);
    if (now - since >= goneAfterMs) await this.#forget(note);
  }

  async #forget(note: string): Promise<void> {
    this.#askedAt.delete(note);
    this.#missingSince.delete(note);
    await this.#parts.files.remove(`${failingDisksFolder}/${note}`);
  }

  async #readTold(): Promise<ReadonlySet<string>> {
    const text = await this.#parts.files.read(this.#parts.toldFile);
    if (text === undefined) return new Set();
    try {
      return new Set(z.array(z.string()).parse(JSON.parse(text)));
    } catch {
      return new Set(); // torn: told once more
    }
  }
}

/** As gemel-disk names the file. */
function noteOf({ serial, name }: Disk): string {
  return serial === '' ? name : serial.replaceAll(/[^A-Za-z0-9._-]/g, '_');
}
