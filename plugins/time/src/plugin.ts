import { definePlugin } from '@gemel/core/sdk';
import { TimeService, timeSettings } from './contract.js';
import { TimeApply } from './settings/apply.js';
import { timeSection } from './settings/section.js';
import { timeSynchronisation } from './sources/time-status.js';
import { TimeWatch } from './sources/time-watch.js';
import { Chrony } from './system/chrony.js';
import { TimeDate } from './system/timedate.js';
import { TimeServiceImpl } from './time-service.js';

export default definePlugin({
  id: 'time',
  activate(context) {
    const { system, settings, events, log } = context;
    const chrony = new Chrony(system);
    const timeDate = new TimeDate(system.dbus);
    const time = new TimeServiceImpl(chrony, timeDate, settings);
    context.provideValue(TimeService, time);
    settings.add(timeSection(new TimeApply(chrony, timeDate, system.clock), system.files));
    context.actions.addLater(async () => {
      const { timeActions } = await import('./actions.js');
      return timeActions(settings, time);
    });

    const read = (signal?: AbortSignal) => time.status(signal);
    const publisher = context.status.add(timeSynchronisation, read);
    const watch = context.own(new TimeWatch({ clock: system.clock, events, log, status: publisher, read }));
    settings.onApplied(timeSettings, () => void watch.look());

    context.addHealthCheck('chrony', async () => {
      const state = await chrony.state();
      if (state === 'stopped') return { healthy: false, reason: 'chrony.service does not run' };
      return { healthy: true, reason: state === 'absent' ? 'chrony is not on this host' : 'chrony runs' };
    });
  },
});
