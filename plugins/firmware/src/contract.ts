import { createToken, type Report } from '@gemel/core/sdk';

export { firmwareEvents } from './events.js';
export { type FirmwareState, firmwareState } from './slots/firmware-status.js';

/** What would not go on as it is with another firmware. */
export interface FirmwareWarningsService {
  /** Asked whenever a bundle is looked at. @param concerns Gives reports of severity `warning` about that version, each with what to do. */
  warnAbout(concerns: (version: string) => Promise<readonly Report[]>): Disposable;
}
export const FirmwareWarningsService = createToken<FirmwareWarningsService>('firmware.warnings');
