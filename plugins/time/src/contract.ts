import { createToken, type SectionReference } from '@gemel/core/sdk';
import type { TimeSettings } from './settings/schema.js';
import type { TimeStatus } from './sources/time-status.js';

export type { NtpServer, TimeSettings } from './settings/schema.js';
export { timeEvents } from './sources/time-events.js';
export { type NtpServerStatus, type ServerState, type TimeStatus, timeSynchronisation } from './sources/time-status.js';

/** The section `time` of the settings document. */
export const timeSettings: SectionReference<TimeSettings> = { id: 'time' };

export interface TimeService {
  /** Asks chrony and timedated now. Absent engines are a state, not an error. @throws ApplianceError `engine-failed`, `timeout`. */
  status(signal?: AbortSignal): Promise<TimeStatus>;
}
export const TimeService = createToken<TimeService>('time.service');
