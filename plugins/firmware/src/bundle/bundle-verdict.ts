import type { Report } from '@gemel/core/sdk';
import { firmwareReports } from '../reports.js';
import type { BundleInfo } from './bundle-info.js';
import { isOlder } from './version-step.js';

/** What of the appliance decides whether it takes a bundle. */
export interface ApplianceFacts {
  readonly running: string;
  /** Older versions are refused. */
  readonly oldestAllowed: string;
  /** As its RAUC calls the product. */
  readonly compatible: string;
  /** Undefined when no hardware profile fits the machine. */
  readonly profile: string | undefined;
  /** Undefined on a machine without slots, where a bundle can only be looked at. */
  readonly target: { readonly slot: string; readonly bytes: number } | undefined;
}

/** Everything that speaks against installing it, not only the first. Pure; trust and damage are found before. */
export function judgeBundle(file: string, info: BundleInfo, facts: ApplianceFacts): readonly Report[] {
  const { report } = firmwareReports;
  const { running, oldestAllowed, compatible, profile, target } = facts;
  const { version, rules } = info;
  const reports: Report[] = [];
  if (info.compatible !== compatible)
    reports.push(report('firmware.bundle.other-product', { file, found: info.compatible, wanted: compatible }));
  if (rules === undefined) {
    reports.push(report('firmware.bundle.no-rules', { file, reason: 'its manifest has no section [meta.gemel]' }));
  } else {
    if (profile === undefined || !rules.profiles.includes(profile))
      reports.push(
        report('firmware.bundle.other-hardware', {
          file,
          profiles: rules.profiles.join(', '),
          profile: profile ?? 'of no known profile',
        }),
      );
    if (isOlder(running, rules.minimumVersion))
      reports.push(report('firmware.version.needs-newer', { version, minimum: rules.minimumVersion, running }));
  }
  if (isOlder(version, oldestAllowed))
    reports.push(report('firmware.version.too-old', { version, oldest: oldestAllowed, running }));
  if (target !== undefined && info.imageBytes > target.bytes)
    reports.push(
      report('firmware.slot.too-small', {
        slot: target.slot,
        need: Math.ceil(info.imageBytes / 2 ** 20),
        have: Math.floor(target.bytes / 2 ** 20),
      }),
    );
  return reports;
}
