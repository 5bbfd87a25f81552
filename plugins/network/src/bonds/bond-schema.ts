import { z } from 'zod';
import { addressText, interfaceFields } from '../addresses/addressing-schema.js';
import { hardwareAddress, interfaceName } from '../links/link-schema.js';
import { bondModes } from './bond-modes.js';

/** A day; longer delays are mistakes, and the kernel counts in milliseconds of 31 bits. */
const longestMs = 86_400_000;
const milliseconds = z.int().min(0).max(longestMs);

const arpMonitor = () =>
  z.strictObject({
    intervalMs: z
      .int()
      .min(1)
      .max(longestMs)
      .describe('Time between ARP requests, milliseconds')
      .meta({ examples: [1000] }),
    targets: z.array(addressText).min(1).max(16).describe('IPv4 addresses that are asked; 1 to 16'),
    validate: z
      .enum(['none', 'active', 'backup', 'all', 'filter', 'filter-active', 'filter-backup'])
      .optional()
      .describe('Which members must see proper ARP answers. Default: none'),
    allTargets: z
      .enum(['any', 'all'])
      .optional()
      .describe(
        'Whether one answering target is enough (any) or all must answer. For validate in mode active-backup. Default: any',
      ),
    missedMax: z.int().min(1).max(255).optional().describe('Missed answers after which a member is down. Default: 2'),
  });

/** Made when there is a bond, or one is asked for: they are the most of the schemas of a start. */
export const bondFields = () => ({
  mode: z.enum(bondModes).describe('How the members work together; see gemel network bond modes'),
  members: z
    .array(interfaceName)
    .max(64)
    .describe('NICs of the bond')
    .meta({ examples: [['enp1s0', 'enp2s0']] }),
  purpose: z
    .enum(['external', 'sync'])
    .optional()
    .describe('What a cluster uses the bond for, so that unfit modes are warned of. Default: nothing in particular'),
  hardwareAddress: hardwareAddress.optional().describe("Hardware address of the bond. Default: its first member's"),
  miiMonitorMs: milliseconds
    .optional()
    .describe('How often the carrier of each member is looked at, milliseconds. Default: 100, without ARP monitor'),
  upDelayMs: milliseconds
    .optional()
    .describe('Wait before a member with carrier is used; a multiple of miiMonitorMs. Default: 0'),
  downDelayMs: milliseconds
    .optional()
    .describe('Wait before a member without carrier is given up; a multiple of miiMonitorMs. Default: 0'),
  arpMonitor: arpMonitor().optional().describe('Watches the path by ARP requests instead of the carrier'),
  lacpRate: z
    .enum(['slow', 'fast'])
    .optional()
    .describe('LACP packets every 30 s (slow) or every second (fast). Default: slow'),
  transmitHashPolicy: z
    .enum(['layer2', 'layer2+3', 'layer3+4', 'encap2+3', 'encap3+4', 'vlan+srcmac'])
    .optional()
    .describe('What selects the member for a connection. Default: layer2'),
  primary: interfaceName.optional().describe('Member that is preferred'),
  primaryReselect: z
    .enum(['always', 'better', 'failure'])
    .optional()
    .describe(
      'When the primary takes over again: always, if faster (better), only if the active member fails (failure). Default: always',
    ),
  minLinks: z
    .int()
    .min(0)
    .max(64)
    .optional()
    .describe('Members that must work before the bond has carrier. Default: 0'),
  failOverMac: z
    .enum(['none', 'active', 'follow'])
    .optional()
    .describe('Whether the hardware address moves with the active member. Default: none'),
  adSelect: z
    .enum(['stable', 'bandwidth', 'count'])
    .optional()
    .describe('Which LACP aggregate is chosen. Default: stable'),
  adActorSystemPriority: z.int().min(1).max(65535).optional().describe('LACP system priority. Default: 65535'),
  adActorSystem: hardwareAddress.optional().describe("LACP system address. Default: the bond's hardware address"),
  adUserPortKey: z.int().min(0).max(1023).optional().describe('Upper bits of the LACP port key. Default: 0'),
  packetsPerMember: z
    .int()
    .min(0)
    .max(65535)
    .optional()
    .describe('Packets per member before the next; 0 chooses at random. Default: 1'),
  gratuitousArp: z.int().min(0).max(255).optional().describe('Announcements after a failover. Default: 1'),
  peerNotifyDelayMs: milliseconds
    .optional()
    .describe('Time between announcements, milliseconds; a multiple of miiMonitorMs. Default: 0'),
  allMembersActive: z
    .boolean()
    .optional()
    .describe('Accept packets that arrive on members that stand by. Default: false'),
  resendIgmp: z.int().min(0).max(255).optional().describe('Multicast membership reports after a failover. Default: 1'),
  learnPacketIntervalSec: z
    .int()
    .min(1)
    .max(2147483647)
    .optional()
    .describe('Seconds between learning packets to the switch. Default: 1'),
  dynamicTransmitLoadBalancing: z
    .boolean()
    .optional()
    .describe('Spread by load (true) or by hash only (false). Default: true'),
});

export const bondSchema = z.lazy(() => z.strictObject({ ...bondFields(), ...interfaceFields }));

export type BondSettings = z.infer<typeof bondSchema>;
