import type { Caller, Report } from '@gemel/core/sdk';
import { NetworkIndex } from '../addresses/network-index.js';
import { LinkIndex } from '../links/link-index.js';
import { networkReports } from '../reports.js';
import type { NetworkFacts } from './facts.js';
import { type ModelInterface, type NetworkModel, networkModel } from './network-model.js';
import type { NetworkSettings } from './schema.js';

export interface CheckInput {
  readonly settings: NetworkSettings;
  readonly confirmed: NetworkSettings;
  readonly facts: NetworkFacts;
  readonly caller: Caller | undefined;
}

/** One verification under way: what the checks look at, each computed once, and the reports they make. */
export class Check {
  readonly settings: NetworkSettings;
  readonly facts: NetworkFacts;
  readonly caller: Caller | undefined;
  readonly model: NetworkModel;
  readonly confirmedModel: NetworkModel;
  readonly links: LinkIndex;
  readonly networks: NetworkIndex;
  readonly reports: Report[] = [];
  /** Makes a report and keeps it. */
  readonly report: typeof networkReports.report;

  constructor({ settings, confirmed, facts, caller }: CheckInput) {
    this.settings = settings;
    this.facts = facts;
    this.caller = caller;
    this.model = networkModel(settings, facts);
    this.confirmedModel = networkModel(confirmed, facts);
    this.links = new LinkIndex(facts);
    this.networks = NetworkIndex.of(this.model);
    this.report = (code, params, path) => {
      const report = networkReports.report(code, params, path);
      this.reports.push(report);
      return report;
    };
  }

  /** NICs an operator may choose from, as a sentence says them. */
  get knownNics(): string {
    const names = this.facts.links.filter((link) => link.nic).map((link) => link.name);
    return names.length === 0 ? '(none found)' : names.join(', ');
  }

  get knownInterfaces(): string {
    const names = [...this.model.interfaces.keys()];
    // 4,000 names help nobody.
    return names.length === 0 ? '(none)' : names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
  }

  /** An interface that gets addresses by itself, so that its networks are not known in advance. */
  isDynamic(subject: ModelInterface, family: 4 | 6): boolean {
    return family === 4 ? subject.ipv4 === 'dhcp' : subject.ipv6 === 'dhcp' || subject.ipv6 === 'slaac';
  }
}
