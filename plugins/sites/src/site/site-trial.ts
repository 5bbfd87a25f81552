import { siteEvents } from '../events.js';
import type { SiteState } from '../run/site-units.js';
import { refusal, siteReports } from '../reports.js';
import { render, type SiteParts, stateOfSite } from './site-parts.js';
import { beforeTrial, type SiteRecord, withoutTrial } from './site-record.js';

/**
 * What is in force of a site that the caller holds. Where core, or the device, did not live to see the end of a trial, it ends here: in
 * force is an update that runs, as it was healthy then, else what was before. One that does not run is not started.
 * @throws ApplianceError `not-found`, `conflict` while it is not decided yet, `storage`, `engine-failed`.
 */
export async function needSettled(parts: SiteParts, site: string): Promise<SiteRecord> {
  const { store, events, control } = parts;
  const tried = await store.need(site);
  const after = withoutTrial(tried);
  const before = beforeTrial(tried);
  if (before === undefined) return after;
  const state = await needAtRest(parts, site);
  const runs = state === 'running' && (await store.isTried(site));
  const [settled, other] = runs ? [after, before] : [before, after];
  await takeUp(parts, site, settled);
  events.publish(siteEvents.updated, { site, version: settled.version, before: other.version });
  // In a pair a trial moves no role for the site; from now on it may again.
  if (state === 'running') await (await control()).start(site);
  return settled;
}

/** @throws ApplianceError `conflict` while it is being started or stopped. */
export async function needAtRest(parts: SiteParts, site: string): Promise<SiteState> {
  const state = await stateOfSite(parts, site);
  if (state === 'starting' || state === 'restarting' || state === 'stopping')
    throw refusal(siteReports.report('sites.site.busy', { site, doing: 'updated' }, 'name'));
  return state;
}

/** Ends a trial, with this in force. */
export async function takeUp(parts: SiteParts, site: string, record: SiteRecord): Promise<void> {
  await parts.store.write(site, record);
  await render(parts, site);
  await parts.store.dropUnused(site, record);
}
