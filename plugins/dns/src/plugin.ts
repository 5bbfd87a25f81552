import { definePlugin } from '@gemel/core/sdk';
import { NetworkService } from '@gemel/plugin-network/contract';
import { DnsService, dnsSettings } from './contract.js';
import { DnsServiceImpl } from './dns-service.js';
import { dnsResolution } from './servers/dns-status.js';
import { DnsWatch } from './servers/dns-watch.js';
import { checkServers } from './servers/server-check.js';
import { DnsApply } from './settings/apply.js';
import { dnsSection } from './settings/section.js';
import { Resolved } from './system/resolved.js';

export default definePlugin({
  id: 'dns',
  activate(context) {
    const { system, settings, events, log } = context;
    const { clock, commands } = system;
    const resolved = new Resolved(system);
    const apply = new DnsApply(resolved, commands, () => clock.now());
    settings.add(dnsSection(apply));
    const probe = context.find(NetworkService)?.addProbe({
      what: 'Whether the DNS servers answer',
      look: (signal) => apply.afterNetwork(settings.running(dnsSettings), signal),
    });
    if (probe !== undefined) context.own(probe);

    const watch: DnsWatch = context.own(
      new DnsWatch({
        clock,
        events,
        log,
        check: (signal) => checkServers(commands, settings.running(dnsSettings), () => clock.now(), signal),
        onChecked: () => void refresh(),
      }),
    );
    const service = new DnsServiceImpl(resolved, settings, (server) => watch.resultFor(server));
    context.provideValue(DnsService, service);
    const publisher = context.status.add(dnsResolution, () => service.status());
    const refresh = async () => {
      try {
        publisher.set(await service.status());
      } catch (err) {
        log.warn({ err }, 'resolved could not be asked');
      }
    };
    context.actions.addLater(async () => {
      const { dnsActions } = await import('./actions.js');
      return dnsActions(settings, service, watch);
    });
    settings.onApplied(dnsSettings, () => void watch.check());

    context.addHealthCheck('resolved', async () => {
      const state = await resolved.state();
      if (state === 'stopped') return { healthy: false, reason: 'systemd-resolved.service does not run' };
      return { healthy: true, reason: state === 'absent' ? 'resolved is not on this host' : 'resolved runs' };
    });
  },
});
