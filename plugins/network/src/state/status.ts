import { type Cell, defineStatus } from '@gemel/core/sdk';
import { z } from 'zod';
import type { Condition, MemberState } from './network-state.js';

// functions and z.lazy: a start makes none of these schemas
const pending = () => z.enum(['', 'new', 'changed', 'removed']).describe('What the draft would do to it');

const common = () => ({
  name: z.string().describe('Name in the settings'),
  condition: z
    .enum(['ok', 'degraded', 'configuring', 'no-carrier', 'down', 'failed', 'missing', 'unconfigured'])
    .describe('How it does, judged by what the settings ask for'),
  link: z.string().nullable().describe('Kernel name; null when it is missing'),
  hardwareAddress: z.string().nullable().describe('The one in use; null when it is missing'),
  mtu: z.number().nullable().describe('Largest packet in bytes; null when it is missing'),
  addresses: z.array(z.string()).readonly().describe('With prefix length'),
  setup: z.string().describe('What systemd-networkd says'),
  pending: pending(),
});

export const linksSchema = z.lazy(() =>
  z.object({
    links: z
      .array(
        z.object({
          ...common(),
          speed: z.number().nullable().describe('Mbit/s'),
          bond: z.string().nullable().describe('The bond it is a member of'),
        }),
      )
      .readonly()
      .describe('Every NIC, and what the settings name and is missing'),
  }),
);

export const bondsSchema = z.lazy(() =>
  z.object({
    bonds: z
      .array(
        z.object({
          ...common(),
          mode: z.string().describe('How the members work together'),
          speed: z.number().nullable().describe('Mbit/s'),
          active: z.string().nullable().describe('The member in use, in modes with one'),
          members: z
            .array(
              z.object({
                name: z.string().describe('Name of the NIC'),
                state: z
                  .enum(['active', 'standby', 'down', 'missing', 'not-joined'])
                  .describe('What it does in the bond'),
                speed: z.number().nullable().describe('Mbit/s'),
                failures: z.number().describe('How often it was lost since the bond was made'),
                hardwareAddress: z.string().nullable().describe('Its permanent one'),
              }),
            )
            .readonly()
            .describe('In the order of the settings'),
          lacpPartner: z.string().nullable().describe('Hardware address of the switch'),
        }),
      )
      .readonly()
      .describe('Every bond'),
  }),
);

export const vlansSchema = z.lazy(() =>
  z.object({
    vlans: z
      .array(
        z.object({
          ...common(),
          parent: z.string().describe('NIC or bond that carries it'),
          id: z.number().describe('VLAN id'),
        }),
      )
      .readonly()
      .describe('Every VLAN'),
  }),
);

export const routesSchema = z.lazy(() =>
  z.object({
    routes: z
      .array(
        z.object({
          family: z.union([z.literal(4), z.literal(6)]).describe('IPv4 or IPv6'),
          destination: z.string().describe('Network with prefix length, or default'),
          gateway: z.string().nullable().describe('Null when it is reached directly'),
          interface: z.string().nullable().describe('Where it leaves'),
          metric: z.number().nullable().describe('The lowest is preferred'),
          protocol: z.string().describe('Who made it: static, dhcp, ra, kernel, …'),
          configured: z.boolean().describe('Entered in the settings'),
          present: z.boolean().nullable().describe('In the kernel; null when the kernel cannot be asked'),
          pending: pending(),
        }),
      )
      .readonly()
      .describe('What the settings name and what the kernel has'),
  }),
);

const tones = {
  ok: 'ok',
  degraded: 'warn',
  configuring: 'pending',
  'no-carrier': 'warn',
  down: 'bad',
  failed: 'bad',
  missing: 'bad',
  unconfigured: 'muted',
} as const satisfies Record<Condition, Cell['tone']>;

const memberTones = {
  active: 'ok',
  standby: 'plain',
  down: 'bad',
  missing: 'bad',
  'not-joined': 'warn',
} as const satisfies Record<MemberState['state'], Cell['tone']>;

const pendingCell = (mark: string): Cell | string => (mark === '' ? '' : { text: mark, tone: 'pending' });
const conditionCell = (of: Condition): Cell => ({ text: of === 'ok' ? 'OK' : of, tone: tones[of] });
const speedText = (speed: number | null) =>
  speed === null ? '-' : speed >= 1000 ? `${speed / 1000} Gbit/s` : `${speed} Mbit/s`;
const listText = (texts: readonly string[]) => (texts.length === 0 ? '-' : texts.join(', '));

function presentCell(present: boolean | null, isNew: boolean): Cell | string {
  if (present === null) return '-';
  return present ? { text: 'OK', tone: 'ok' } : { text: 'missing', tone: isNew ? 'pending' : 'bad' };
}

