import type { EventsAccess, FileStore } from '@gemel/core/sdk';
import { diskEvents } from './disk-events.js';

/** A file for each disk, left by smartd's script (systemd/libexec/gemel-disk). */
export const failingDisksFolder = '/run/gemel/failing-disks';

/** Tells what smartd left, once each. */
export async function tellFailingDisks(files: FileStore, events: EventsAccess): Promise<void> {
  const disks = await files.list(failingDisksFolder);
  for (const disk of disks) {
    const path = `${failingDisksFolder}/${disk}`;
    const what = (await files.read(path))?.trim() ?? '';
    // Not written to its end yet: the watch calls again.
    if (what === '') continue;
    await files.remove(path);
    events.publish(diskEvents.failing, { disk, what });
  }
}
