import { ApplianceError, type SettingsAccess } from '@gemel/core/sdk';
import { type TimeService, timeSettings } from './contract.js';
import { timeReports } from './reports.js';
import { parseChronyReport } from './sources/chrony-report.js';
import type { TimeStatus } from './sources/time-status.js';
import type { Chrony } from './system/chrony.js';
import type { TimeDate } from './system/timedate.js';

const nothingKnown = { source: null, stratum: null, offsetSeconds: null, servers: [] } as const;

export class TimeServiceImpl implements TimeService {
  constructor(
    readonly chrony: Chrony,
    readonly timeDate: TimeDate,
    readonly settings: SettingsAccess,
  ) {}

  async status(signal?: AbortSignal): Promise<TimeStatus> {
    const timeZone = (await this.timeDate.timeZone()) ?? null;
    const engine = await this.chrony.state();
    if (engine !== 'running') return { ...nothingKnown, servers: [], state: engine, timeZone };
    const report = parseChronyReport(await this.chrony.report(signal));
    const followed = report.servers.find(({ state }) => state === 'selected');
    const servers = [...report.servers];
    if (servers.length === 0) return { ...nothingKnown, servers, state: 'by-hand', timeZone };
    if (!report.synchronised) return { ...nothingKnown, servers, state: 'unsynchronised', timeZone };
    const { stratum, offsetSeconds } = report;
    return { state: 'synchronised', timeZone, source: followed?.name ?? null, stratum, offsetSeconds, servers };
  }

  /**
   * Sets clock and RTC. timedated refuses while a time service runs, so chrony pauses for it.
   * @throws ApplianceError `conflict` while NTP servers are in force.
   */
  async setByHand(milliseconds: number): Promise<void> {
    const count = Object.keys(this.settings.running(timeSettings).servers).length;
    if (count > 0) {
      const report = timeReports.report('time.set.servers-configured', { count }, 'time/servers');
      throw new ApplianceError('conflict', report.text, { reports: [report] });
    }
    const engine = await this.chrony.state();
    if (engine === 'running') await this.chrony.stop();
    try {
      await this.timeDate.setTime(milliseconds);
    } finally {
      // If core dies before this line, the apply at its next start brings chrony back.
      if (engine === 'running') await this.chrony.start();
    }
  }
}
