import { z } from 'zod';
import type { ManagementSettings } from './schema.js';

/** The network channel; IPMI 2.0, table 6-1, leaves the number to the maker, and 1 is what boards have. */
const channel = 1;
/** Slot 1 is the anonymous user, slot 2 the maker's own administrator. Some controllers have 63, and take their time for each. */
const slots = [2, 3, 4, 5, 6];
const firstFreeSlot = 3;
const administrator = 4;
/** IPMI 1.5; ipmitool refuses a longer one unless it is told to use the 20 bytes of IPMI 2.0. */
const usualPasswordBytes = 16;

export const controllerSchema = z.object({
  address: z.string().describe('IPv4 address.'),
  netmask: z.string().describe('Netmask.'),
  gateway: z.string().describe('Gateway; 0.0.0.0 for none.'),
  static: z.boolean().describe('The address was entered, not given by DHCP.'),
  users: z
    .array(
      z.object({
        slot: z.number().describe('Number of the user.'),
        name: z.string().describe('Name of the user.'),
        enabled: z.boolean().describe('May sign in over the network.'),
        privilege: z.string().describe('ADMINISTRATOR, OPERATOR, …'),
      }),
    )
    .describe('Users with a name.'),
  accessible: z.boolean().describe('Whether it takes part in its network.'),
});
export type Controller = z.output<typeof controllerSchema>;

/** What `readScript` makes ipmitool say. Pure. Undefined when it said none of it. */
export function parseController(text: string): Controller | undefined {
  const field = (name: string) => new RegExp(`^${name} +: (.*)$`, 'm').exec(text)?.[1]?.trim();
  const address = field('IP Address');
  if (address === undefined) return undefined;
  const users = text
    .split(/^(?=User ID +: )/m)
    .slice(1)
    .map(parseUser)
    .filter(({ name }) => name !== '');
  return {
    address,
    netmask: field('Subnet Mask') ?? '',
    gateway: field('Default Gateway IP') ?? '',
    static: field('IP Address Source') === 'Static Address',
    users,
    accessible: !/Access Mode +: disabled/.test(text),
  };
}

/** Of `channel getaccess`. */
function parseUser(text: string): Controller['users'][number] {
  const field = (name: string) => new RegExp(`^${name} +: (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  return {
    slot: Number(field('User ID')),
    name: field('User Name'),
    enabled: field('IPMI Messaging') === 'enabled' && field('Enable Status') !== 'disabled',
    privilege: field('Privilege Level'),
  };
}

/** Lines for `ipmitool shell`. */
export const readScript = [
  `lan print ${channel}`,
  `channel info ${channel}`,
  ...slots.map((slot) => `channel getaccess ${channel} ${slot}`),
];

/**
 * Brings a controller to the settings. Pure. Users that others made are left alone.
 * @param now What it has.
 */
export function writeScript(settings: ManagementSettings, now: Controller): readonly string[] {
  const { enabled, address, netmask, gateway, user, password } = settings;
  const known = now.users.find(({ name }) => name === user && name !== '');
  if (!enabled) {
    const disable = known === undefined ? [] : [`user disable ${known.slot}`];
    return [...disable, `lan set ${channel} access off`];
  }
  const slot = known?.slot ?? freeSlot(now);
  return [
    `lan set ${channel} ipsrc static`,
    `lan set ${channel} ipaddr ${address}`,
    `lan set ${channel} netmask ${netmask}`,
    `lan set ${channel} defgw ipaddr ${gateway === '' ? '0.0.0.0' : gateway}`,
    `user set name ${slot} ${user}`,
    `user set password ${slot} "${password}"${password.length > usualPasswordBytes ? ' 20' : ''}`,
    `channel setaccess ${channel} ${slot} callin=on ipmi=on link=on privilege=${administrator}`,
    `user enable ${slot}`,
    `lan set ${channel} access on`,
  ];
}

/** When all are taken, the last one is taken over. */
function freeSlot({ users }: Controller): number {
  const free = slots.find((slot) => slot >= firstFreeSlot && !users.some((user) => user.slot === slot));
  return free ?? Math.max(...slots);
}

export interface Difference {
  /** `address` */
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
}

/** Where the controller has something else. Pure. The password cannot be read back. */
export function differences(settings: ManagementSettings, now: Controller): readonly Difference[] {
  const { enabled, address, netmask, gateway, user } = settings;
  const mine = now.users.find(({ name }) => name === user && name !== '');
  const reachable = now.accessible && mine?.enabled === true;
  if (!enabled) return reachable ? [{ what: 'access over the network', found: 'on', wanted: 'off' }] : [];
  const compared: Difference[] = [
    { what: 'address', found: now.address, wanted: address },
    { what: 'netmask', found: now.netmask, wanted: netmask },
    { what: 'gateway', found: now.gateway, wanted: gateway === '' ? '0.0.0.0' : gateway },
    { what: 'source of its address', found: now.static ? 'static' : 'DHCP', wanted: 'static' },
    { what: 'access over the network', found: now.accessible ? 'on' : 'off', wanted: 'on' },
    {
      what: `user ${user}`,
      found: mine === undefined ? 'none' : mine.enabled ? 'enabled' : 'disabled',
      wanted: 'enabled',
    },
  ];
  return compared.filter(({ found, wanted }) => found !== wanted);
}
