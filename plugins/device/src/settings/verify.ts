import type { Report, VerifyInput } from '@gemel/core/sdk';
import { deviceReports } from '../reports.js';
import { type DeviceSettings, fullName } from './schema.js';

/** HOST_NAME_MAX of Linux (gethostname(2)). */
const longestName = 64;

const edges = /^[A-Za-z0-9](.*[A-Za-z0-9])?$/;

export function verifyDevice({ settings }: Pick<VerifyInput<DeviceSettings, unknown>, 'settings'>): readonly Report[] {
  const { hostName, domain } = settings;
  const reports = [...verifyHostName(hostName), ...verifyDomain(domain)];
  const name = fullName(settings);
  if (name.length > longestName)
    reports.push(deviceReports.report('device.name.too-long', { name, length: name.length }, 'device/domain'));
  return reports;
}

function verifyHostName(name: string): Report[] {
  const dot = name.indexOf('.');
  if (dot > 0) {
    const params = { name, hostName: name.slice(0, dot), domain: name.slice(dot + 1) };
    return [deviceReports.report('device.host-name.has-domain', params, 'device/hostName')];
  }
  const reason = name.toLowerCase() === 'localhost' ? 'every machine calls itself that' : labelReason(name);
  return reason === undefined
    ? []
    : [deviceReports.report('device.host-name.invalid', { name, reason }, 'device/hostName')];
}

function verifyDomain(domain: string): Report[] {
  if (domain === '') return [];
  const reasons = domain.replace(/\.$/, '').split('.').map(labelReason);
  const reason = reasons.find((each) => each !== undefined);
  return reason === undefined
    ? []
    : [deviceReports.report('device.domain.invalid', { domain, reason }, 'device/domain')];
}

/** RFC 1123, 2.1: what is wrong with one label, or undefined. */
function labelReason(label: string): string | undefined {
  if (label === '') return 'there is nothing between two dots';
  if (label.length > 63) return 'it is longer than 63 characters';
  if (/[^A-Za-z0-9-]/.test(label)) return 'it contains other characters';
  return edges.test(label) ? undefined : 'it begins or ends with "-"';
}
