import type { Report } from '@gemel/core/sdk';
import { type Disk, diskTitle } from '../disks/disk.js';
import { formatGiB } from '../inventory/figures.js';
import { hardwareReports } from '../reports.js';
import type { RaidArray } from './array.js';

/** Something that a disk carries, as wipefs names it: `ext4`, `gpt`, `linux_raid_member`. */
export interface Content {
  readonly type: string;
  readonly label: string;
}

/** What mdadm keeps at the end of a disk besides the data, at most (mdadm(8): bad block log, bitmap, superblock). */
export const metadataBytes = 2 ** 20;

/**
 * May this disk become a part of the array? Everything against it. Pure.
 * @param formerMember The disk was a part of this very array before.
 */
export function judgeNewDisk(
  disk: Disk,
  array: RaidArray,
  contents: readonly Content[],
  formerMember: boolean,
  overwrite: boolean,
): readonly Report[] {
  const name = { disk: disk.name, title: diskTitle(disk) || 'no name', array: array.array };
  if (disk.array === array.array) return [hardwareReports.report('hardware.raid.new-disk.already', name)];
  // What a used disk brings along is content like any other, as long as nothing uses it.
  if (disk.array !== null && disk.arrayUsedBy !== null) {
    const params = { ...name, other: disk.array, use: disk.arrayUsedBy };
    return [hardwareReports.report('hardware.raid.new-disk.of-another', params)];
  }
  const reports: Report[] = [];
  if (disk.usedBy !== null)
    reports.push(hardwareReports.report('hardware.raid.new-disk.in-use', { ...name, use: disk.usedBy }));
  if (disk.removable) reports.push(hardwareReports.report('hardware.raid.new-disk.removable', name));
  if (disk.sizeBytes < array.diskBytes + metadataBytes) {
    const sizes = { size: formatSize(disk.sizeBytes), needed: formatSize(array.diskBytes + metadataBytes) };
    reports.push(hardwareReports.report('hardware.raid.new-disk.too-small', { ...name, ...sizes }));
  }
  if (contents.length > 0 && !formerMember && !overwrite) {
    const found = contents.map(({ type, label }) => (label === '' ? type : `${type} "${label}"`)).join(', ');
    reports.push(hardwareReports.report('hardware.raid.new-disk.carries-data', { ...name, found }));
  }
  return reports;
}

/** Small differences between disks matter here. */
function formatSize(bytes: number): string {
  return bytes < 10 * 2 ** 30 ? `${Math.floor(bytes / 2 ** 20)} MiB` : `${formatGiB(bytes)} (${bytes} bytes)`;
}
