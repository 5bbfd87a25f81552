import type { FileStore } from '@gemel/core/sdk';
import type { HardwareService } from './contract.js';
import { assignRoles, compareWithProfile } from './inventory/expectations.js';
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
      const [manufacturer, product] = [figures.manufacturer || 'this machine', figures.product];
      const params =
        productName(figures) === ''
          ? { manufacturer: 'this machine,', product: 'which tells no name' }
          : { manufacturer, product };
      reports.push(hardwareReports.report('hardware.profile.none', params));
      return {
        profile: null,
        why: '',
        figures,
        nicRoles: figures.nics.map((nic) => ({ nic, role: null })),
        expectations: [],
        reports,
      };
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
