import { ApplianceError, type Clock, type SystemAccess } from '@gemel/core/sdk';
import { forwardingUnit, olderStatisticsFile, statisticsFile } from '../paths.js';
import { type Destination, type ForwardingSettings, portOf } from '../settings/forwarding-schema.js';
import { engineName } from '../settings/render-forwarding.js';
import type { Rsyslog } from '../system/rsyslog.js';
import { type EngineMessage, lastErrorOf, parseEngineMessages } from './engine-messages.js';
import type { DestinationStatus, ForwardingStatus } from './forwarding-status.js';
import { figuresOf, parseStatistics, type QueueFigures } from './statistics.js';

/** Enough to hold a word about each of 32 destinations that all fail. */
const messagesLooked = 500;

export interface ForwardingReaderParts {
  readonly system: Pick<SystemAccess, 'files' | 'commands'>;
  readonly clock: Clock;
  readonly rsyslog: Rsyslog;
  readonly settings: () => ForwardingSettings;
}

/** What forwarding does now: rsyslogd's own figures and messages. */
export class ForwardingReader {
  constructor(readonly parts: ForwardingReaderParts) {}

  async read(signal?: AbortSignal): Promise<ForwardingStatus> {
    const { rsyslog, settings } = this.parts;
    const all = Object.entries(settings().destinations).sort(([a], [b]) => (a < b ? -1 : 1));
    if (all.length === 0) return { state: 'unused', destinations: [] };
    const state = await rsyslog.state();
    if (state === 'absent') return { state, destinations: [] };
    const counts = parseStatistics(await this.#statistics());
    const rows = all.map(([name, destination]) => {
      const figures = state === 'running' ? figuresOf(counts, engineName(name)) : undefined;
      return { name, destination, figures };
    });
    const trouble = state === 'stopped' || rows.some(({ figures }) => figures?.moving === false || figures?.dropped);
    const messages = trouble ? await this.#messages(signal) : [];
    const usersOfTls = all.filter(([, each]) => each.enabled && each.protocol === 'tls').length;
    return {
      state,
      destinations: rows.map(({ name, destination, figures }): DestinationStatus => {
        const error = lastErrorOf(name, destination, messages, usersOfTls);
        return {
          name,
          receiver: receiverOf(destination),
          protocol: destination.protocol,
          state: stateOf(destination, state, figures),
          sent: figures?.sent ?? 0,
          queued: figures?.waiting ?? 0,
          dropped: figures?.dropped ?? 0,
          countedAt: figures?.at ?? null,
          lastError: error?.text ?? null,
          lastErrorAt: error?.at ?? null,
        };
      }),
    };
  }

  /** The two newest counts are in the current file, or one of them in the file before it. */
  async #statistics(): Promise<string> {
    const { files } = this.parts.system;
    const [older = '', current = ''] = await Promise.all([files.read(olderStatisticsFile), files.read(statisticsFile)]);
    return tail(older) + tail(current);
  }

  async #messages(signal: AbortSignal | undefined): Promise<readonly EngineMessage[]> {
    const argv = ['--quiet', '--output=json', '--output-fields=MESSAGE', `--lines=${messagesLooked}`] as const;
    const since = new Date(this.parts.clock.now() - 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    try {
      const { exitCode, stdout } = await this.parts.system.commands.run(
        ['journalctl', ...argv, `--since=${since} UTC`, `--unit=${forwardingUnit}`],
        signal === undefined ? {} : { signal },
      );
      return exitCode === 0 ? parseEngineMessages(stdout) : [];
    } catch (failure) {
      // The figures say that nothing gets through; why is left open.
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return [];
      throw failure;
    }
  }
}

function stateOf(
  { enabled }: Destination,
  state: 'running' | 'stopped',
  figures: Pick<QueueFigures, 'moving'> | undefined,
): DestinationStatus['state'] {
  if (!enabled) return 'off';
  if (state === 'stopped') return 'stopped';
  if (figures?.moving === undefined) return 'starting';
  return figures.moving ? 'sending' : 'waiting';
}

export function receiverOf(destination: Destination): string {
  const { host } = destination;
  return host.includes(':') ? `[${host}]:${portOf(destination)}` : `${host}:${portOf(destination)}`;
}

/** The figures of some counts of all destinations; a file holds those of many minutes. */
function tail(text: string): string {
  const most = 65_536;
  return text.length <= most ? text : text.slice(text.indexOf('\n', text.length - most) + 1);
}
