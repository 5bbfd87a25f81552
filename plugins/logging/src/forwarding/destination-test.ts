import { ApplianceError, type Clock, type CommandRunner } from '@gemel/core/sdk';
import { z } from 'zod';
import { forwardingUnit } from '../paths.js';
import type { Destination } from '../settings/forwarding-schema.js';
import { severities } from '../settings/forwarding-schema.js';
import type { ForwardingReader } from './forwarding-reader.js';

export const testResultSchema = z.object({
  result: z
    .enum(['confirmed', 'sent', 'waiting', 'filtered'])
    .describe(
      '`confirmed`: the receiver took it (RELP). `sent`: handed to the network, which on TCP means a connection to the right receiver. `waiting`: it is still queued. `filtered`: the filter of the destination leaves it out.',
    ),
  message: z.string().describe('The text to look for at the receiver.'),
  text: z.string().describe('The result in words.'),
});
export type DestinationTestResult = z.output<typeof testResultSchema>;

/** rsyslogd counts every 5 s; the message must be read, sent and counted. */
const patienceMs = 22_000;
const lookEveryMs = 1_000;

export interface DestinationTestParts {
  readonly commands: CommandRunner;
  readonly clock: Clock;
  readonly reader: Pick<ForwardingReader, 'read'>;
}

/** Sends a message the way of all others, through the journal, and follows it by rsyslogd's figures. */
export class DestinationTest {
  constructor(readonly parts: DestinationTestParts) {}

  /** @throws ApplianceError `unavailable` when rsyslogd does not run. */
  async run(
    name: string,
    destination: Destination,
    caller: string,
    signal: AbortSignal,
  ): Promise<DestinationTestResult> {
    const { commands, clock } = this.parts;
    const { filter } = destination;
    const severity = severities.indexOf(filter.severity) < severities.indexOf('notice') ? filter.severity : 'notice';
    const facility = filter.facilities[0] ?? 'daemon';
    const message = `Test of log destination ${name} by ${caller}, number ${clock.now()}`;
    const { sent: before } = await this.#look(name, signal);
    await commands.run(
      [
        'logger',
        '--socket=/run/systemd/journal/dev-log',
        '--tag=gemel-log-test',
        `--priority=${facility}.${severity}`,
        '--',
        message,
      ],
      {
        signal,
      },
    );
    if (filter.units.length > 0) {
      const text = `${name} is sent entries of ${filter.units.join(', ')} only, of which this message is none. Look at gemel log forwarding instead.`;
      return { result: 'filtered', message, text };
    }
    const end = clock.monotonic() + patienceMs;
    // A count that began after the message was read has it; the one under way may not.
    let counts = 0;
    let lastAt = 0;
    /** As many are sent when all that was in the queue with the message has left it, while newer ones come. */
    let target: number | undefined;
    for (;;) {
      await clock.sleep(lookEveryMs, signal);
      const { at, sent, queued, error } = await this.#look(name, signal);
      if (at > lastAt) {
        lastAt = at;
        counts += 1;
      }
      if (counts > 1) target ??= sent + queued;
      // what an earlier rsyslogd left on disk is sent without being counted: then only an empty queue says it
      const isThrough = target !== undefined && (queued === 0 || sent >= target);
      if (isThrough && sent > before) return { message, ...arrived(name, destination) };
      if (clock.monotonic() < end) continue;
      const reason = error === null ? '' : ` rsyslogd says: ${error}.`;
      const text = `The message waits with ${Math.max(0, queued - 1)} others in the queue of ${name}.${reason} It is sent when the receiver takes entries again.`;
      return { result: 'waiting', message, text };
    }
  }

  async #look(name: string, signal: AbortSignal) {
    const { state, destinations } = await this.parts.reader.read(signal);
    if (state !== 'running') {
      const why = state === 'stopped' ? 'rsyslogd does not run' : 'rsyslog is not on this host';
      const text = `Nothing is sent to ${name}: ${why}. See gemel log show --unit ${forwardingUnit}.`;
      throw new ApplianceError('unavailable', text);
    }
    const found = destinations.find((each) => each.name === name);
    return {
      at: found?.countedAt ?? 0,
      sent: found?.sent ?? 0,
      queued: found?.queued ?? 0,
      error: found?.lastError ?? null,
    };
  }
}

function arrived(name: string, { protocol }: Destination): Omit<DestinationTestResult, 'message'> {
  if (protocol === 'relp' || protocol === 'relp-tls')
    return { result: 'confirmed', text: `The receiver of ${name} confirmed the message.` };
  const sure =
    protocol === 'udp'
      ? 'UDP tells nothing of whether it arrived'
      : protocol === 'tls'
        ? 'the receiver proved who it is; TLS does not tell whether it kept the message'
        : 'the connection stands; TCP does not tell whether the receiver kept the message';
  return { result: 'sent', text: `The message was sent to the receiver of ${name}: ${sure}. Look for it there.` };
}
