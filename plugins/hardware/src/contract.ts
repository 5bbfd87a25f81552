import { createToken } from '@gemel/core/sdk';
import type { HardwareStatus } from './inventory/hardware-status.js';
import type { PairNode, PairVerdict } from './pairs/pair-verdict.js';

export { type MachineFigures, machineFiguresSchema } from './inventory/figures.js';
export { type HardwareStatus, hardwareProfile } from './inventory/hardware-status.js';
export type { PairNode, PairVerdict } from './pairs/pair-verdict.js';

export interface HardwareService {
  /** This machine and the profile that fits it, read now. */
  status(): Promise<HardwareStatus>;
  /** May these two be a cluster? Pure: the other node's figures come from its own `status`. */
  compatible(first: PairNode, second: PairNode): PairVerdict;
}
export const HardwareService = createToken<HardwareService>('hardware.service');
