import { createToken, type SectionReference } from '@gemel/core/sdk';
import type { DeviceIdentity } from './identity/identity-status.js';
import type { DeviceSettings } from './settings/schema.js';

export { type DeviceIdentity, deviceIdentity } from './identity/identity-status.js';
export { deviceEvents } from './power/power-events.js';
export { type DeviceSettings, fullName } from './settings/schema.js';

/** The section `device` of the settings document. */
export const deviceSettings: SectionReference<DeviceSettings> = { id: 'device' };

export interface DeviceService {
  /** Who this device is, read now. @throws ApplianceError `engine-failed`, `timeout`. */
  identity(): Promise<DeviceIdentity>;
}
export const DeviceService = createToken<DeviceService>('device.service');
