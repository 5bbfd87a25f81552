import type { FileStore } from '@gemel/core/sdk';
import { paths, trialMark, unfinished } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import { readSite, type Site, type SiteRecord, writeSite } from './site-record.js';

/** The sites on the data volume: a folder each, with site.json and data/GENERATION. */
export class SiteStore {
  readonly #files: FileStore;

  constructor(files: FileStore) {
    this.#files = files;
  }

  folder(name: string): string {
    return `${paths.sites}/${name}`;
  }

  data(name: string, generation: number): string {
    return `${this.folder(name)}/data/${generation}`;
  }

  /** What lies in its data folder, in use or not. */
  async generations(name: string): Promise<readonly number[]> {
    return (await this.#files.list(`${this.folder(name)}/data`)).map(Number);
  }

  /** By name. Empty where the volume is not, as on the passive node. */
  async list(): Promise<readonly Site[]> {
    const names = (await this.#files.list(paths.sites)).filter(
      (name) => !name.startsWith('.') && name !== 'lost+found',
    );
    return Promise.all(names.map(async (name) => readSite(name, await this.#files.read(this.#file(name)))));
  }

  /** @throws ApplianceError `not-found`, `conflict` when its record is damaged. */
  async need(name: string): Promise<SiteRecord> {
    const text = await this.#files.read(this.#file(name));
    if (text === undefined && !(await this.#files.list(paths.sites)).includes(name))
      throw refusal(siteReports.report('sites.site.unknown', { site: name }, 'name'), 'not-found');
    const site = readSite(name, text);
    if ('record' in site) return site.record;
    throw refusal(siteReports.report('sites.site.damaged', { site: name, problem: site.problem }, 'name'));
  }

  /** One atomic write: what a site is changes as a whole. */
  write(name: string, record: SiteRecord): Promise<void> {
    return this.#files.write(this.#file(name), writeSite(record), { mode: 0o600 });
  }

  /** What is being made goes here; `.new-` folders are no sites and are removed after a crash. */
  unfinished(name: string): string {
    return `${paths.sites}/.new-${name}`;
  }

  removeUnfinished(name: string): Promise<void> {
    return this.#files.remove(this.unfinished(name));
  }

  /** Where a site goes that is being removed. */
  gone(name: string): string {
    return `${paths.sites}/.gone-${name}`;
  }

  removeGone(name: string): Promise<void> {
    return this.#files.remove(this.gone(name));
  }

  writeUnfinished(name: string, record: SiteRecord): Promise<void> {
    return this.#files.write(`${this.unfinished(name)}/site.json`, writeSite(record), { mode: 0o600 });
  }

  /**
   * Removes what a crash left: half made and half removed sites, and data that no site refers to.
   * Only while nothing is being changed, and only on the node that holds the active role.
   */
  async tidy(): Promise<void> {
    for (const name of await this.#files.list(paths.sites)) {
      if (unfinished.test(name)) await this.#files.remove(`${paths.sites}/${name}`);
    }
    for (const site of await this.list()) if ('record' in site) await this.dropUnused(site.name, site.record);
  }

  /** Whether this device is trying out an update of the site, also when core was started anew meanwhile. */
  async isTried(name: string): Promise<boolean> {
    return (await this.#files.read(trialMark(name))) !== undefined;
  }

  /** Removes data that is neither in use nor kept for going back. */
  async dropUnused(name: string, { generation, previous, trial }: SiteRecord): Promise<void> {
    const kept = [previous?.generation, trial?.previous?.generation];
    const used = new Set([generation, ...kept].map(String));
    for (const each of await this.#files.list(`${this.folder(name)}/data`)) {
      if (!used.has(each)) await this.#files.remove(`${this.folder(name)}/data/${each}`);
    }
  }

  #file(name: string): string {
    return `${this.folder(name)}/site.json`;
  }
}
