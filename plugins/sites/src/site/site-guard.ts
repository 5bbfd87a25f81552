import type { Report, SystemAccess } from '@gemel/core/sdk';
import { paths } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import type { SiteFolders } from './site-folders.js';

const activeTarget = 'gemel-active.target';

/** Who may change sites: the node that holds the active role and has the volume; one change per site at a time. */
export class SiteGuard {
  readonly #system: SystemAccess;
  readonly #folders: SiteFolders;
  readonly #busy = new Map<string, string>();
  #pause: Promise<void> | undefined;

  constructor(system: SystemAccess, folders: SiteFolders) {
    this.#system = system;
    this.#folders = folders;
  }

  /** Does something that must not meet a change; changes that come meanwhile wait. Nothing when one is under way already. */
  async whenIdle(act: () => Promise<void>): Promise<void> {
    await this.#pause;
    if (this.#busy.size > 0) return;
    this.#pause = act().finally(() => {
      this.#pause = undefined;
    });
    await this.#pause;
  }

  /** Whether somebody is changing, starting or stopping it. */
  isBusy(name: string): boolean {
    return this.#busy.has(name);
  }

  /** Also true on a single appliance. Needs nothing of the cluster: the target is what all services of the active node hang on. */
  async isActive(): Promise<boolean> {
    return (await this.#system.units.status(activeTarget)).activeState === 'active';
  }

  /** @throws ApplianceError `unavailable`, `conflict`. */
  async needActive(): Promise<void> {
    const { kind } = this.#system;
    if (kind === 'sandbox') throw refusal(siteReports.report('sites.host.not-able', { kind }), 'unavailable');
    if (!(await this.isActive())) throw refusal(siteReports.report('sites.role.not-active', {}));
    const absent = await this.volumeAbsent();
    if (absent !== undefined) throw refusal(absent, 'unavailable');
  }

  /** Of the active node: what says that its sites are not there to be seen. Undefined when they are. */
  async volumeAbsent(): Promise<Report | undefined> {
    const { kind, files } = this.#system;
    // A container has no volume of its own: the folder is all there is.
    const inContainer = (await files.read(paths.containerMark)) !== undefined;
    const there = inContainer || kind !== 'appliance' || (await this.#folders.isMount(paths.volume));
    return there ? undefined : siteReports.report('sites.volume.absent', { path: paths.volume });
  }

  /** @param doing `cloned`, `deleted`: completes "Site x is being …". @throws ApplianceError `conflict` while something else is done with one of them. */
  async alone<Result>(names: readonly string[], doing: string, act: () => Promise<Result>): Promise<Result> {
    await this.needActive();
    // Its failure is told by the one who began it.
    await this.#pause?.catch(() => undefined);
    for (const site of names) {
      const other = this.#busy.get(site);
      if (other !== undefined) throw refusal(siteReports.report('sites.site.busy', { site, doing: other }, 'name'));
    }
    for (const site of names) this.#busy.set(site, doing);
    try {
      return await act();
    } finally {
      for (const site of names) this.#busy.delete(site);
    }
  }
}
