import type { ApplyInput, Clock, PlanInput, Report, SectionPlan } from '@gemel/core/sdk';
import { forwardingUnit, rsyslogFile } from '../paths.js';
import { loggingReports } from '../reports.js';
import type { Rsyslog } from '../system/rsyslog.js';
import type { ForwardingSettings } from './forwarding-schema.js';
import type { ForwardingFacts } from './verify-forwarding.js';

type Input = ApplyInput<ForwardingSettings, ForwardingFacts>;

/** A receiver's certificate or name that rsyslogd cannot use shows when it starts; one that ends at once does so before this. */
const standsMs = 500;

export class ForwardingApply {
  constructor(
    readonly rsyslog: Rsyslog,
    readonly clock: Clock,
  ) {}

  /**
   * rsyslogd reads its file when it starts, so it is restarted when the file or a certificate changed. What waits is on disk before it ends.
   * @throws ApplianceError `engine-failed` when rsyslog's checker refuses the file.
   */
  async apply({ rendering, changes }: Input): Promise<void> {
    const state = await this.rsyslog.state();
    if (state === 'absent') return;
    const wanted = rendering.files.find(({ path }) => path === rsyslogFile)?.content;
    if (wanted === undefined) {
      if (state === 'running') await this.rsyslog.stop();
      return;
    }
    const isThere = state === 'running' || (await this.rsyslog.isStarting());
    if (isThere && changes.length === 0 && (await this.rsyslog.inForce()) === wanted) return;
    await this.rsyslog.check(rsyslogFile);
    await this.rsyslog.restart();
  }

  async probe({ settings, rendering, changes }: Input, signal: AbortSignal): Promise<readonly Report[]> {
    const used = Object.keys(settings.destinations).length > 0;
    const state = await this.rsyslog.state();
    if (state === 'absent')
      return used ? [loggingReports.report('logging.engine.absent', { engine: 'rsyslog' }, 'log-forwarding')] : [];
    if (!rendering.files.some(({ path }) => path === rsyslogFile)) return [];
    if (changes.length > 0) await this.clock.sleep(standsMs, signal);
    if ((await this.rsyslog.state()) === 'running') return [];
    return [loggingReports.report('logging.engine.stopped', {}, 'log-forwarding')];
  }
}

export function planForwarding({
  changes,
  settings,
  confirmed,
}: PlanInput<ForwardingSettings, ForwardingFacts>): SectionPlan {
  if (changes.length === 0) return { units: [], interruptions: [] };
  const removed = Object.keys(confirmed.destinations).filter((name) => !(name in settings.destinations));
  const text = 'rsyslog is restarted; what waits for its receivers stays queued and is sent afterwards.';
  const interruptions: SectionPlan['interruptions'][number][] = [
    { subject: 'log forwarding', kind: 'short', expectedMs: 2_000, text },
  ];
  for (const name of removed) {
    const gone = `What still waits for the removed destination ${name} is deleted.`;
    interruptions.push({ subject: `log destination ${name}`, kind: 'lost', expectedMs: null, text: gone });
  }
  return { units: [forwardingUnit], interruptions };
}
