import type { FileStore } from '@gemel/core/sdk';
import { paths, unfinished } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import type { SiteFolders } from '../site/site-folders.js';
import type { SiteGuard } from '../site/site-guard.js';
import type { SiteStore } from '../site/site-store.js';
import type { VersionStore } from './version-store.js';

/** Removes versions, and what crashes left of them. */
export class VersionRemoval {
  constructor(
    readonly files: FileStore,
    readonly folders: SiteFolders,
    readonly versions: VersionStore,
    readonly sites: SiteStore,
    readonly guard: SiteGuard,
  ) {}

  /** Names of sites that are at the version or keep it for going back, by `type version`. */
  async users(): Promise<ReadonlyMap<string, readonly string[]>> {
    const users = new Map<string, string[]>();
    for (const site of await this.sites.list()) {
      if (!('record' in site)) continue;
      const { type, version, previous, trial } = site.record;
      const kept = [previous?.version ?? version, trial?.previous?.version ?? version];
      for (const each of new Set([version, ...kept])) {
        const key = `${type} ${each}`;
        users.set(key, [...(users.get(key) ?? []), site.name]);
      }
    }
    return users;
  }

  /** On the node that holds the active role: only there it is known which sites there are. @throws ApplianceError `not-found`, `conflict` while a site uses it. */
  async remove(type: string, version: string): Promise<void> {
    await this.guard.needActive();
    const sites = (await this.users()).get(`${type} ${version}`);
    if (sites !== undefined)
      throw refusal(siteReports.report('sites.version.in-use', { type, version, sites: sites.join(', ') }, 'version'));
    await this.removeUnused(type, version);
  }

  /** Whoever asks knows that no site uses it. */
  async removeUnused(type: string, version: string): Promise<void> {
    const { files, folders, versions } = this;
    if ((await versions.find(type, version)) === undefined) {
      const known = (await versions.list()).map((each) => `${each.type} ${each.version}`).join(', ') || 'none';
      throw refusal(siteReports.report('sites.version.unknown', { type, version, known }, 'version'), 'not-found');
    }
    const gone = `${paths.versions}/.gone-${type}-${version}`;
    await files.remove(gone);
    await folders.move(versions.folder(type, version), gone);
    versions.forget(type, version);
    await files.remove(gone);
  }

  async tidy(): Promise<void> {
    for (const name of await this.files.list(paths.versions)) {
      if (unfinished.test(name)) await this.files.remove(`${paths.versions}/${name}`);
    }
  }
}
