import { type CellLike, defineStatus, type Tone, type View } from '@gemel/core/sdk';
import { z } from 'zod';

export const serverStates = [
  'selected',
  'combined',
  'candidate',
  'waiting',
  'false-ticker',
  'unstable',
  'unsynchronised',
  'too-uncertain',
  'no-answer',
] as const;
export type ServerState = (typeof serverStates)[number];

const words: Readonly<Record<ServerState, { readonly text: string; readonly tone: Tone }>> = {
  selected: { text: 'followed', tone: 'ok' },
  combined: { text: 'combined', tone: 'ok' },
  candidate: { text: 'agrees, not needed', tone: 'plain' },
  waiting: { text: 'waits for other servers to answer', tone: 'pending' },
  'false-ticker': { text: 'false ticker: disagrees with the others', tone: 'bad' },
  unstable: { text: 'too unsteady', tone: 'warn' },
  unsynchronised: { text: 'has no time itself', tone: 'warn' },
  'too-uncertain': { text: 'too uncertain or too old', tone: 'warn' },
  'no-answer': { text: 'no answer', tone: 'bad' },
};

const serverSchema = z.lazy(() =>
  z.object({
    name: z.string().describe('Name or address as entered; of a pool, each of its servers has its own row.'),
    address: z.string().nullable().describe('Null while its name could not be resolved.'),
    state: z.enum(serverStates).describe('What chrony makes of it.'),
    stratum: z.number().describe('Steps from a reference clock; 0 when it never answered.'),
    pollSeconds: z.number().describe('Time between two requests.'),
    answered: z.number().describe('Of the last eight requests, how many were answered.'),
    lastAnswerSeconds: z.number().nullable().describe('How long ago its last answer came.'),
    offsetSeconds: z.number().nullable().describe('How far this clock is ahead of it (negative: behind).'),
    errorSeconds: z.number().nullable().describe('How uncertain the offset is.'),
    nts: z.enum(['off', 'pending', 'established', 'failed']).describe('Whether its answers are authenticated.'),
  }),
);
export type NtpServerStatus = z.output<typeof serverSchema>;

const timeStatusSchema = z.lazy(() =>
  z.object({
    state: z
      .enum(['synchronised', 'unsynchronised', 'by-hand', 'stopped', 'absent'])
      .describe('`by-hand`: no NTP server is entered. `stopped`, `absent`: about chrony.'),
    timeZone: z.string().nullable().describe('IANA name; null when timedated does not answer.'),
    source: z.string().nullable().describe('The server that is followed.'),
    stratum: z.number().nullable().describe('Steps from a reference clock.'),
    offsetSeconds: z.number().nullable().describe('How far the system clock is ahead of NTP time.'),
    servers: z.array(serverSchema).describe('In the order of the settings.'),
  }),
);
export type TimeStatus = z.output<typeof timeStatusSchema>;

export const timeSynchronisation = defineStatus<TimeStatus>({
  id: 'time.synchronisation',
  title: 'Time',
  schema: timeStatusSchema,
  present: presentTime,
  overview: (status) => [['Time', summary(status)]],
});

function summary({ state, source, offsetSeconds, servers }: TimeStatus): {
  readonly text: string;
  readonly tone: Tone;
} {
  const wrong = servers.filter((server) => server.state === 'false-ticker').map(({ name }) => name);
  const complaint = wrong.length === 0 ? '' : `, wrong time from ${wrong.join(', ')}`;
  switch (state) {
    case 'synchronised': {
      const text = `follows ${source ?? 'no server now'}, ${formatSeconds(offsetSeconds)} off${complaint}`;
      return { text, tone: wrong.length > 0 || source === null ? 'warn' : 'ok' };
    }
    case 'unsynchronised':
      return {
        text: `not synchronised: ${servers.filter(({ answered }) => answered > 0).length} of ${servers.length} servers answer${complaint}`,
        tone: 'warn',
      };
    case 'by-hand':
      return { text: 'set by hand: no NTP server is entered', tone: 'muted' };
    case 'stopped':
      return { text: 'chrony does not run', tone: 'bad' };
    case 'absent':
      return { text: 'chrony is not on this host', tone: 'muted' };
  }
}

export function presentTime(status: TimeStatus): View {
  const fields: (readonly [string, CellLike])[] = [
    ['State', summary(status)],
    ['Time zone', status.timeZone ?? { text: 'timedated is not on this host', tone: 'muted' }],
  ];
  if (status.stratum !== null) fields.push(['Stratum', String(status.stratum)]);
  return {
    kind: 'group',
    views: [
      { kind: 'fields', fields },
      {
        kind: 'table',
        title: 'NTP servers',
        columns: ['Server', 'State', 'Offset', 'Stratum', 'Answered', 'Last answer', 'Every', 'NTS'],
        rows: status.servers.map(presentServer),
        empty: 'No NTP server is in use.',
      },
    ],
  };
}

function presentServer(server: NtpServerStatus): readonly CellLike[] {
  return [
    server.address === null || server.address === server.name ? server.name : `${server.name} (${server.address})`,
    server.address === null ? { text: 'name not resolved', tone: 'bad' } : words[server.state],
    formatSeconds(server.offsetSeconds),
    server.stratum === 0 ? '-' : String(server.stratum),
    `${server.answered} of last 8`,
    server.lastAnswerSeconds === null ? 'never' : `${server.lastAnswerSeconds} s ago`,
    `${server.pollSeconds} s`,
    { text: server.nts, tone: server.nts === 'failed' ? 'bad' : server.nts === 'established' ? 'ok' : 'muted' },
  ];
}

/** Signed, in the unit that leaves one to three digits before the point. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null) return '-';
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? '-' : '+';
  if (size >= 1) return `${sign}${size.toFixed(2)} s`;
  if (size >= 0.001) return `${sign}${(size * 1_000).toFixed(1)} ms`;
  return `${sign}${Math.round(size * 1_000_000)} µs`;
}
