import {
  type AnyAction,
  type CellLike,
  defineAction,
  defineDraftAction,
  type SettingsAccess,
  type View,
} from '@gemel/core/sdk';
import { z } from 'zod';
import { hardwareSettings } from '../contract.js';
import { reportSchema } from '../report-schema.js';
import { controllerSchema } from './controller.js';
import type { Management, ManagementView } from './management.js';
import { managementFields } from './schema.js';

const entered = z.strictObject(managementFields).partial();

const shown = z.object({
  state: z
    .enum(['none', 'silent', 'off', 'on', 'differs'])
    .describe('`none`: no controller, as in virtual appliances. `differs`: it has something else than the settings.'),
  controller: controllerSchema.nullable().describe('What it has itself; null when it does not say.'),
  reports: z.array(reportSchema).describe('What an operator should know.'),
});

/** `gemel hardware management …`. */
export function managementActions(settings: SettingsAccess, management: Management): readonly AnyAction[] {
  const wanted = () => settings.confirmed(hardwareSettings).management;
  const view = async (signal: AbortSignal) => {
    const { reports, ...rest } = await management.view(wanted(), signal);
    return { ...rest, reports: [...reports] };
  };
  return [
    defineAction({
      kind: 'call',
      id: 'hardware.management.show',
      summary: 'Ask the management controller what it has, and compare it with the settings.',
      role: 'viewer',
      audited: false,
      timeoutMs: 60_000,
      input: z.strictObject({}),
      output: shown,
      present,
      run: (_input, { signal }) => view(signal),
    }),
    defineDraftAction(settings, {
      id: 'hardware.management.set',
      summary: 'Put settings of the management controller into the draft. What is not given stays.',
      role: 'administrator',
      input: entered,
      section: hardwareSettings,
      change: ({ management: draft, ...rest }, given) => ({
        settings: {
          ...rest,
          management: {
            enabled: given.enabled ?? draft.enabled,
            address: given.address ?? draft.address,
            netmask: given.netmask ?? draft.netmask,
            gateway: given.gateway ?? draft.gateway,
            user: given.user ?? draft.user,
            password: given.password ?? draft.password,
          },
        },
        changed: `management controller: ${Object.keys(given).join(', ') || 'nothing'}`,
      }),
    }),
    defineAction({
      kind: 'call',
      id: 'hardware.management.apply',
      summary: 'Tell the management controller the confirmed settings once more.',
      role: 'administrator',
      timeoutMs: 120_000,
      input: z.strictObject({}),
      output: shown,
      present,
      async run(_input, { signal }) {
        await management.apply(wanted(), signal);
        return await view(signal);
      },
    }),
  ];
}

const states: Readonly<Record<ManagementView['state'], CellLike>> = {
  none: { text: 'this device has none', tone: 'muted' },
  silent: { text: 'does not answer', tone: 'bad' },
  off: { text: 'off', tone: 'muted' },
  on: { text: 'on, as the settings say', tone: 'ok' },
  differs: { text: 'differs from the settings', tone: 'warn' },
};

function present({ state, controller, reports }: z.output<typeof shown>): View {
  const fields: [string, CellLike][] = [['Management controller', states[state]]];
  if (controller !== null) {
    const users = controller.users.filter(({ enabled }) => enabled).map(({ name }) => name);
    fields.push(
      ['Address', `${controller.address}${controller.static ? '' : ' (DHCP)'}`],
      ['Netmask', controller.netmask],
      ['Gateway', controller.gateway],
      ['Users', users.join(', ') || 'none'],
    );
  }
  const told = reports.map(({ text }): View => ({ kind: 'text', text, tone: 'warn' }));
  return { kind: 'group', views: [{ kind: 'fields', fields }, ...told] };
}
