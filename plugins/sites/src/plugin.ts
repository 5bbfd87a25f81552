import { ApplianceError, definePlugin, type PluginContext } from '@gemel/core/sdk';
import { MembershipService } from '@gemel/plugin-cluster/contract';
import { NetworkService } from '@gemel/plugin-network/contract';
import { addSiteActions } from './actions/site-actions.js';
import { addUpdateActions } from './actions/update-actions.js';
import { addVersionActions } from './actions/version-actions.js';
import { SitesService } from './contract.js';
import { SiteAddress } from './run/site-address.js';
import { LocalControl } from './run/site-control.js';
import { SiteHooks } from './run/site-hooks.js';
import { SiteUnits } from './run/site-units.js';
import { SiteWatch } from './run/site-watch.js';
import { SiteGuard } from './site/site-guard.js';
import { SiteMaking } from './site/site-making.js';
import { SiteOverview } from './site/site-overview.js';
import type { SiteParts } from './site/site-parts.js';
import { SitePower } from './site/site-power.js';
import { sitesList } from './site/site-status.js';
import { SiteStore } from './site/site-store.js';
import { SiteUpdating } from './site/site-updating.js';
import { DiskFolders } from './system/disk-folders.js';
import { gemelVersion } from './version.js';
import { VersionInstall } from './version/version-install.js';
import { VersionRemoval } from './version/version-removal.js';
import { VersionStore } from './version/version-store.js';

export default definePlugin({
  id: 'sites',
  activate(context) {
    const { system, events, log } = context;
    const { files, commands, clock, dbus } = system;
    const folders = new DiskFolders();
    const store = new SiteStore(files);
    const versions = new VersionStore(files, gemelVersion);
    const units = new SiteUnits(dbus, files);
    const guard = new SiteGuard(system, folders);
    const local = new LocalControl(system.units);
    const parts: SiteParts = {
      store,
      versions,
      folders,
      units,
      guard,
      commands,
      events,
      clock,
      hooks: new SiteHooks(commands, (folder) => folders.exists(`${folder}/root`)),
      control: () => local,
      needOnPeer: () => Promise.resolve(),
    };
    const power = new SitePower(parts);
    const making = new SiteMaking(parts);
    const updating = new SiteUpdating(parts, power);
    const address = siteAddress(context);
    const overview = new SiteOverview({ store, units, versions, guard, host: () => address.host() });
    const removal = new VersionRemoval(files, folders, versions, store);
    const install = new VersionInstall({ files, folders, commands, versions });

    const status = context.status.add(sitesList, () => overview.list());
    addSiteActions(context.actions, overview, making, power);
    addUpdateActions(context.actions, overview, making, updating);
    addVersionActions(context.actions, { versions, install, removal, events });
    context.provideValue(SitesService, {
      list: () => overview.list(),
      async memoryNeededMiB() {
        const { sites } = await overview.list();
        return sites.reduce((sum, { memoryLimitMiB }) => sum + (memoryLimitMiB ?? 0), 0);
      },
    });
    const watch = context.own(
      new SiteWatch({
        dbus,
        clock,
        units,
        events,
        log,
        changed: () => void overview.list().then((list) => status.set(list), noted),
      }),
    );

    // In the background: nothing of it is needed for core to be ready.
    const noted = (failure: unknown) => log.warn({ failure }, 'the sites could not be looked at');
    void watch.begin().catch(quiet(noted));
    void tidy(guard, store, removal).catch(quiet(noted));
  },
});

/** Removes what a crash left. On the passive node the volume is another's. */
async function tidy(guard: SiteGuard, store: SiteStore, removal: VersionRemoval): Promise<void> {
  await removal.tidy();
  if (guard.idle && (await guard.isActive())) await store.tidy();
}

/** A host without systemd has no sites, which is nothing to tell. */
function quiet(tell: (failure: unknown) => void): (failure: unknown) => void {
  return (failure) => {
    if (!(failure instanceof ApplianceError) || failure.code !== 'unavailable') tell(failure);
  };
}

function siteAddress(context: PluginContext): SiteAddress {
  const { clock, files } = context.system;
  return new SiteAddress(
    clock,
    () => context.find(MembershipService)?.current.clusterIp?.address,
    async () => {
      const interfaces = await context.find(NetworkService)?.interfaces();
      const addresses = (interfaces ?? []).flatMap((each) => each.addresses);
      return addresses.find(isReachable)?.split('/')[0];
    },
    async () => (await files.read('/proc/sys/kernel/hostname'))?.trim() ?? 'localhost',
  );
}

/** Neither loopback nor of one link only. */
function isReachable(address: string): boolean {
  return !/^(127\.|169\.254\.|::1|fe80:)/i.test(address);
}
