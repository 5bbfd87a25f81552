import type { FileStore, Report } from '@gemel/core/sdk';
import { paths, unfinished } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import { parseMetadata, type VersionMetadata } from './version-metadata.js';
import { compareVersions } from './version-names.js';
import { isMadeFor } from './version-marks.js';

/** The versions that are installed on this node: a folder each, `site-versions/TYPE/VERSION`. */
export class VersionStore {
  readonly #files: FileStore;
  readonly #firmware: string;
  /** Versions never change once they are there, so each is read once. */
  readonly #known = new Map<string, VersionMetadata>();

  constructor(files: FileStore, firmware: string) {
    this.#files = files;
    this.#firmware = firmware;
  }

  folder(type: string, version: string): string {
    return `${paths.versions}/${type}/${version}`;
  }

  /** By type, newest first. A folder without a usable version.json is left out: it was not installed by us. */
  async list(): Promise<readonly VersionMetadata[]> {
    const found: VersionMetadata[] = [];
    for (const type of await this.#files.list(paths.versions)) {
      if (unfinished.test(type)) continue;
      const versions = await Promise.all(
        (await this.#files.list(`${paths.versions}/${type}`)).map((version) => this.find(type, version)),
      );
      found.push(
        ...versions.filter((each) => each !== undefined).toSorted((a, b) => compareVersions(b.version, a.version)),
      );
    }
    return found;
  }

  async find(type: string, version: string): Promise<VersionMetadata | undefined> {
    const file = `${this.folder(type, version)}/version.json`;
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    const text = await this.#files.read(file);
    const parsed = text === undefined ? undefined : parseMetadata(text);
    if (parsed?.kind !== 'metadata') return undefined;
    this.#known.set(file, parsed.metadata);
    return parsed.metadata;
  }

  /** A version that is here and runs on this firmware; the newest of the type when none is named. @throws ApplianceError `not-found`, `conflict`. */
  async need(type: string, version?: string): Promise<VersionMetadata> {
    const wanted = await this.needInstalled(type, version);
    const misfit = this.misfit(wanted);
    if (misfit !== undefined) throw refusal(misfit);
    return wanted;
  }

  /**
   * For a site that is at it already: boot and takeover start it on any firmware, and so does whoever does it by hand. Without a version
   * the newest one, of those that run on this firmware if there are any. @throws ApplianceError `not-found`.
   */
  async needInstalled(type: string, version?: string): Promise<VersionMetadata> {
    const all = await this.list();
    const ofType = all.filter((each) => each.type === type);
    const wanted =
      version === undefined
        ? (ofType.find((each) => this.misfit(each) === undefined) ?? ofType[0])
        : ofType.find((each) => each.version === version);
    if (wanted !== undefined) return wanted;
    const known = all.map((each) => `${each.type} ${each.version}`).join(', ') || 'none';
    const params = { type, version: version ?? 'of any version', known };
    throw refusal(siteReports.report('sites.version.unknown', params, 'version'), 'not-found');
  }

  /** What is to be said of a version that is not made for this firmware; undefined when it is. */
  misfit({ type, version, firmware: range }: VersionMetadata): Report | undefined {
    if (isMadeFor(range, this.#firmware)) return undefined;
    return siteReports.report('sites.version.not-here', { type, version, range, firmware: this.#firmware }, 'version');
  }

  forget(type: string, version: string): void {
    this.#known.delete(`${this.folder(type, version)}/version.json`);
  }
}
