import type { Report, VerifyInput } from '@gemel/core/sdk';
import { hardwareReports } from '../reports.js';
import type { HardwareSettings } from './schema.js';

export interface HardwareFacts {
  /** A management controller answers the operating system. */
  readonly controller: boolean;
}

const at = (field: string) => `hardware/management/${field}`;

export function verifyHardware({
  settings,
  facts,
}: Pick<VerifyInput<HardwareSettings, HardwareFacts>, 'settings' | 'facts'>): readonly Report[] {
  const { enabled, address, netmask, gateway, user, password } = settings.management;
  if (!enabled) return [];
  const reports: Report[] = [];
  if (!facts.controller) reports.push(hardwareReports.report('hardware.management.absent', {}, at('enabled')));
  for (const [what, value] of Object.entries({ address, netmask, user, password })) {
    if (value === '') reports.push(hardwareReports.report('hardware.management.incomplete', { what }, at(what)));
  }
  if (address === '' || netmask === '') return reports;
  if (!isNetmask(netmask)) {
    reports.push(hardwareReports.report('hardware.management.netmask', { netmask }, at('netmask')));
  } else if (gateway !== '' && network(gateway, netmask) !== network(address, netmask)) {
    const params = { gateway, address, netmask };
    reports.push(hardwareReports.report('hardware.management.gateway-outside', params, at('gateway')));
  }
  return reports;
}

/** Ones, then zeros. */
function isNetmask(text: string): boolean {
  const bits = toNumber(text).toString(2).padStart(32, '0');
  return /^1+0*$/.test(bits);
}

function network(address: string, netmask: string): number {
  return (toNumber(address) & toNumber(netmask)) >>> 0;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
