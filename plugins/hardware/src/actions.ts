import { type AnyAction, type CommandRunner, defineAction, type SettingsAccess } from '@gemel/core/sdk';
import { z } from 'zod';
import { diskActions } from './disks/disk-actions.js';
import type { Engines } from './engines.js';
import type { HardwareServiceImpl } from './hardware-service.js';
import { hardwareProfile, presentHardware } from './inventory/hardware-status.js';
import { locateActions } from './locate/locate-actions.js';
import { managementActions } from './management/management-actions.js';
import { profileSchema } from './profiles/profile.js';
import { raidActions } from './raid/raid-actions.js';
import type { RaidWatch } from './raid/raid-watch.js';
import { sensorActions } from './sensors/sensor-actions.js';

interface ActionParts {
  readonly hardware: HardwareServiceImpl;
  readonly settings: SettingsAccess;
  readonly raid: RaidWatch;
  readonly commands: CommandRunner;
  readonly engines: Engines;
}

/** `gemel hardware …`. */
export function hardwareActions({ hardware, settings, raid, commands, engines }: ActionParts): readonly AnyAction[] {
  return [
    ...inventoryActions(hardware),
    ...raidActions(engines.orders, () => raid.look()),
    ...diskActions(engines.disks, engines.smartctl),
    ...sensorActions(engines.ipmitool),
    ...managementActions(settings, engines.management),
    ...locateActions(engines.ipmitool, commands),
  ];
}

function inventoryActions(hardware: HardwareServiceImpl): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'hardware.show',
      summary: 'Show what this machine is made of and the profile that fits it.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: hardwareProfile.schema,
      present: presentHardware,
      run: () => hardware.status(),
    }),
    defineAction({
      kind: 'call',
      id: 'hardware.profiles.list',
      summary: 'List the hardware profiles, built-in and from the data folder.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: z.object({
        profiles: z.array(profileSchema).describe('Built-in and added ones.'),
        problems: z.array(z.string()).describe('Files that hold no profile, with the reason.'),
      }),
      present: ({ profiles, problems }) => ({
        kind: 'group',
        views: [
          {
            kind: 'table',
            columns: ['Profile', 'Title', 'Kind', 'Processors', 'Memory', 'Disk', 'Interfaces', 'RAID'],
            rows: profiles.map(({ id, title, kind, expectations }) => [
              id,
              title,
              kind,
              String(expectations.cpus),
              `${expectations.memoryGiB} GiB`,
              `${expectations.diskGiB} GiB`,
              String(expectations.nics.length),
              expectations.raid?.level ?? '-',
            ]),
          },
          ...(problems.length === 0 ? [] : [{ kind: 'text', text: problems.join('\n'), tone: 'warn' } as const]),
        ],
      }),
      async run() {
        const { profiles, reports } = await hardware.profiles();
        return { profiles: [...profiles], problems: reports.map(({ text }) => text) };
      },
    }),
  ];
}
