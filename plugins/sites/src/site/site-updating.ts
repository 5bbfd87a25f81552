import { ApplianceError, asApplianceError, type JobCall } from '@gemel/core/sdk';
import { siteEvents } from '../events.js';
import { paths } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import { needStopped, render, renderTrial, type SiteParts } from './site-parts.js';
import type { SitePower } from './site-power.js';
import { beforeTrial, type SiteRecord, withoutTrial } from './site-record.js';
import { needSpace } from './site-space.js';
import { needAtRest, needSettled, takeUp } from './site-trial.js';

/**
 * Bringing a site to another version, and back. The new version works on a copy of the data from the start; taking it up, and
 * going back, is one write of site.json. What is left over is removed afterwards, or at the next start.
 *
 * INVARIANT: an update that is to be tried out is in force only when that has succeeded. Until then site.json says `trial`, and whoever
 * starts the site without core, at boot or after a takeover, starts what was before.
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
      const before = await needSettled(this.parts, name);
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
          memoryMiB: before.memoryMiB,
          environment: { SITE: name, FROM_VERSION: before.version },
          signal: call.signal,
        });
        call.signal.throwIfAborted();
        await store.write(name, start ? { ...after, trial: { previous: before.previous } } : after);
      } catch (failure) {
        await store.dropUnused(name, before);
        throw failure;
      }
      // Done from here on: no cancelling.
      if (start) {
        call.progress(0.95, `starting ${after.version}`);
        await this.#tryOut(name, before, after);
      } else await render(this.parts, name);
      await store.dropUnused(name, after);
      events.publish(siteEvents.updated, { site: name, version: after.version, before: before.version });
      return after;
    });
  }

  /** Swaps with what is kept, so that undoing can itself be undone. */
  async undo(site: string): Promise<SiteRecord> {
    const { store, versions, guard, events } = this.parts;
    return guard.alone([site], 'taken back', async () => {
      const before = await needSettled(this.parts, site);
      const { previous, version, generation } = before;
      if (previous === null) throw refusal(siteReports.report('sites.site.no-previous', { site }, 'name'));
      await versions.needInstalled(before.type, previous.version);
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
      const record = await needSettled(this.parts, site);
      if (record.previous === null) throw refusal(siteReports.report('sites.site.no-previous', { site }, 'name'));
      const after: SiteRecord = { ...record, previous: null };
      await store.write(site, after);
      await store.dropUnused(site, after);
    });
  }

  /**
   * Ends what core was in the middle of trying out when it, or the device, ended: it goes on here, or the site is as before its update.
   * One that cannot be ended now, as somebody holds the site, keeps no other from it.
   * @throws ApplianceError of the first that is still to be ended.
   */
  async settle(): Promise<void> {
    const { store, guard } = this.parts;
    const trials = (await store.list()).filter((site) => 'record' in site && site.record.trial !== undefined);
    const failures: unknown[] = [];
    for (const { name } of trials)
      await guard
        .alone([name], 'updated', () => this.#settle(name))
        .catch((failure: unknown) => failures.push(failure));
    if (failures.length > 0) throw failures[0];
  }

  async #settle(site: string): Promise<void> {
    const { store, events } = this.parts;
    const tried = await store.need(site);
    const before = beforeTrial(tried);
    if (before === undefined) return;
    const after = withoutTrial(tried);
    try {
      if (await store.isTried(site)) {
        await this.#tryOut(site, before, after);
        events.publish(siteEvents.updated, { site, version: after.version, before: before.version });
      } else {
        // Pacemaker, or the boot, starts what was before already; it does not give up as soon as a start by hand does.
        await needAtRest(this.parts, site);
        await takeUp(this.parts, site, before);
        events.publish(siteEvents.updated, { site, version: before.version, before: after.version });
        // Whoever tried it out wants it to run; and in a pair it moves no role until it is told again.
        await this.power.startNow(site);
      }
    } catch (failure) {
      if ((await store.need(site)).trial !== undefined) throw failure;
      // It has ended all the same, and nobody waits for it.
      events.publish(siteEvents.failed, { site, reason: asApplianceError(failure).message });
    }
  }

  /** @throws ApplianceError `engine-failed`; the site is as before then, and is started. */
  async #tryOut(site: string, before: SiteRecord, after: SiteRecord): Promise<void> {
    const { store, guard } = this.parts;
    try {
      await renderTrial(this.parts, site);
      await this.power.startNow(site);
    } catch (failure) {
      // Where the role went meanwhile the site is taken back, and the volume is not here any more.
      if (!(await guard.isActive())) throw failure;
      const { message } = asApplianceError(failure);
      await takeUp(this.parts, site, before);
      const runs = await this.power.startNow(site).then(
        () => true,
        () => false, // told below
      );
      const params = { site, version: after.version, previous: before.version, reason: message };
      const code = runs ? 'sites.update.not-healthy' : 'sites.update.stopped';
      const report = siteReports.report(code, params, 'version');
      throw new ApplianceError('engine-failed', report.text, { reports: [report], cause: failure });
    }
    await store.write(site, after);
    await render(this.parts, site);
  }
}
