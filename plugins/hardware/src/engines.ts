import type { SystemAccess } from '@gemel/core/sdk';
import { Management } from './management/management.js';
import type { OwnUsers } from './management/own-users.js';
import { RaidOrders } from './raid/raid-orders.js';
import { Disks } from './system/disks.js';
import { Ipmitool } from './system/ipmitool.js';
import type { MdArrays } from './system/md-arrays.js';
import { Mdadm } from './system/mdadm.js';
import { Smartctl } from './system/smartctl.js';

/** What gives orders to the hardware. Loaded when somebody first does. */
export function openEngines({ commands, files, clock }: SystemAccess, arrays: MdArrays, own: OwnUsers) {
  const disks = new Disks(files);
  const ipmitool = new Ipmitool(commands, files);
  return {
    disks,
    ipmitool,
    smartctl: new Smartctl(commands),
    management: new Management(ipmitool, own),
    orders: new RaidOrders({ arrays, disks, mdadm: new Mdadm(commands), clock }),
  };
}
export type Engines = ReturnType<typeof openEngines>;
