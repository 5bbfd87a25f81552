import type { SectionReference } from '@gemel/core/sdk';
import type { ForwardingSettings } from './settings/forwarding-schema.js';
import type { JournalSettings } from './settings/journal-schema.js';

export { destinationDropped, destinationFailed, destinationRecovered } from './forwarding/events.js';
export { type DestinationStatus, type ForwardingStatus, logForwarding } from './forwarding/forwarding-status.js';
export type { Destination, ForwardingSettings } from './settings/forwarding-schema.js';
export type { JournalSettings } from './settings/journal-schema.js';

/** Where the log is sent: the same on both nodes, and both send. */
export const forwardingSettings: SectionReference<ForwardingSettings> = { id: 'log-forwarding' };

/** How much of the log this device keeps. */
export const journalSettings: SectionReference<JournalSettings> = { id: 'journal' };
