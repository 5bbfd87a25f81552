import type { SystemAccess } from '@gemel/core/sdk';
import { drbdFile } from '../drbd/drbd-resource.js';
import type { NodeView } from './node-view.js';

/**
 * What carries the data volume. In a container both nodes share a folder; everywhere else a missing DRBD is a fault and no choice. The volume of a
 * node that keeps its engines off is down, and DRBD then shows none: there is one where the first start made its file.
 */
export async function readVolume({ files }: Pick<SystemAccess, 'files'>): Promise<NodeView['volume']> {
  if ((await files.read('/run/systemd/container')) !== undefined) return 'folder';
  const isLoaded = (await files.read('/proc/drbd')) !== undefined;
  return isLoaded && (await files.read(drbdFile)) !== undefined ? 'replicated' : 'absent';
}
