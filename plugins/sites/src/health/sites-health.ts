import type { HealthPartReport, SystemAccess } from '@gemel/core/sdk';
import type { PairStatus } from '@gemel/plugin-cluster/contract';
import { resourceName } from '../cluster/site-resource.js';
import type { SitesStatus, SiteSummary } from '../site/site-status.js';

export interface SitesHealthParts {
  readonly system: Pick<SystemAccess, 'files' | 'units'>;
  readonly list: () => Promise<SitesStatus>;
  readonly isBusy: (site: string) => boolean;
  readonly clustered: () => Promise<boolean>;
  /** Asked in a pair only. */
  readonly pair: () => Promise<PairStatus | undefined>;
}

/** What is known of a site that does not run. */
export interface Standstill {
  /** gemel-sites.service, which starts the sites of a single appliance. */
  readonly starter: string;
  /** That one, or the agent in a pair, has rendered its unit since the last boot. */
  readonly prepared: boolean;
  /** In Pacemaker; undefined on a single appliance, and before Pacemaker knows the site. */
  readonly resource: PairStatus['resources'][number]['state'] | undefined;
}

/** Whether the sites run that are to run here. On the passive node of a pair there are none. */
export async function sitesHealth(parts: SitesHealthParts): Promise<readonly HealthPartReport[]> {
  const { system, list, isBusy, clustered, pair } = parts;
  const { sites } = await list();
  const idle = sites.filter(({ name, state }) => state !== 'running' && !isBusy(name));
  const inPair = idle.length > 0 && (await clustered());
  const resources = inPair ? ((await pair())?.resources ?? []) : [];
  const starter = inPair ? '' : (await system.units.status('gemel-sites.service')).activeState;
  const troubles = new Map<string, string | undefined>();
  for (const site of idle) {
    const prepared = (await system.files.read(`/run/gemel/sites/${site.name}.env`)) !== undefined;
    const resource = resources.find(({ name }) => name === resourceName(site.name))?.state;
    troubles.set(site.name, trouble(site, { starter, prepared, resource }, inPair));
  }
  return sites.map(({ name, state }) => {
    const reason = troubles.get(name);
    return { part: name, healthy: reason === undefined, reason: reason ?? state };
  });
}

/** Why a site is to run and does not; undefined for one that somebody stopped, whatever else is to be said of it. Pure. */
export function trouble(site: SiteSummary, known: Standstill, inPair: boolean): string | undefined {
  const { name, type, state, problem, autostart } = site;
  // A damaged record does not say whether the site is to run.
  if (type === '') return problem ?? undefined;
  if (state === 'stopping') return undefined;
  if (state !== 'stopped') return problem ?? `${state}; see journalctl -u gemel-site@${name}`;
  if (inPair) {
    const { resource } = known;
    const isWanted = resource === 'stopped' || resource === 'failed' || resource === 'blocked';
    return isWanted ? (problem ?? `${resource} in Pacemaker; see gemel cluster status`) : undefined;
  }
  if (!autostart) return undefined;
  if (!known.prepared) return problem ?? `not prepared at the start; see journalctl -u gemel-sites`;
  return known.starter === 'failed' ? 'not started; see journalctl -u gemel-sites' : undefined;
}
