import type { FileStore } from '@gemel/core/sdk';
import { dataVolume } from '../paths.js';

const sectorsPerMegabyte = 2_048;

/** Size of the disk or partition with the queues; undefined where they are on no disk of their own, as in a container. */
export async function volumeMegabytes(files: FileStore): Promise<number | undefined> {
  const device = deviceOf((await files.read('/proc/self/mountinfo')) ?? '', dataVolume);
  if (device === undefined) return undefined;
  const sectors = Number(await files.read(`/sys/dev/block/${device}/size`));
  return Number.isFinite(sectors) && sectors > 0 ? Math.floor(sectors / sectorsPerMegabyte) : undefined;
}

/** `254:3`, of the file system at this mount point (proc_pid_mountinfo(5)); the last mount there is the one on top. */
export function deviceOf(mountinfo: string, place: string): string | undefined {
  const mounts = mountinfo.split('\n').map((line) => line.split(' '));
  return mounts.findLast((fields) => fields[4] === place)?.[2];
}
