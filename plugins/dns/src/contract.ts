import { createToken, type SectionReference } from '@gemel/core/sdk';
import type { DnsStatus } from './servers/dns-status.js';
import type { DnsSettings } from './settings/schema.js';

export { dnsEvents } from './servers/dns-events.js';
export { type DnsServerStatus, type DnsStatus, dnsResolution } from './servers/dns-status.js';
export type { DnsServer, DnsSettings } from './settings/schema.js';

/** The section `dns` of the settings document. */
export const dnsSettings: SectionReference<DnsSettings> = { id: 'dns' };

export interface DnsService {
  /** What resolved uses now, with the latest check of each entered server. @throws ApplianceError `engine-failed`, `timeout`. */
  status(): Promise<DnsStatus>;
}
export const DnsService = createToken<DnsService>('dns.service');