export const linksStatus = defineStatus<z.infer<typeof linksSchema>>({
  id: 'network.links',
  title: 'Network interfaces',
  schema: linksSchema,
  present: ({ links }) => ({
    kind: 'table',
    columns: ['NIC', 'State', 'Speed', 'MTU', 'Addresses', 'Bond', 'Hardware address', 'Pending'],
    rows: links.map((link) => [
      link.link === null || link.link === link.name ? link.name : `${link.name} (now ${link.link})`,
      conditionCell(link.condition),
      speedText(link.speed),
      link.mtu === null ? '-' : String(link.mtu),
      listText(link.addresses),
      link.bond ?? '-',
      link.hardwareAddress ?? '-',
      pendingCell(link.pending),
    ]),
    empty: 'No network interfaces.',
  }),
  overview: ({ links }) => {
    const configured = links.filter((link) => link.condition !== 'unconfigured');
    const wrong = configured.filter((link) => link.condition !== 'ok');
    if (configured.length === 0) return [['Network interfaces', { text: 'none is configured', tone: 'warn' }]];
    const text =
      wrong.length === 0
        ? 'OK'
        : wrong
            .slice(0, 4)
            .map((link) => `${link.name} ${link.condition}`)
            .join(', ');
    const worst = wrong.some((link) => tones[link.condition] === 'bad') ? 'bad' : 'warn';
    return [['Network interfaces', { text, tone: wrong.length === 0 ? 'ok' : worst }]];
  },
});

export const bondsStatus = defineStatus<z.infer<typeof bondsSchema>>({
  id: 'network.bonds',
  title: 'Bonds',
  schema: bondsSchema,
  present: ({ bonds }) => ({
    kind: 'group',
    views: [
      {
        kind: 'table',
        columns: ['Bond', 'State', 'Mode', 'Speed', 'MTU', 'Addresses', 'LACP partner', 'Pending'],
        rows: bonds.map((bond) => [
          bond.name,
          conditionCell(bond.condition),
          bond.mode,
          speedText(bond.speed),
          bond.mtu === null ? '-' : String(bond.mtu),
          listText(bond.addresses),
          bond.lacpPartner ?? '-',
          pendingCell(bond.pending),
        ]),
        empty: 'No bonds. Create one with: gemel network bond create',
      },
      ...(bonds.length === 0
        ? []
        : [
            {
              kind: 'table' as const,
              columns: ['Bond', 'Member', 'State', 'Speed', 'Failures', 'Hardware address'],
              rows: bonds.flatMap((bond) =>
                bond.members.map((member) => [
                  bond.name,
                  member.name,
                  { text: member.state, tone: memberTones[member.state] },
                  speedText(member.speed),
                  String(member.failures),
                  member.hardwareAddress ?? '-',
                ]),
              ),
            },
          ]),
    ],
  }),
  overview: ({ bonds }) =>
    bonds
      .filter((bond) => bond.pending !== 'new')
      .map((bond) => {
        const working = bond.members.filter(({ state }) => state === 'active' || state === 'standby').length;
        const of = `${working} of ${bond.members.length} members`;
        return [
          bond.name,
          {
            text: `${bond.condition === 'ok' ? 'OK' : bond.condition}, ${bond.mode}, ${of}`,
            tone: tones[bond.condition],
          },
        ] as const;
      }),
});

export const vlansStatus = defineStatus<z.infer<typeof vlansSchema>>({
  id: 'network.vlans',
  title: 'VLANs',
  schema: vlansSchema,
  present: ({ vlans }) => ({
    kind: 'table',
    columns: ['VLAN', 'State', 'Parent', 'Id', 'MTU', 'Addresses', 'Pending'],
    rows: vlans.map((vlan) => [
      vlan.name,
      conditionCell(vlan.condition),
      vlan.parent,
      String(vlan.id),
      vlan.mtu === null ? '-' : String(vlan.mtu),
      listText(vlan.addresses),
      pendingCell(vlan.pending),
    ]),
    empty: 'No VLANs. Create one with: gemel network vlan create',
  }),
});

export const routesStatus = defineStatus<z.infer<typeof routesSchema>>({
  id: 'network.routes',
  title: 'Routes',
  schema: routesSchema,
  present: ({ routes }) => ({
    kind: 'table',
    columns: ['Destination', 'Gateway', 'Interface', 'Metric', 'From', 'State', 'Pending'],
    rows: routes.map((route) => [
      route.destination,
      route.gateway ?? '-',
      route.interface ?? '-',
      route.metric === null ? '-' : String(route.metric),
      route.configured ? 'settings' : route.protocol,
      presentCell(route.present, route.pending === 'new'),
      pendingCell(route.pending),
    ]),
    empty: 'No routes.',
  }),
});
