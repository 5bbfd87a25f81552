import { refusal, siteReports } from '../reports.js';
import type { SiteFolders } from './site-folders.js';

/** Left free for what sites write meanwhile. */
const reserveBytes = 64 * 1024 * 1024;

/** @throws ApplianceError `storage` when a copy of so many bytes would fill the volume. */
export async function needSpace(
  folders: Pick<SiteFolders, 'free'>,
  path: string,
  bytes: number,
  what: string,
): Promise<void> {
  const free = await folders.free(path);
  const needed = bytes + reserveBytes;
  if (free >= needed) return;
  const params = { path, free: mebibytes(free), needed: mebibytes(needed), what };
  throw refusal(siteReports.report('sites.volume.full', params), 'storage');
}

export function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
