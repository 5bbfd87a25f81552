import type { FileStore } from '@gemel/core/sdk';
import { paths, unfinished } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import { parseMetadata, type VersionMetadata } from './version-metadata.js';
import { compareVersions } from './version-names.js';
import { runsHere } from './version-marks.js';

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
    const all = await this.list();
    const ofType = all.filter((each) => each.type === type);
    const wanted =
      version === undefined
        ? (ofType.find((each) => this.runsHere(each)) ?? ofType[0])
        : ofType.find((each) => each.version === version);
    if (wanted === undefined) {
      const known = all.map((each) => `${each.type} ${each.version}`).join(', ') || 'none';
      const params = { type, version: version ?? 'of any version', known };
      throw refusal(siteReports.report('sites.version.unknown', params, 'version'), 'not-found');
    }
    if (!this.runsHere(wanted)) {
      const params = { type, version: wanted.version, range: wanted.firmware, firmware: this.#firmware };
      throw refusal(siteReports.report('sites.version.not-here', params, 'version'));
    }
    return wanted;
  }

  runsHere({ firmware }: VersionMetadata): boolean {
    return runsHere(firmware, this.#firmware);
  }

  forget(type: string, version: string): void {
    this.#known.delete(`${this.folder(type, version)}/version.json`);
  }
}
