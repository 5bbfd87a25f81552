import { type AnyAction, defineAction, defineDraftAction, type SettingsAccess } from '@gemel/core/sdk';
import { z } from 'zod';
import { deviceSettings } from './contract.js';
import type { DeviceServiceImpl } from './device-service.js';
import { deviceIdentity, presentIdentity } from './identity/identity-status.js';
import type { Power } from './power/power.js';

const powerInput = z.strictObject({
  delaySeconds: z.int().min(0).max(604_800).default(0).describe('Wait this long first; at most a week.'),
  force: z.boolean().default(false).describe('Also while a change awaits confirmation, which is then taken back.'),
});
const powerOutput = z.object({ at: z.number().describe('Wall clock, milliseconds since 1970.') });

/** `gemel device …`. */
export function deviceActions(settings: SettingsAccess, device: DeviceServiceImpl, power: Power): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'device.show',
      summary: 'Show name, version, uptime and what is scheduled.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: deviceIdentity.schema,
      present: presentIdentity,
      run: () => device.identity(),
    }),
    defineDraftAction(settings, {
      id: 'device.host-name.set',
      summary: 'Put a host name, and with it a domain, into the draft.',
      input: z.strictObject({
        hostName: z.string().describe('Without domain.'),
        domain: z.string().optional().describe('The one in the draft stays when this is not given; empty for none.'),
      }),
      positionals: ['hostName'],
      section: deviceSettings,
      change(draft, { hostName, domain = draft.domain }) {
        const changed = `host name ${domain === '' ? hostName : `${hostName}.${domain}`}`;
        return { settings: { ...draft, hostName, domain }, changed };
      },
    }),
    ...powerActions(power),
  ];
}

function powerActions(power: Power): readonly AnyAction[] {
  const presentAs = (what: string) => (output: z.output<typeof powerOutput>) =>
    ({ kind: 'text', text: `The device ${what} at ${new Date(output.at).toISOString()}.`, tone: 'pending' }) as const;
  return [
    defineAction({
      kind: 'call',
      id: 'device.reboot',
      summary: 'Restart the device.',
      role: 'operator',
      input: powerInput,
      output: powerOutput,
      confirmation: 'Restart the device? Everything it does is interrupted until it is up again.',
      present: presentAs('restarts'),
      run: async (input, { caller }) => ({ at: await power.reboot(caller, input) }),
    }),
    defineAction({
      kind: 'call',
      id: 'device.shutdown',
      summary: 'Switch the device off.',
      role: 'operator',
      input: powerInput,
      output: powerOutput,
      confirmation:
        'Switch the device off? Somebody must switch it on again at the device or its management controller.',
      present: presentAs('switches off'),
      run: async (input, { caller }) => ({ at: await power.shutdown(caller, input) }),
    }),
    defineAction({
      kind: 'call',
      id: 'device.shutdown.cancel',
      summary: 'Call off a scheduled restart or switching off.',
      role: 'operator',
      input: z.strictObject({}),
      output: z.object({}),
      present: () => ({ kind: 'text', text: 'The device stays on.', tone: 'ok' }),
      async run(_input, { caller }) {
        await power.cancel(caller);
        return {};
      },
    }),
    defineAction({
      kind: 'call',
      id: 'device.factory-reset',
      summary: 'Reset the device to factory defaults and restart it.',
      role: 'administrator',
      input: z.strictObject({}),
      output: powerOutput,
      confirmation:
        'Reset to factory defaults and restart? Settings with their history, users, tokens, the audit log, jobs and data of plugins are removed and cannot be brought back. Firmware, extra plugins, sites with their versions, and settings of the hardware scope stay.',
      present: presentAs('was reset and restarts'),
      run: async (_input, { caller }) => ({ at: await power.factoryReset(caller) }),
    }),
  ];
}
