import { createToken, type SectionReference } from '@gemel/core/sdk';
import type { HardwareStatus } from './inventory/hardware-status.js';
import type { HardwareSettings } from './management/schema.js';
import type { PairNode, PairVerdict } from './pairs/pair-verdict.js';

export { diskEvents } from './disks/disk-events.js';
export { type MachineFigures, machineFiguresSchema } from './inventory/figures.js';
export { type HardwareStatus, hardwareProfile } from './inventory/hardware-status.js';
export type { HardwareSettings, ManagementSettings } from './management/schema.js';
export type { PairNode, PairVerdict } from './pairs/pair-verdict.js';
export type { RaidArray } from './raid/array.js';
export { raidEvents } from './raid/raid-events.js';
export { type RaidStatus, raidStatus } from './raid/raid-status.js';

/** Settings that belong to the machine: its management controller. */
export const hardwareSettings: SectionReference<HardwareSettings> = { id: 'hardware' };

export interface HardwareService {
  /** This machine and the profile that fits it, read now. */
  status(): Promise<HardwareStatus>;
  /** May these two be a cluster? Pure: the other node's figures come from its own `status`. */
  compatible(first: PairNode, second: PairNode): PairVerdict;
}
export const HardwareService = createToken<HardwareService>('hardware.service');
