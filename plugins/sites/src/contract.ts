import { createToken } from '@gemel/core/sdk';
import type { SitesStatus } from './site/site-status.js';

export { siteEvents } from './events.js';
export { sitesList, type SitesStatus, type SiteSummary } from './site/site-status.js';

/** The sites of this appliance, for the cluster's forecast and for surfaces. */
export interface SitesService {
  /** As it is now; empty on a node that does not hold the active role. */
  list(): Promise<SitesStatus>;
  /** Memory budgets of all sites together, MiB: what the node that takes over must have. */
  memoryNeededMiB(): Promise<number>;
}
export const SitesService = createToken<SitesService>('sites.service');
