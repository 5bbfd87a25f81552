import { type CellLike, defineStatus, type View } from '@gemel/core/sdk';
import { z } from 'zod';

const identitySchema = z.lazy(() =>
  z.object({
    hostName: z.string().describe('With domain.'),
    version: z.string().describe('Of Gemel.'),
    operatingSystem: z.string().describe('Its name and version.'),
    host: z.enum(['appliance', 'sandbox', 'scripted']).describe('`sandbox`: a model, no real appliance.'),
    bootId: z.string().nullable().describe('Another one after each boot.'),
    uptimeMinutes: z.number().nullable().describe('Since the boot.'),
    maintenance: z.boolean().describe('gemel-maintenance.target is reached.'),
    shutdown: z
      .object({
        kind: z.enum(['reboot', 'poweroff']).describe('What will happen.'),
        at: z.number().describe('Wall clock, milliseconds since 1970.'),
      })
      .nullable()
      .describe('What is scheduled.'),
    location: z.string().describe('Where the device stands.'),
    contact: z.string().describe('Who looks after it.'),
  }),
);
export type DeviceIdentity = z.output<typeof identitySchema>;

export const deviceIdentity = defineStatus<DeviceIdentity>({
  id: 'device.identity',
  title: 'Device',
  schema: identitySchema,
  present: presentIdentity,
  overview: (identity) => {
    const uptime = identity.uptimeMinutes === null ? '' : `, up ${formatMinutes(identity.uptimeMinutes)}`;
    const host = identity.host === 'appliance' ? '' : ` (${identity.host})`;
    const device = { text: `${identity.hostName}${host}, Gemel ${identity.version}${uptime}` };
    const lines: [string, { text: string; tone?: 'warn' | 'pending' }][] = [['Device', device]];
    if (identity.maintenance) lines.push(['Maintenance', { text: 'on', tone: 'warn' }]);
    if (identity.shutdown !== null)
      lines.push(['Scheduled', { text: shutdownText(identity.shutdown), tone: 'pending' }]);
    return lines;
  },
});

export function presentIdentity(identity: DeviceIdentity): View {
  const fields: [string, CellLike][] = [
    ['Host name', identity.hostName],
    ['Gemel', identity.version],
    ['System', identity.operatingSystem],
    ['Host', identity.host],
    ['Up', identity.uptimeMinutes === null ? '-' : formatMinutes(identity.uptimeMinutes)],
    ['Boot', identity.bootId ?? '-'],
    ['Maintenance', identity.maintenance ? { text: 'on', tone: 'warn' } : 'off'],
  ];
  if (identity.shutdown !== null)
    fields.push(['Scheduled', { text: shutdownText(identity.shutdown), tone: 'pending' }]);
  if (identity.location !== '') fields.push(['Location', identity.location]);
  if (identity.contact !== '') fields.push(['Contact', identity.contact]);
  return { kind: 'fields', fields };
}

function shutdownText({ kind, at }: NonNullable<DeviceIdentity['shutdown']>): string {
  return `${kind === 'reboot' ? 'restart' : 'switch off'} at ${new Date(at).toISOString()}`;
}

/** The two largest units that matter: `3 days 4 h`, `4 h 5 min`, `5 min`. */
export function formatMinutes(minutes: number): string {
  const days = Math.floor(minutes / 1_440);
  const hours = Math.floor((minutes % 1_440) / 60);
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'} ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
