import { type AnyAction, ApplianceError, defineAction, defineDraftAction, type SettingsAccess } from '@gemel/core/sdk';
import { z } from 'zod';
import { timeSettings } from './contract.js';
import { ntpServerOptions, ntpServerSchema } from './settings/schema.js';
import { presentTime, timeSynchronisation } from './sources/time-status.js';
import type { TimeServiceImpl } from './time-service.js';

/** `gemel time …`. Changes of settings go to the draft, as everywhere. */
export function timeActions(settings: SettingsAccess, time: TimeServiceImpl): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'time.show',
      summary: 'Show time zone, synchronisation and each NTP server.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: timeSynchronisation.schema,
      present: presentTime,
      run: (_input, { signal }) => time.status(signal),
    }),
    defineDraftAction(settings, {
      id: 'time.server.add',
      summary: 'Add an NTP server to the draft, or change one. What is not given stays.',
      input: ntpServerOptions.extend({ server: z.string().describe('Host name or IP address.') }),
      positionals: ['server'],
      section: timeSettings,
      change(draft, { server, ...options }) {
        const changed = ntpServerSchema.parse({ ...draft.servers[server], ...options });
        return {
          settings: { ...draft, servers: { ...draft.servers, [server]: changed } },
          changed: `NTP server ${server}`,
        };
      },
    }),
    defineDraftAction(settings, {
      id: 'time.server.remove',
      summary: 'Remove an NTP server from the draft.',
      input: z.strictObject({ server: z.string().describe('As it was entered.') }),
      positionals: ['server'],
      section: timeSettings,
      change(draft, { server }) {
        const { [server]: removed, ...servers } = draft.servers;
        if (removed === undefined) {
          const known = Object.keys(draft.servers).join(', ') || 'none';
          throw new ApplianceError('not-found', `NTP server ${server} is not in the draft. Entered are: ${known}.`);
        }
        return { settings: { ...draft, servers }, changed: `NTP server ${server} removed` };
      },
    }),
    defineDraftAction(settings, {
      id: 'time.zone.set',
      summary: 'Put a time zone into the draft.',
      input: z.strictObject({ zone: z.string().describe('IANA name, such as Europe/Berlin.') }),
      positionals: ['zone'],
      section: timeSettings,
      change: (draft, { zone }) => ({ settings: { ...draft, timeZone: zone }, changed: `time zone ${zone}` }),
    }),
    ...clockActions(time),
  ];
}

function clockActions(time: TimeServiceImpl): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'time.set',
      summary: 'Set the clock by hand, where no NTP server is entered.',
      role: 'administrator',
      input: z.strictObject({
        time: z.iso
          .datetime({ offset: true })
          .describe('Date and time with offset, such as 2026-11-21T20:15:00+01:00 or 2026-11-21T19:15:00Z.')
          .meta({ examples: ['2026-11-21T20:15:00+01:00'] }),
      }),
      output: z.object({ time: z.string().describe('What the clock says now, ISO 8601.') }),
      positionals: ['time'],
      confirmation: 'Set the clock to {time}? Logs and certificates follow the new time at once.',
      present: ({ time: set }) => ({ kind: 'text', text: `The clock was set to ${set}.`, tone: 'ok' }),
      async run(input) {
        await time.setByHand(Date.parse(input.time));
        return { time: new Date(Date.parse(input.time)).toISOString() };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'time.step',
      summary: 'Correct the clock at once to the time of its servers, instead of gradually.',
      role: 'administrator',
      input: z.strictObject({}),
      output: timeSynchronisation.schema,
      confirmation: 'Let the clock jump to the time of its servers? Programs that compare times may be confused.',
      present: presentTime,
      async run(_input, { signal }) {
        await time.chrony.stepNow();
        return await time.status(signal);
      },
    }),
  ];
}
