import { asApplianceError, definePlugin, type PluginContext } from '@gemel/core/sdk';
import { networkSection, NetworkService } from './contract.js';
import { configurationChanged } from './events.js';
import { LiveNetwork } from './network-service.js';
import { networkdUnit } from './networkd/names.js';
import { noFacts } from './settings/facts.js';
import { networkModel } from './settings/network-model.js';
import { createNetworkSection } from './settings/section.js';
import { watchNetwork } from './state/network-watch.js';
import { bondsStatus, linksStatus, routesStatus, vlansStatus } from './state/status.js';
import { statusValues, type StatusValues } from './state/status-values.js';
import { FactsReader } from './system/facts-reader.js';
import { Neighbours } from './system/neighbours.js';
import { Networkd } from './system/networkd.js';
import { type RouteFact, readRoutes } from './system/route-reader.js';

export default definePlugin({
  id: 'network',
  activate(context) {
    const { system, settings, events, status, log } = context;
    const running = () => settings.running(networkSection);
    const network = new LiveNetwork(system, running);
    settings.add(createNetworkSection(system, network.probes));
    context.provideValue(NetworkService, network);

    const read = async (signal?: AbortSignal): Promise<StatusValues> => {
      const [{ states }, routes, draft] = await Promise.all([
        network.observe(signal),
        routesOf(context, signal),
        settings.draft(networkSection),
      ]);
      return statusValues(states, routes, running(), draft);
    };
    const links = status.add(linksStatus, async (signal) => (await read(signal)).links);
    const bonds = status.add(bondsStatus, async (signal) => (await read(signal)).bonds);
    const vlans = status.add(vlansStatus, async (signal) => (await read(signal)).vlans);
    const routes = status.add(routesStatus, async (signal) => (await read(signal)).routes);

    const facts = new FactsReader(system);
    const currentLinks = async (signal: AbortSignal) => (await facts.read(signal)).links;
    const neighbours = new Neighbours(system.commands, system.clock);
    const surroundings = { settings, links: currentLinks };
    const checks = { settings, neighbours, files: system.files, links: currentLinks };
    context.actions.addLater(async () => {
      const { networkActions } = await import('./actions.js');
      return networkActions(surroundings, checks, () => running().mode, read);
    });

    context.own(
      settings.onApplied(networkSection, (applied) => {
        events.publish(configurationChanged, {
          mode: applied.mode,
          interfaces: networkModel(applied, noFacts).interfaces.size,
        });
      }),
    );
    const networkd = new Networkd(system.dbus, system.units);
    const changed = async () => {
      const values = await read();
      links.set(values.links);
      bonds.set(values.bonds);
      vlans.set(values.vlans);
      routes.set(values.routes);
    };
    context.own(watchNetwork({ network, networkd, events, clock: system.clock, log, changed }));

    context.addHealthCheck('engine', async () => {
      const { activeState } = await system.units.status(networkdUnit);
      const healthy = activeState === 'active' || activeState === 'reloading';
      return { healthy, reason: healthy ? '' : `${networkdUnit} is ${activeState}` };
    });
  },
});

/** Undefined where nobody can tell, as on the sandbox host. */
async function routesOf(
  { system }: PluginContext,
  signal: AbortSignal | undefined,
): Promise<readonly RouteFact[] | undefined> {
  try {
    return await readRoutes(system.commands, signal);
  } catch (failure) {
    if (asApplianceError(failure).code === 'unavailable') return undefined;
    throw failure;
  }
}
