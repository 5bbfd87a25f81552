import { type AnyAction, defineAction, type JobCall } from '@gemel/core/sdk';
import { z } from 'zod';
import type { RaidOrders } from './raid-orders.js';
import { presentRaid, type RaidStatus, raidStatus } from './raid-status.js';

const arrayInput = z
  .string()
  .regex(/^md\d{1,3}$/, 'must be the name of an array')
  .optional()
  .describe('Name of the array; not needed when there is only one.')
  .meta({ examples: ['md127'] });
const diskInput = z
  .string()
  .regex(/^[a-z][a-z0-9]{1,30}$/, 'must be the name of a disk')
  .describe('Name of the disk.')
  .meta({ examples: ['sdb'] });
const overwriteInput = z.boolean().default(false).describe('Also when the disk carries data, which are lost then.');

/** `gemel hardware raid …`. */
export function raidActions(orders: RaidOrders, look: () => Promise<RaidStatus>): readonly AnyAction[] {
  const output = raidStatus.schema;
  const following = ({ signal, progress }: JobCall) => ({ signal, progress });
  const check = (action: 'check' | 'repair', summary: string) =>
    defineAction({
      kind: 'job',
      id: `hardware.raid.${action}`,
      summary,
      role: 'operator',
      input: z.strictObject({ array: arrayInput }),
      output,
      positionals: ['array'],
      present: presentRaid,
      async run({ array }, call) {
        await orders.check(await orders.array(array), action, following(call));
        return await look();
      },
    });
  return [
    defineAction({
      kind: 'call',
      id: 'hardware.raid.show',
      summary: 'Show the RAID and its disks.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output,
      present: presentRaid,
      run: look,
    }),
    check('check', 'Read all of the RAID and count what differs between its disks. Services go on.'),
    check('repair', 'Read all of the RAID and make its disks the same again. Services go on.'),
    defineAction({
      kind: 'call',
      id: 'hardware.raid.disk.remove',
      summary: 'Take a disk out of the RAID, so that it can be pulled out.',
      role: 'administrator',
      timeoutMs: 60_000,
      input: z.strictObject({ disk: diskInput }),
      output,
      positionals: ['disk'],
      confirmation:
        'Take {disk} out of the RAID? Until another disk is added the next failure would lose the data here.',
      present: presentRaid,
      async run({ disk }) {
        await orders.remove(disk);
        return await look();
      },
    }),
    defineAction({
      kind: 'job',
      id: 'hardware.raid.disk.add',
      summary: 'Add a disk to the RAID in place of one that was lost, and rebuild.',
      role: 'administrator',
      input: z.strictObject({ disk: diskInput, array: arrayInput, overwrite: overwriteInput }),
      output,
      positionals: ['disk'],
      confirmation: 'Add {disk} to the RAID? Whatever it carries is lost.',
      present: presentRaid,
      async run({ disk, array, overwrite }, call) {
        await orders.add(await orders.array(array), disk, overwrite, following(call));
        return await look();
      },
    }),
    defineAction({
      kind: 'job',
      id: 'hardware.raid.disk.replace',
      summary: 'Put a new disk in the place of another one, which stays in use until the new one has everything.',
      role: 'administrator',
      input: z.strictObject({
        disk: diskInput.describe('The disk that leaves the RAID.'),
        by: diskInput.describe('The new disk.'),
        overwrite: overwriteInput,
      }),
      output,
      positionals: ['disk', 'by'],
      confirmation: 'Put {by} in the place of {disk}? Whatever {by} carries is lost.',
      present: presentRaid,
      async run({ disk, by, overwrite }, call) {
        await orders.replace(disk, by, overwrite, following(call));
        return await look();
      },
    }),
  ];
}
