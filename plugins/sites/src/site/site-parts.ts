import type { Clock, CommandRunner, EventsAccess } from '@gemel/core/sdk';
import type { SiteControl } from '../run/site-control.js';
import type { SiteHooks } from '../run/site-hooks.js';
import type { SiteState, SiteUnits } from '../run/site-units.js';
import { paths } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import type { VersionStore } from '../version/version-store.js';
import type { SiteFolders } from './site-folders.js';
import type { SiteGuard } from './site-guard.js';
import type { SiteStore } from './site-store.js';

/** What changes of sites are made with. */
export interface SiteParts {
  readonly store: SiteStore;
  readonly versions: VersionStore;
  readonly folders: SiteFolders;
  readonly hooks: SiteHooks;
  readonly units: SiteUnits;
  /** Asked each time: a node may join a pair. */
  readonly control: () => Promise<SiteControl>;
  readonly guard: SiteGuard;
  readonly commands: CommandRunner;
  readonly events: EventsAccess;
  readonly clock: Clock;
  /** Somebody started a site here by hand: from now on sites start with the device, also after it left a cluster. */
  readonly startedByHand: () => Promise<void>;
  /** @throws ApplianceError when the other node of a pair lacks a version. */
  readonly needOnPeer: (type: string, version: string) => Promise<void>;
}

export async function stateOfSite({ units }: SiteParts, name: string): Promise<SiteState> {
  return (await units.states()).get(name) ?? 'stopped';
}

/** @param doing Completes "it cannot be …". @throws ApplianceError `conflict`. */
export async function needStopped(parts: SiteParts, site: string, doing: string): Promise<void> {
  const state = await stateOfSite(parts, site);
  if (state !== 'stopped' && state !== 'failed')
    throw refusal(siteReports.report('sites.site.running', { site, doing }, 'name'));
}

/** Tells systemd what site.json says now. @throws ApplianceError `engine-failed`. */
export async function render(parts: SiteParts, name: string): Promise<void> {
  await tellSystemd(parts, name, [name]);
}

/** From now on what is tried out is what is rendered, on this device and until it is switched off. @throws ApplianceError `engine-failed`. */
export async function renderTrial(parts: SiteParts, name: string): Promise<void> {
  await tellSystemd(parts, name, ['--trial', name]);
}

/** The site is gone. */
export async function forget(parts: SiteParts, name: string): Promise<void> {
  await tellSystemd(parts, name, ['--forget', name]);
}

async function tellSystemd({ commands }: SiteParts, site: string, what: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await commands.run(['bash', paths.renderer, ...what], { timeoutMs: 30_000 });
  if (exitCode === 0) return;
  const reason = stderr.trim() || `${paths.renderer} ended with code ${exitCode}.`;
  throw refusal(siteReports.report('sites.site.not-rendered', { site, reason }, 'name'), 'engine-failed');
}
