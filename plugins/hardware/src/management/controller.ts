import { z } from 'zod';
import type { ManagementSettings } from './schema.js';

/** The network channel; IPMI 2.0, table 6-1, leaves the number to the maker, and 1 is what boards have. */
const channel = 1;
/** Slot 1 is the anonymous user, slot 2 the maker's own administrator. Some controllers have 63, and take their time for each: first these. */
const firstSlots = [2, 3, 4, 5, 6];
export const lastFirstSlot = 6;
const slotsAtOnce = 8;
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
    .describe(
      'Users with a name, of those that were looked at: further ones only while one that matters was not found.',
    ),
  slots: z.number().describe('How many users it can have.'),
  accessible: z.boolean().describe('Whether it takes part in its network.'),
});
export type Controller = z.output<typeof controllerSchema>;

/** What `readScript` makes ipmitool say. Pure. Undefined when it said none of it. */
export function parseController(text: string): Controller | undefined {
  const field = (name: string) => new RegExp(`^${name} +: (.*)$`, 'm').exec(text)?.[1]?.trim();
  const address = field('IP Address');
  if (address === undefined) return undefined;
  return {
    address,
    netmask: field('Subnet Mask') ?? '',
    gateway: field('Default Gateway IP') ?? '',
    static: field('IP Address Source') === 'Static Address',
    users: parseUsers(text),
    slots: Number(field('Maximum User IDs') ?? lastFirstSlot),
    accessible: !/Access Mode +: disabled/.test(text),
  };
}

/** Of one `channel getaccess` after the other. */
function parseUsers(text: string): Controller['users'] {
  return text
    .split(/^(?=User ID +: )/m)
    .filter((part) => part.startsWith('User ID'))
    .map(parseUser)
    .filter(({ name }) => name !== '');
}

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
export const readScript = [`lan print ${channel}`, `channel info ${channel}`, ...readUsers(firstSlots)];

function readUsers(slots: readonly number[]): readonly string[] {
  return slots.map((slot) => `channel getaccess ${channel} ${slot}`);
}

/**
 * Reads the next users, where one of these names was not found yet; else empty. Pure.
 * @param last Slot that was read last.
 */
export function readMoreScript(
  { users, slots }: Controller,
  names: readonly string[],
  last: number,
): readonly string[] {
  const isKnown = (name: string) => name === '' || users.some((user) => user.name === name);
  if (names.every(isKnown)) return [];
  const count = Math.min(slotsAtOnce, Math.max(0, slots - last));
  return readUsers(Array.from({ length: count }, (_, index) => last + 1 + index));
}

/** With what `readMoreScript` made ipmitool say. Pure. */
export function withMoreUsers(controller: Controller, text: string): Controller {
  return { ...controller, users: [...controller.users, ...parseUsers(text)] };
}

/**
 * Where the user is or shall be: its own slot, that of a former name of it, a free one. Undefined when all are taken. Pure.
 * @param former Names that Gemel gave before.
 */
export function chooseSlot({ users, slots }: Controller, user: string, former: readonly string[]): number | undefined {
  const own = users.find(({ name }) => name === user) ?? users.find(isFormer(former));
  if (own !== undefined && (own.name === user || own.slot >= firstFreeSlot)) return own.slot;
  for (let slot = firstFreeSlot; slot <= slots; slot++) if (!users.some((each) => each.slot === slot)) return slot;
  return undefined;
}

function isFormer(former: readonly string[]): (user: Controller['users'][number]) => boolean {
  return ({ name }) => former.includes(name);
}

/** Gives the user its password, and asks whether it has it. Pure. */
export function passwordScript({ user, password }: ManagementSettings, slot: number): readonly string[] {
  const bytes = password.length > usualPasswordBytes ? 20 : usualPasswordBytes;
  return [
    `user set name ${slot} ${user}`,
    `user set password ${slot} "${password}"${bytes === usualPasswordBytes ? '' : ` ${bytes}`}`,
    `user test ${slot} ${bytes} "${password}"`,
  ];
}

/** Of what ipmitool said to `passwordScript`: undefined when the user has the password, else why not. Pure. */
export function passwordVerdict(text: string): string | undefined {
  const verdict = /^(Success|Failure: .*|Unknown error)$/m.exec(text)?.[1]?.trim();
  if (verdict === 'Success') return undefined;
  return verdict === undefined ? 'it did not say whether it has it' : verdict.replace(/^Failure: /, '');
}

/** Lets the user in, who has its password already, and nobody by a former name. Pure. Users that others made are left alone. */
export function accessScript(
  { address, netmask, gateway }: ManagementSettings,
  now: Controller,
  slot: number,
  former: readonly string[],
): readonly string[] {
  return [
    ...disableFormer(now, former, slot),
    `lan set ${channel} ipsrc static`,
    `lan set ${channel} ipaddr ${address}`,
    `lan set ${channel} netmask ${netmask}`,
    `lan set ${channel} defgw ipaddr ${gateway === '' ? '0.0.0.0' : gateway}`,
    `channel setaccess ${channel} ${slot} callin=on ipmi=on link=on privilege=${administrator}`,
    `user enable ${slot}`,
    `lan set ${channel} access on`,
    saySomething,
  ];
}

/** Takes the user and the access. Pure. */
export function offScript({ user }: ManagementSettings, now: Controller, former: readonly string[]): readonly string[] {
  const known = now.users.find(({ name }) => name === user && name !== '');
  const disable = known === undefined ? [] : [`user disable ${known.slot}`];
  return [...disableFormer(now, former), ...disable, `lan set ${channel} access off`, saySomething];
}

/** Also the messaging, which can be read back: some controllers do not say whether a user is enabled. */
function disableFormer(now: Controller, former: readonly string[], except?: number): readonly string[] {
  return now.users
    .filter(isFormer(former))
    .filter(({ slot }) => slot !== except)
    .flatMap(({ slot }) => [`channel setaccess ${channel} ${slot} ipmi=off`, `user disable ${slot}`]);
}

/** What changes something mostly says nothing, and then an answer could not be told from none. */
const saySomething = `channel info ${channel}`;

export interface Difference {
  /** `address` */
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
}

/**
 * Where the controller has something else. Pure. The password cannot be read back.
 * @param former Names that Gemel gave before, and whose users are not to get in.
 */
export function differences(
  settings: ManagementSettings,
  now: Controller,
  former: readonly string[] = [],
): readonly Difference[] {
  const { enabled, address, netmask, gateway, user } = settings;
  const mine = now.users.find(({ name }) => name === user && name !== '');
  const reachable = now.accessible && mine?.enabled === true;
  const left = now.users
    .filter((each) => each.enabled && former.includes(each.name))
    .map(({ name }) => ({ what: `user ${name}`, found: 'enabled', wanted: 'disabled' }));
  if (!enabled) return reachable ? [{ what: 'access over the network', found: 'on', wanted: 'off' }, ...left] : left;
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
    ...left,
  ];
  return compared.filter(({ found, wanted }) => found !== wanted);
}
