import type { FileStore, Report } from '@gemel/core/sdk';
import type { HardwareService } from './contract.js';
import { assignRoles, compareWithProfile } from './inventory/expectations.js';
import type { MachineFigures } from './inventory/figures.js';
import type { HardwareStatus } from './inventory/hardware-status.js';
import { judgePair, type PairNode, type PairVerdict, productName } from './pairs/pair-verdict.js';
import { chooseProfile } from './profiles/profile-choice.js';
import { type KnownProfiles, readProfiles } from './profiles/profile-files.js';
import { hardwareReports } from './reports.js';
import type { Machine } from './system/machine.js';

export class HardwareServiceImpl implements HardwareService {
  constructor(
    readonly machine: Machine,
    readonly files: FileStore,
  ) {}

  async status(): Promise<HardwareStatus> {
    const [figures, known] = await Promise.all([this.machine.figures(), this.profiles()]);
    const choice = chooseProfile(known.profiles, figures);
    const reports = [...known.reports];
    if (choice === undefined) {
      const nicRoles = figures.nics.map((nic) => ({ nic, role: null }));
      return { profile: null, why: '', figures, nicRoles, expectations: [], reports: [...reports, noProfile(figures)] };
    }
    const { id, title, kind, expectations: wanted } = choice.profile;
    const expectations = compareWithProfile(wanted, figures);
    for (const { what, expected, found, met } of expectations) {
      if (met) continue;
      reports.push(hardwareReports.report('hardware.profile.unmet', { profile: title, what, expected, found }));
    }
    return {
      profile: { id, title, kind },
      why: choice.why,
      figures,
      nicRoles: [...assignRoles(wanted, figures)],
      expectations: [...expectations],
      reports,
    };
  }

  compatible(first: PairNode, second: PairNode): PairVerdict {
    return judgePair(first, second);
  }

  profiles(): Promise<KnownProfiles> {
    return readProfiles(this.files);
  }
}

function noProfile(figures: MachineFigures): Report {
  if (figures.virtualization.kind === 'unknown') return hardwareReports.report('hardware.profile.not-readable', {});
  return hardwareReports.report('hardware.profile.none', {
    product: productName(figures) || 'this machine without name',
  });
}
