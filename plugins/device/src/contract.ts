import { createToken, type Report, type SectionReference } from '@gemel/core/sdk';
import type { DeviceIdentity } from './identity/identity-status.js';
import type { DeviceSettings } from './settings/schema.js';

export { type DeviceIdentity, deviceIdentity } from './identity/identity-status.js';
export { deviceEvents } from './power/power-events.js';
export { type DeviceSettings, fullName } from './settings/schema.js';

/** The section `device` of the settings document. */
export const deviceSettings: SectionReference<DeviceSettings> = { id: 'device' };

/** @param name the one that it is to get, with its domain. @returns why not. */
export type NameHold = (name: string) => Report | undefined;

export interface DeviceService {
  /** Who this device is, read now. @throws ApplianceError `engine-failed`, `timeout`. */
  identity(): Promise<DeviceIdentity>;
  /** For those who know this device by its name: another one is refused as long as `reason`, asked each time, has one. */
  holdName(reason: NameHold): Disposable;
}
export const DeviceService = createToken<DeviceService>('device.service');
