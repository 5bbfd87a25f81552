import { ApplianceError, asApplianceError, type JobCall } from '@gemel/core/sdk';
import { siteEvents } from '../events.js';
import { paths } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import { needStopped, render, type SiteParts } from './site-parts.js';
import type { SitePower } from './site-power.js';
import type { SiteRecord } from './site-record.js';
import { needSpace } from './site-space.js';

/**
 * Bringing a site to another version, and back. The new version works on a copy of the data from the start; taking it up, and
 * going back, is one write of site.json. What is left over is removed afterwards, or at the next start.
 */
export class SiteUpdating {
  constructor(
    readonly parts: SiteParts,
    readonly power: SitePower,
  ) {}

  /**
   * @param start Start it afterwards; when it does not become healthy, the version before returns by itself, with its data.
   * @throws ApplianceError `conflict`, `storage`, `cancelled`, `engine-failed`; the site is as before then.
   */
  async update(name: string, version: string | undefined, start: boolean, call: JobCall): Promise<SiteRecord> {
    const { store, versions, folders, hooks, guard, events, needOnPeer } = this.parts;
    return guard.alone([name], 'updated', async () => {
      const before = await store.need(name);
      const metadata = await versions.need(before.type, version);
      if (metadata.version === before.version)
        throw refusal(
          siteReports.report('sites.update.same-version', { site: name, version: before.version }, 'version'),
        );
      await needOnPeer(before.type, metadata.version);
      await needStopped(this.parts, name, 'updated');
      const source = store.data(name, before.generation);
      const bytes = await folders.size(source, call.signal);
      await needSpace(folders, paths.volume, bytes, `an update of site ${name}`);
      const generation = Math.max(before.generation, before.previous?.generation ?? 0) + 1;
      const target = store.data(name, generation);
      const after: SiteRecord = {
        ...before,
        version: metadata.version,
        generation,
        previous: { version: before.version, generation: before.generation },
      };
      try {
        await folders.copy(source, target, {
          signal: call.signal,
          progress: (done) =>
            call.progress(bytes === 0 ? 0.9 : Math.min(0.9, (done / bytes) * 0.9), 'copying the data'),
        });
        call.progress(0.9, `bringing the data to ${metadata.version}`);
        await hooks.run({
          site: name,
          hook: 'update',
          metadata,
          versionFolder: versions.folder(before.type, metadata.version),
          data: target,
          uid: before.uid,
          environment: { SITE: name, FROM_VERSION: before.version },
          signal: call.signal,
        });
        call.signal.throwIfAborted();
        await store.write(name, after);
      } catch (failure) {
        await store.dropUnused(name, before);
        throw failure;
      }
      // Done from here on: no cancelling.
      await render(this.parts, name);
      if (start) await this.#tryOut(name, before, after, call);
      await store.dropUnused(name, after);
      events.publish(siteEvents.updated, { site: name, version: after.version, before: before.version });
      return after;
    });
  }

  /** Swaps with what is kept, so that undoing can itself be undone. */
  async undo(site: string): Promise<SiteRecord> {
    const { store, versions, guard, events } = this.parts;
    return guard.alone([site], 'taken back', async () => {
      const before = await store.need(site);
      const { previous, version, generation } = before;
      if (previous === null) throw refusal(siteReports.report('sites.site.no-previous', { site }, 'name'));
      await versions.need(before.type, previous.version);
      await needStopped(this.parts, site, 'taken back');
      const after: SiteRecord = { ...before, ...previous, previous: { version, generation } };
      await store.write(site, after);
      await render(this.parts, site);
      events.publish(siteEvents.updated, { site, version: after.version, before: version });
      return after;
    });
  }

  /** Gives up going back, and the room that it takes. */
  async keep(site: string): Promise<void> {
    const { store, guard } = this.parts;
    await guard.alone([site], 'cleared', async () => {
      const record = await store.need(site);
      if (record.previous === null) throw refusal(siteReports.report('sites.site.no-previous', { site }, 'name'));
      const after: SiteRecord = { ...record, previous: null };
      await store.write(site, after);
      await store.dropUnused(site, after);
    });
  }

  async #tryOut(site: string, before: SiteRecord, after: SiteRecord, call: JobCall): Promise<void> {
    call.progress(0.95, `starting ${after.version}`);
    try {
      await this.power.startNow(site);
    } catch (failure) {
      const { message } = asApplianceError(failure);
      call.log(message);
      await this.parts.store.write(site, before);
      await render(this.parts, site);
      await this.parts.store.dropUnused(site, before);
      const params = { site, version: after.version, previous: before.version, reason: message };
      const report = siteReports.report('sites.update.not-healthy', params, 'version');
      throw new ApplianceError('engine-failed', report.text, { reports: [report], cause: failure });
    }
  }
}
