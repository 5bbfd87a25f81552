import type { Report } from '@gemel/core/sdk';
import type { SiteUnits } from '../run/site-units.js';
import { refusal, siteReports } from '../reports.js';
import { isMadeFor } from '../version/version-marks.js';
import type { VersionStore } from '../version/version-store.js';
import type { SiteGuard } from './site-guard.js';
import type { Site } from './site-record.js';
import type { SiteState } from '../run/site-units.js';
import type { SitesStatus, SiteSummary } from './site-status.js';
import { mebibytes } from './site-space.js';
import type { SiteStore } from './site-store.js';

export interface SiteOverviewParts {
  readonly store: SiteStore;
  readonly units: SiteUnits;
  readonly versions: VersionStore;
  readonly guard: SiteGuard;
  /** Host part of the sites' URLs. */
  readonly host: () => Promise<string>;
}

/** What people see of the sites: the same for the status and the actions. Its cost is one call to systemd and two small reads per site. */
export class SiteOverview {
  constructor(readonly parts: SiteOverviewParts) {}

  async list(): Promise<SitesStatus> {
    const { store, guard } = this.parts;
    if (!(await guard.isActive())) return { active: false, problem: null, sites: [] };
    // A volume that is not there looks as if there were no sites.
    const absent = await guard.volumeAbsent();
    if (absent !== undefined) return { active: true, problem: absent.text, sites: [] };
    return { active: true, problem: null, sites: [...(await this.#summaries(await store.list()))] };
  }

  async show(name: string): Promise<SiteSummary> {
    const { store, guard } = this.parts;
    const site = (await store.list()).filter((each) => each.name === name);
    const [summary] = await this.#summaries(site);
    if (summary !== undefined) return summary;
    await guard.needActive();
    throw refusal(siteReports.report('sites.site.unknown', { site: name }, 'name'), 'not-found');
  }

  /** One report for each version in use that is not made for that firmware; none on a node that does not hold the active role. */
  async warnings(firmware: string): Promise<readonly Report[]> {
    const { versions } = this.parts;
    const { sites } = await this.list();
    const users = Map.groupBy(sites, ({ type, version }) => `${type} ${version}`);
    const said = [...users.values()].map(async ([first, ...more]) => {
      const version = first === undefined ? undefined : await versions.find(first.type, first.version);
      if (first === undefined || version === undefined || isMadeFor(version.firmware, firmware)) return [];
      const params = {
        sites: [first, ...more].map(({ name }) => name).join(', '),
        type: first.type,
        version: first.version,
        range: version.firmware,
        firmware,
      };
      return [siteReports.report('sites.version.not-for-update', params)];
    });
    return (await Promise.all(said)).flat();
  }

  async #summaries(sites: readonly Site[]): Promise<readonly SiteSummary[]> {
    if (sites.length === 0) return [];
    const [states, host] = await Promise.all([this.parts.units.states(), this.parts.host()]);
    return Promise.all(sites.map((site) => this.#summary(site, states.get(site.name) ?? 'stopped', host)));
  }

  async #summary(site: Site, state: SiteState, host: string): Promise<SiteSummary> {
    const { name } = site;
    if (!('record' in site)) return { ...unknownSite, name, state, problem: site.problem };
    const { record } = site;
    const [version, memory] = await Promise.all([
      this.parts.versions.find(record.type, record.version),
      state === 'stopped' ? undefined : this.parts.units.memory(name),
    ]);
    const missing = `${record.type} ${record.version} is not installed on this node.`;
    const misfit = version === undefined ? undefined : this.parts.versions.misfit(version)?.text;
    return {
      name,
      type: record.type,
      version: record.version,
      state,
      port: record.port,
      url: `http://${host}:${record.port}/${name}/`,
      memoryMiB: memory === undefined ? null : mebibytes(memory),
      memoryLimitMiB: record.memoryMiB,
      cpuPercent: record.cpuPercent,
      autostart: record.autostart,
      login: record.login,
      previousVersion: record.previous?.version ?? null,
      problem: version === undefined ? missing : (misfit ?? null),
    };
  }
}

const unknownSite = {
  type: '',
  version: '',
  port: null,
  url: null,
  memoryMiB: null,
  memoryLimitMiB: null,
  cpuPercent: null,
  autostart: false,
  login: null,
  previousVersion: null,
} as const;
