import { type Cell, type CellLike, defineStatus, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { protocols } from '../settings/forwarding-schema.js';

const destinationSchema = z.lazy(() =>
  z.object({
    name: z.string().describe('As in the settings.'),
    receiver: z.string().describe('Host and port.'),
    protocol: z.enum(protocols).describe('How it is sent.'),
    state: z
      .enum(['sending', 'waiting', 'off', 'starting', 'stopped'])
      .describe(
        '`waiting`: entries wait and none gets through. `starting`: not counted often enough yet. `stopped`: rsyslogd does not run.',
      ),
    sent: z.number().describe('Entries given to the receiver since rsyslogd was started.'),
    queued: z.number().describe('Entries that wait.'),
    dropped: z.number().describe('Entries dropped for want of room in the queue, since rsyslogd was started.'),
    countedAt: z.number().nullable().describe('When rsyslogd counted last, seconds since 1970.'),
    lastError: z.string().nullable().describe('What rsyslogd said last about it in the past hour; null: nothing.'),
    lastErrorAt: z.number().nullable().describe('When, milliseconds since 1970.'),
  }),
);
export type DestinationStatus = z.output<typeof destinationSchema>;

const forwardingStatusSchema = z.lazy(() =>
  z.object({
    state: z
      .enum(['unused', 'running', 'stopped', 'absent'])
      .describe('Of rsyslogd. `unused`: no destination is entered. `absent`: it is not on this host.'),
    destinations: z.array(destinationSchema).describe('By name.'),
  }),
);
export type ForwardingStatus = z.output<typeof forwardingStatusSchema>;

export const logForwarding = defineStatus<ForwardingStatus>({
  id: 'logging.forwarding',
  title: 'Log forwarding',
  schema: forwardingStatusSchema,
  present: presentForwarding,
  overview: (status) => (status.state === 'unused' ? [] : [['Log forwarding', summary(status)]]),
});

function summary({ state, destinations }: ForwardingStatus): Cell {
  if (state === 'absent') return { text: 'rsyslog is not on this host', tone: 'muted' };
  if (state === 'stopped') return { text: 'rsyslogd does not run', tone: 'bad' };
  const waiting = destinations.filter((each) => each.state === 'waiting').map(({ name }) => name);
  const dropped = destinations.filter((each) => each.dropped > 0).map(({ name }) => name);
  const parts = [`${destinations.length} destination${destinations.length === 1 ? '' : 's'}`];
  if (waiting.length > 0) parts.push(`nothing gets through to ${waiting.join(', ')}`);
  if (dropped.length > 0) parts.push(`entries dropped for ${dropped.join(', ')}`);
  return { text: parts.join(', '), tone: waiting.length + dropped.length > 0 ? 'warn' : 'ok' };
}

export function presentForwarding(status: ForwardingStatus): View {
  const table: View = {
    kind: 'table',
    columns: ['Destination', 'Receiver', 'Protocol', 'State', 'Sent', 'Queued', 'Dropped'],
    rows: status.destinations.map(row),
    empty: 'The log is not forwarded. Enter a receiver: gemel log destination add NAME --host HOST',
  };
  const errors = status.destinations.flatMap(({ name, lastError, lastErrorAt }): View[] =>
    lastError === null || lastErrorAt === null
      ? []
      : [{ kind: 'text', text: `${name}, ${when(lastErrorAt)}: ${lastError}`, tone: 'warn' }],
  );
  return { kind: 'group', views: [{ kind: 'fields', fields: [['State', summary(status)]] }, table, ...errors] };
}

function row(each: DestinationStatus): readonly CellLike[] {
  const { name, receiver, protocol, state, sent, queued, dropped } = each;
  return [
    name,
    receiver,
    protocol,
    states[state],
    String(sent),
    String(queued),
    dropped > 0 ? { text: String(dropped), tone: 'bad' } : '0',
  ];
}

const states: Readonly<Record<DestinationStatus['state'], Cell>> = {
  sending: { text: 'sending', tone: 'ok' },
  waiting: { text: 'nothing gets through', tone: 'bad' },
  off: { text: 'off', tone: 'muted' },
  starting: { text: 'starting', tone: 'pending' },
  stopped: { text: 'rsyslogd does not run', tone: 'bad' },
};

function when(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').slice(0, 19);
}
