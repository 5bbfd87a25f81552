import { ApplianceError, definePlugin, type PluginContext } from '@gemel/core/sdk';
import { CapacityService, clusterPair, MembershipService, SiteVersionsService } from '@gemel/plugin-cluster/contract';
import { FirmwareWarningsService } from '@gemel/plugin-firmware/contract';
import { NetworkService } from '@gemel/plugin-network/contract';
import { peerEvents, PeerService } from '@gemel/plugin-peer/contract';
import { PacemakerControl } from './cluster/pacemaker-control.js';
import { SiteAdoption } from './cluster/site-adoption.js';
import { VersionExchange } from './cluster/version-exchange.js';
import { VersionSupply } from './cluster/version-supply.js';
import { SitesService } from './contract.js';
import { siteEvents } from './events.js';
import { sitesHealth } from './health/sites-health.js';
import { paths } from './paths.js';
import { SiteAddress } from './run/site-address.js';
import { HangWatch } from './run/hang-watch.js';
import { LocalControl } from './run/site-control.js';
import { SiteHooks } from './run/site-hooks.js';
import { SiteUnits } from './run/site-units.js';
import { SiteWatch } from './run/site-watch.js';
import type { SiteFolders } from './site/site-folders.js';
import { SiteGuard } from './site/site-guard.js';
import { SiteMaking } from './site/site-making.js';
import { SiteOverview } from './site/site-overview.js';
import type { SiteParts } from './site/site-parts.js';
import { SitePower } from './site/site-power.js';
import { sitesList, type SitesStatus } from './site/site-status.js';
import { SiteStore } from './site/site-store.js';
import { SiteTidying } from './site/site-tidying.js';
import { SiteUpdating } from './site/site-updating.js';
import { DiskFolders, diskParts } from './system/disk-folders.js';
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
    const clustered = async () => (await files.read(paths.clusterMark)) !== undefined;
    const local = new LocalControl(system.units, commands);
    const pacemaker = new PacemakerControl(commands, units, clock);
    const install = new VersionInstall({ files, folders, commands, versions });
    const removal = new VersionRemoval(files, folders, versions, store, guard);
    const exchange = versionExchange(context, { versions, install, removal, folders });
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
      control: async () => ((await clustered()) ? pacemaker : local),
      startedByHand: () => files.remove(paths.leftMark),
      needOnPeer: async (type, version) => exchange?.needThere(type, version),
    };
    const power = new SitePower(parts);
    const making = new SiteMaking(parts);
    const updating = new SiteUpdating(parts, power);
    const address = siteAddress(context);
    const overview = new SiteOverview({ store, units, versions, guard, host: () => address.host() });
    const status = context.status.add(sitesList, () => overview.list());
    const health = {
      system,
      list: () => overview.list(),
      isBusy: (site: string) => guard.isBusy(site),
      clustered,
      pair: () => context.status.get(clusterPair),
    };
    context.addHealthCheck('running', () => sitesHealth(health));
    context.actions.addLater(async () => {
      const [{ siteActions }, { updateActions }, { versionActions }] = await Promise.all([
        import('./actions/site-actions.js'),
        import('./actions/update-actions.js'),
        import('./actions/version-actions.js'),
      ]);
      return [
        ...siteActions(overview, making, power),
        ...updateActions(overview, making, updating),
        ...versionActions({ versions, install, removal, guard, events, exchange }),
      ];
    });
    const memoryNeededMiB = async () => {
      const { sites } = await overview.list();
      return sites.reduce((sum, { memoryLimitMiB }) => sum + (memoryLimitMiB ?? 0), 0);
    };
    context.provideValue(SitesService, { list: () => overview.list(), memoryNeededMiB });
    const capacity = context.find(CapacityService);
    if (capacity !== undefined) context.own(capacity.needMemory(memoryNeededMiB));
    const firmware = context.find(FirmwareWarningsService);
    if (firmware !== undefined) context.own(firmware.warnAbout((version) => overview.warnings(version)));
    const supply =
      exchange === undefined ? undefined : context.own(new VersionSupply({ exchange, store, guard, clock, log }));
    const siteVersions = context.find(SiteVersionsService);
    if (siteVersions !== undefined && supply !== undefined)
      context.own(siteVersions.tellMissing(() => supply.missing()));
    // A new node lacks all versions, one that was away those that came meanwhile.
    events.on(peerEvents.reachable, () => supply?.begin());

    const noted = (failure: unknown) => log.warn({ failure }, 'the sites could not be looked at');
    const tidying = context.own(new SiteTidying({ sites: parts, updating, clock, tell: quiet(noted) }));
    // A node that takes the role over finds what the other one left unfinished.
    let wasActive = false;
    const seen = (list: SitesStatus) => {
      status.set(list);
      if (list.active && !wasActive) {
        tidying.begin();
        supply?.begin();
      }
      wasActive = list.active;
    };
    const watch = context.own(
      new SiteWatch({
        dbus,
        clock,
        units,
        events,
        log,
        changed: () => void overview.list().then(seen, noted),
      }),
    );

    context.own(new HangWatch({ files, events, log }));
    const adoption = context.own(
      new SiteAdoption({
        control: pacemaker,
        store,
        units,
        guard,
        clock,
        log,
        clustered,
        ranWithin: (name, ms) => watch.ranWithin(name, ms),
      }),
    );
    const membership = context.find(MembershipService);
    if (membership !== undefined) context.own(membership.onChanged(() => adoption.begin()));
    if (membership !== undefined) context.own(membership.onChanged(() => supply?.begin()));
    if (membership !== undefined) context.own(membership.onChanged(() => tidying.begin()));

    // In the background: nothing of it is needed for core to be ready.
    void watch.begin().catch(quiet(noted));
    void removal.tidy().catch(noted);
    void exchange?.tidy().catch(noted);
    tidying.begin();
    adoption.begin();
  },
});

/** A host without systemd has no sites, which is nothing to tell. */
function quiet(tell: (failure: unknown) => void): (failure: unknown) => void {
  return (failure) => {
    if (!(failure instanceof ApplianceError) || failure.code !== 'unavailable') tell(failure);
  };
}

/** Undefined where the plugin for the other node is not there. */
function versionExchange(
  context: PluginContext,
  {
    versions,
    install,
    removal,
    folders,
  }: {
    readonly versions: VersionStore;
    readonly install: VersionInstall;
    readonly removal: VersionRemoval;
    readonly folders: SiteFolders;
  },
): VersionExchange | undefined {
  const peer = context.find(PeerService);
  if (peer === undefined) return undefined;
  const { files } = context.system;
  const exchange = new VersionExchange({
    peer,
    versions,
    install,
    pieces: diskParts,
    free: (path) => folders.free(path),
    write: (path, content) => files.write(path, content),
    remove: (path) => files.remove(path),
    removeUnused: (type, version) => removal.removeUnused(type, version),
    arrived: ({ type, version }) => context.events.publish(siteEvents.versionInstalled, { type, version }),
  });
  for (const answering of exchange.answer()) context.own(answering);
  return exchange;
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
