import type { ApplyInput, Clock, PlanInput, Report, SectionPlan } from '@gemel/core/sdk';
import { timeReports } from '../reports.js';
import { parseChronyReport } from '../sources/chrony-report.js';
import { type Chrony, chronyUnit } from '../system/chrony.js';
import type { TimeDate } from '../system/timedate.js';
import type { TimeFacts } from './facts.js';
import { sourcesFile } from './render.js';
import type { TimeSettings } from './schema.js';

type Input = ApplyInput<TimeSettings, TimeFacts>;

/** iburst gets its first answer within two seconds; longer only delays the operator, it does not undo anything. */
const firstAnswerMs = 4_000;
const lookEveryMs = 500;

export class TimeApply {
  constructor(
    readonly chrony: Chrony,
    readonly timeDate: TimeDate,
    readonly clock: Clock,
  ) {}

  /** Brings chrony and timedated to the settings. Engines that are not on this host are left out; `probe` says so. */
  async apply({ settings }: Input): Promise<void> {
    const state = await this.chrony.state();
    if (state !== 'absent') {
      await this.chrony.check(sourcesFile);
      // chronyd reads its sources when it starts.
      if (state === 'running') await this.chrony.reloadSources();
      else await this.chrony.start();
    }
    const zone = await this.timeDate.timeZone();
    if (zone !== undefined && zone !== settings.timeZone) await this.timeDate.setTimeZone(settings.timeZone);
  }

  /** Warnings at most: a wrong clock source cuts nobody off. */
  async probe({ settings, changes, reason }: Input, signal: AbortSignal): Promise<readonly Report[]> {
    const zone = await this.timeDate.timeZone();
    const reports: Report[] = [];
    if (zone === undefined)
      reports.push(timeReports.report('time.engine.absent', { engine: 'systemd-timedated' }, 'time/timeZone'));
    else if (zone !== settings.timeZone) {
      const params = { actual: zone, wanted: settings.timeZone };
      reports.push(timeReports.report('time.zone.not-applied', params, 'time/timeZone'));
    }
    const state = await this.chrony.state();
    if (state === 'absent')
      reports.push(timeReports.report('time.engine.absent', { engine: 'chrony' }, 'time/servers'));
    if (state === 'stopped') reports.push(timeReports.report('time.engine.stopped', {}, 'time/servers'));
    const changed = reason === 'activate' && changes.length > 0 && Object.keys(settings.servers).length > 0;
    if (state === 'running' && changed && !(await this.anyServerAnswers(signal))) {
      const seconds = firstAnswerMs / 1_000;
      reports.push(timeReports.report('time.server.none-answering', { seconds }, 'time/servers'));
    }
    return reports;
  }

  async anyServerAnswers(signal: AbortSignal): Promise<boolean> {
    const end = this.clock.monotonic() + firstAnswerMs;
    for (;;) {
      const { servers } = parseChronyReport(await this.chrony.report(signal));
      if (servers.some(({ answered }) => answered > 0)) return true;
      if (this.clock.monotonic() >= end) return false;
      await this.clock.sleep(lookEveryMs, signal);
    }
  }
}

export function planTime({ changes, settings, confirmed }: PlanInput<TimeSettings, TimeFacts>): SectionPlan {
  const interruptions: SectionPlan['interruptions'][number][] = [];
  if (changes.length > 0) {
    const text =
      'chrony takes over the new servers while it runs. A clock that no server has set since the start may be stepped, by any amount; one that was set is corrected gradually.';
    interruptions.push({ subject: 'chrony', kind: 'reload', expectedMs: 0, text });
  }
  if (settings.timeZone !== confirmed.timeZone) {
    const text = `Local time becomes that of ${settings.timeZone}; programs that already run may show the old one.`;
    interruptions.push({ subject: 'time zone', kind: 'none', expectedMs: 0, text });
  }
  return { units: changes.length > 0 ? [chronyUnit] : [], interruptions };
}
