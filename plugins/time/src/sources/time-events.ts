import { defineEvent } from '@gemel/core/sdk';
import { z } from 'zod';
import type { TimeStatus } from './time-status.js';

export const timeEvents = {
  synchronised: defineEvent({
    id: 'time.synchronised',
    summary: 'The clock began to follow an NTP server.',
    schema: z.object({ server: z.string(), offsetSeconds: z.number() }),
  }),
  lost: defineEvent({
    id: 'time.lost',
    summary: 'The clock no longer follows any NTP server.',
    schema: z.object({ reason: z.enum(['unsynchronised', 'by-hand', 'stopped', 'absent']) }),
  }),
  falseTickerFound: defineEvent({
    id: 'time.false-ticker.found',
    summary: 'An NTP server tells another time than the others.',
    schema: z.object({ server: z.string(), offsetSeconds: z.number() }),
  }),
  stepped: defineEvent({
    id: 'time.stepped',
    summary: 'The wall clock jumped. Timers of Gemel and of Corosync count monotonic time and are not concerned.',
    schema: z.object({ seconds: z.number().describe('Positive: forward.') }),
  }),
};

export interface TimeFindings {
  readonly synchronised?: { readonly server: string; readonly offsetSeconds: number };
  readonly lost?: { readonly reason: 'unsynchronised' | 'by-hand' | 'stopped' | 'absent' };
  readonly falseTickers: readonly { readonly server: string; readonly offsetSeconds: number }[];
}

/** What happened between two looks. Nothing is lost at the first look, when there is no `before`. */
export function compareTime(before: TimeStatus | undefined, after: TimeStatus): TimeFindings {
  const known = new Set(before?.servers.filter(isFalseTicker).map(placeOf));
  const falseTickers = after.servers
    .filter((server) => isFalseTicker(server) && !known.has(placeOf(server)))
    .map((server) => ({ server: placeOf(server), offsetSeconds: server.offsetSeconds ?? 0 }));
  if (after.state === 'synchronised') {
    if (before?.state === 'synchronised') return { falseTickers };
    return { synchronised: { server: after.source ?? '', offsetSeconds: after.offsetSeconds ?? 0 }, falseTickers };
  }
  return before?.state === 'synchronised' ? { lost: { reason: after.state }, falseTickers } : { falseTickers };
}

function isFalseTicker({ state }: TimeStatus['servers'][number]): boolean {
  return state === 'false-ticker';
}

function placeOf({ name, address }: TimeStatus['servers'][number]): string {
  return address ?? name;
}
