import { definePlugin } from '@gemel/core/sdk';
import { PeerService } from '@gemel/plugin-peer/contract';
import { forwardingSettings, logForwarding } from './contract.js';
import { ForwardingReader } from './forwarding/forwarding-reader.js';
import { ForwardingWatch } from './forwarding/forwarding-watch.js';
import { ToldDestinations } from './forwarding/told-destinations.js';
import { ForwardingApply } from './settings/apply-forwarding.js';
import { forwardingSection } from './settings/forwarding-section.js';
import { journalSection } from './settings/journal-section.js';
import { Rsyslog } from './system/rsyslog.js';

export default definePlugin({
  id: 'logging',
  activate(context) {
    const { system, settings, events, log } = context;
    const { clock, commands, files, units } = system;
    const rsyslog = new Rsyslog(system);
    settings.add(journalSection(units, files));
    settings.add(forwardingSection(new ForwardingApply(rsyslog, clock), files));

    const reader = new ForwardingReader({
      system,
      clock,
      rsyslog,
      settings: () => settings.running(forwardingSettings),
    });
    const status = context.status.add(logForwarding, (signal) => reader.read(signal));
    const watch = context.own(
      new ForwardingWatch({
        clock,
        events,
        log,
        status,
        told: new ToldDestinations(files, `${context.dataFolder}/destinations-told.json`),
        read: () => reader.read(),
        restart: () => rsyslog.restart(),
      }),
    );
    settings.onApplied(forwardingSettings, ({ destinations }) => watch.turn(Object.keys(destinations).length > 0));

    const peer = context.find(PeerService);
    if (peer !== undefined) {
      const answer = async () => {
        const [{ answerJournalRequests }, { Journal }] = await Promise.all([
          import('./journal/journal-request.js'),
          import('./journal/journal.js'),
        ]);
        return [answerJournalRequests(peer, new Journal(commands))];
      };
      context.own(peer.handleLater(answer));
    }
    context.actions.addLater(async () => {
      const [
        { destinationActions },
        { DestinationTest },
        { showAction },
        { streamActions },
        { journalStream },
        { Journal },
      ] = await Promise.all([
        import('./forwarding/destination-actions.js'),
        import('./forwarding/destination-test.js'),
        import('./journal/show-action.js'),
        import('./journal/stream-actions.js'),
        import('./system/journal-stream.js'),
        import('./journal/journal.js'),
      ]);
      const test = new DestinationTest({ commands, clock, reader });
      return [
        showAction(new Journal(commands), peer),
        ...streamActions({ stream: journalStream, peer, clock }),
        ...destinationActions({ settings, reader, test }),
      ];
    });

    context.addHealthCheck('rsyslog', async () => {
      const used = Object.values(settings.running(forwardingSettings).destinations).some(({ enabled }) => enabled);
      if (!used) return { healthy: true, reason: 'the log is not forwarded' };
      const state = await rsyslog.state();
      if (state === 'stopped') return { healthy: false, reason: 'gemel-log-forwarding.service does not run' };
      return { healthy: true, reason: state === 'absent' ? 'rsyslog is not on this host' : 'rsyslogd runs' };
    });
  },
});
